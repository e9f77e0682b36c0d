import { isIsoInstant, type Ms } from './instant.ts';
import type { Zone } from './zone.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const DAY_MS: Ms = 86_400_000;

/** `Fri 2026-11-20 07:00`, as a clock on the wall of that zone shows it; seconds only where there are some. Where clocks were set back it says so of the hour that comes again. */
export function formatLocal(atMs: Ms, zone: Zone): string {
  const localMs = zone.localMs(atMs);
  const local = new Date(localMs);
  const [day, time] = local.toISOString().split('T') as [string, string];
  return `${DAYS[local.getUTCDay()]} ${day} ${time.slice(0, time.slice(6, 8) === '00' ? 5 : 8)}${zone.instantOf(localMs) < atMs ? ' again' : ''}`;
}

/** `7:00`, `yesterday 7:00`, `2026-11-20 7:00`, or an instant with its offset. undefined: none of these. */
export function parseLocal(text: string, zone: Zone, nowMs: Ms): Ms | undefined {
  if (/\d(?:Z|[+-]\d\d:?\d\d)$/.test(text)) {
    return isIsoInstant(text) ? Date.parse(text) : undefined;
  }
  const found = /^(?:(today|yesterday|tomorrow|\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/i.exec(text.trim());
  const [, day = 'today', hour, minute, second = '0'] = found ?? [];
  if (found === null || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const today = Math.floor(zone.localMs(nowMs) / DAY_MS) * DAY_MS;
  const offset = { today: 0, yesterday: -DAY_MS, tomorrow: DAY_MS }[day.toLowerCase()];
  if (offset === undefined && !isIsoInstant(day)) return undefined;
  const dayMs = offset === undefined ? Date.parse(`${day}T00:00:00Z`) : today + offset;
  return zone.instantOf(dayMs + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000);
}
