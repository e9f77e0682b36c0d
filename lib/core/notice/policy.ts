import type { Ms } from '../time/instant.ts';
import type { AlertPolicy } from './alert.ts';
import type { NoticeKind } from './follow-up.ts';
import type { Sink } from './sink.ts';

/** As far as it was said; what was not is taken from bus.yaml, then from the defaults. `none`: no notices. */
export type NotifyPolicy = 'none' | NotifyWords;

export interface NotifyWords {
  readonly on?: readonly NoticeKind[];
  readonly message?: string;
  readonly after?: number;
  readonly cooldownMs?: Ms;
  readonly remindMs?: Ms;
  readonly sinks: readonly Sink[];
  /** What its sinks of the kind `shell` start, by the sink's name: a notice never says what to run. */
  readonly commands?: Readonly<Record<string, SinkCommand>>;
}

/** A command of a cadence, in the one form that a sink has of it. */
export interface SinkCommand {
  readonly kind: 'command';
  readonly argv: readonly string[];
  readonly shell: boolean;
  readonly cwd: string;
  readonly env: { readonly names: readonly string[]; readonly values: Readonly<Record<string, string>> };
  readonly okCodes: readonly number[];
}

/** With every default filled in. */
export interface Notify {
  readonly on: readonly NoticeKind[];
  readonly message: string;
  readonly sinks: readonly Sink[];
}

const DEFAULT_ON: readonly NoticeKind[] = ['failure', 'recovery'];
export const DEFAULT_MESSAGE = '{task} {status}: {summary} ({run_id})';

/** Sinks add up; a cadence's own sink of a kind stands in for that of the bus. */
export function mergeNotify(bus: NotifyPolicy | undefined, own: NotifyPolicy | undefined): Notify {
  if (own === 'none') return { on: [], message: '', sinks: [] };
  const base = bus === 'none' || bus === undefined ? undefined : bus;
  const mine = own?.sinks ?? [];
  const inherited = (base?.sinks ?? []).filter(({ kind }) => !mine.some((sink) => sink.kind === kind));
  return { on: own?.on ?? base?.on ?? DEFAULT_ON, message: own?.message ?? base?.message ?? DEFAULT_MESSAGE, sinks: [...mine, ...inherited] };
}

const DEFAULT_AFTER = 3;
const DEFAULT_COOLDOWN_MS: Ms = 30 * 60_000;
const DEFAULT_REMIND_MS: Ms = 6 * 3_600_000;

/** When failures are told. Who writes `on` and names failure in it means each one; else it takes three in a row. */
export function alertPolicy(bus: NotifyPolicy | undefined, own: NotifyPolicy | undefined): AlertPolicy {
  const base = bus === 'none' || bus === undefined ? undefined : bus;
  const mine = own === 'none' || own === undefined ? undefined : own;
  const { on } = mergeNotify(bus, own);
  const isAsked = (mine?.on ?? base?.on)?.includes('failure') === true;
  return {
    after: mine?.after ?? base?.after ?? (isAsked ? 1 : DEFAULT_AFTER),
    cooldownMs: mine?.cooldownMs ?? base?.cooldownMs ?? DEFAULT_COOLDOWN_MS,
    remindMs: mine?.remindMs ?? base?.remindMs ?? DEFAULT_REMIND_MS,
    tellsFailure: on.includes('failure'),
    tellsRecovery: on.includes('recovery'),
  };
}

/**
 * What a sink of the kind `shell` starts. One that was edited since the notice was written: the command of now, for who
 * mends a broken one wants what waits to be told by the new one. undefined: nobody defines one any more.
 */
export function commandOf(sink: Extract<Sink, { kind: 'shell' }>, bus: NotifyPolicy | undefined, own: NotifyPolicy | undefined): SinkCommand | undefined {
  const now = mergeNotify(bus, own).sinks.find(({ kind }) => kind === 'shell');
  for (const name of [sink.name, now?.kind === 'shell' ? now.name : sink.name])
    for (const policy of [own, bus]) {
      const { commands = {} } = policy === undefined || policy === 'none' ? {} : policy;
      if (Object.hasOwn(commands, name)) return commands[name];
    }
  return undefined;
}
