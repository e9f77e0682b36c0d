import type { NoticeKind } from './follow-up.ts';
import type { Sink } from './sink.ts';

/** As far as it was said; what was not is taken from bus.yaml, then from the defaults. `none`: no notices. */
export type NotifyPolicy = 'none' | { readonly on?: readonly NoticeKind[]; readonly message?: string; readonly sinks: readonly Sink[] };

/** With every default filled in. */
export interface Notify {
  readonly on: readonly NoticeKind[];
  readonly message: string;
  readonly sinks: readonly Sink[];
}

const DEFAULT_ON: readonly NoticeKind[] = ['failure', 'recovery'];
const DEFAULT_MESSAGE = '{task} {status}: {summary} ({run_id})';

/** Sinks add up; a cadence's own sink of a kind stands in for that of the bus. */
export function mergeNotify(bus: NotifyPolicy | undefined, own: NotifyPolicy | undefined): Notify {
  if (own === 'none') return { on: [], message: '', sinks: [] };
  const base = bus === 'none' || bus === undefined ? undefined : bus;
  const mine = own?.sinks ?? [];
  const inherited = (base?.sinks ?? []).filter(({ kind }) => !mine.some((sink) => sink.kind === kind));
  return { on: own?.on ?? base?.on ?? DEFAULT_ON, message: own?.message ?? base?.message ?? DEFAULT_MESSAGE, sinks: [...mine, ...inherited] };
}
