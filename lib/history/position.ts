import type { LogPosition } from '../core/holds.ts';
import { dayOf, parseIso } from '../core/time/instant.ts';

/** The beginning of every log, and the end of an empty one. */
export const LOG_START: LogPosition = { day: '', bytes: 0 };

const LINK = /^(\d{4}-\d{2}-\d{2}):(0|[1-9]\d{0,14})$/;

/** `2026-11-20:4711`, as it stands in the lines of the log. */
export function formatLink(position: LogPosition): string {
  return `${position.day}:${position.bytes}`;
}

export function parseLink(text: unknown): LogPosition | undefined {
  const found = typeof text === 'string' ? LINK.exec(text) : null;
  return found === null ? undefined : { day: found[1] as string, bytes: Number(found[2]) };
}

/** Days are named so that their order as text is their order in time. */
export function isBefore(a: LogPosition, b: LogPosition): boolean {
  return a.day === b.day ? a.bytes < b.bytes : a.day < b.day;
}

/** True for days of the calendar only: `2026-02-30` is somebody else's file. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseIso(text) : undefined;
  return at !== undefined && dayOf(at) === text;
}
