import type { Cadence, EnvSpec, RunKind } from '../core/cadence.ts';
import type { BusEvent } from '../core/event.ts';
import { createRedaction, isSecretName, isSecretValue, type Redact, redactWords, type Secret } from '../core/text/redaction.ts';
import type { RunEnd, Runner } from '../ports.ts';
import { childEnvironment, isAllowed, type OwnerEnv } from '../runners/environment.ts';

/**
 * Where the words of a run leave its own output files they are redacted: once, at the runner's end, so that its record, the
 * journal, the holds, the dlq and every notice are made of clean words.
 */
export interface Redacting {
  /** By shape, and by the values that the owner's environment calls secrets by their names. */
  readonly ofOwner: Redact;
  /** Besides, what this cadence hands on to its runs. */
  ofCadence(cadence: Cadence): Redact;
}

export function createRedacting(env: OwnerEnv): Redacting {
  const own = Object.entries(env).flatMap(([name, value]) => (isSecretName(name) ? secretOf(name, value) : []));
  const ofOwner = createRedaction(own);
  // An edited cadence is another one.
  const known = new WeakMap<Cadence, Redact>();
  return {
    ofOwner,
    ofCadence(cadence) {
      const before = known.get(cadence);
      if (before !== undefined) return before;
      const named = namedBy(cadence, env);
      const redact = named.length === 0 ? ofOwner : createRedaction([...own, ...named]);
      known.set(cadence, redact);
      return redact;
    },
  };
}

/** All that a runner tells of a run but its files, which stay word for word what the child wrote. */
export function redacted(runner: Runner, { ofCadence }: Redacting): Runner {
  const clean = (end: RunEnd, cadence: Cadence): RunEnd => {
    const words = redactWords(end, ofCadence(cadence), NO_WORDS);
    if (end.result === undefined) return words;
    return { ...words, result: redactWords(end.result, ofCadence(cadence), NOTHING) };
  };
  return {
    run: (job, stop) => runner.run(job, stop).then((end) => clean(end, job.cadence)),
    adopt: (job, stop) => runner.adopt(job, stop).then((end) => clean(end, job.cadence)),
  };
}

/** An event as it may be kept and told. */
export function redactedEvent(event: BusEvent, { ofOwner }: Redacting): BusEvent {
  return redactWords(event, ofOwner, NO_WORDS);
}

/** Secrets of the owner's environment, and those that a sink names. */
export function createNamedRedaction({ ofOwner }: Redacting, env: OwnerEnv): (text: string, names: readonly string[]) => string {
  return (text, names) => {
    const named = names.flatMap((name) => {
      const value = (env[name] ?? '').trim();
      return value === '' ? [] : [{ name, value }];
    });
    return ofOwner(createRedaction(named)(text));
  };
}

/** A result may call anything what it likes. */
const NOTHING: ReadonlySet<string> = new Set();

/** Ids, kinds, instants and places. */
const NO_WORDS: ReadonlySet<string> = new Set([
  ...['kind', 'blame', 'class', 'by', 'stoppedFor', 'signal', 'id', 'stdoutPath', 'stderrPath'],
  ...['ts', 'level', 'stage', 'cadence', 'tick', 'run_id', 'session_id', 'status', 'key', 'stdout_path', 'stderr_path', 'prompt', 'version', 'root'],
  ...['path', 'retry_at', 'open_until', 'from'],
]);

function namedBy(cadence: Cadence, env: OwnerEnv): readonly Secret[] {
  const { verify } = cadence;
  const required = cadence.requiredEnv.flatMap((name) => (isAllowed(name) ? [] : secretOf(name, env[name])));
  return [...required, ...[cadence.run, cadence.guard, verify?.kind === 'command' ? verify.run : undefined].flatMap((kind) => namedByKind(kind, env))];
}

function namedByKind(kind: RunKind | undefined, env: OwnerEnv): readonly Secret[] {
  if (kind === undefined || kind.kind === 'inline') return [];
  const spec: EnvSpec = kind.env;
  const child = childEnvironment(env, spec, {});
  if (child.kind === 'unset') return [];
  return [...spec.names, ...Object.keys(spec.values)].flatMap((name) => (isAllowed(name) ? [] : secretOf(name, child.env[name])));
}

function secretOf(name: string, value: string | undefined): readonly Secret[] {
  return value !== undefined && isSecretValue(name, value) ? [{ name, value }] : [];
}
