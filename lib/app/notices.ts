import { notifyCadence } from '../core/builtin.ts';
import { CadenceError } from '../core/error.ts';
import { type Notice, noticeKey } from '../core/notice/notice.ts';
import { mergeNotify } from '../core/notice/policy.ts';
import { type Sink, secretNames, sinkId } from '../core/notice/sink.ts';
import { pathsOf, SETTINGS_FILE } from '../core/paths.ts';
import { nearest } from '../core/text/nearest.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import { createOutbox } from '../notify/outbox.ts';
import { createClock } from '../platform/clock.ts';
import { createFiles } from '../platform/files.ts';
import { createIds } from '../platform/ids.ts';
import { readMachine } from '../platform/machine.ts';
import { createProducer } from '../platform/producer.ts';
import type { Outbox } from '../ports.ts';
import { readDefined } from './definitions/defined.ts';
import { nowMs } from './root.ts';
import { runHere } from './run-here.ts';

/** One address that somebody is told at, and who tells there. */
export interface SinkView {
  readonly sink: string;
  readonly kind: Sink['kind'];
  readonly cadences: readonly string[];
  /** Variables that are not set where this was asked; the owner's environment is what counts. */
  readonly unset: readonly string[];
  readonly pending: number;
  /** Lately, and since it last took one: refused, or not delivered for a day. Nobody was told of these. */
  readonly lost: number;
  readonly last_error: string | null;
}

export interface TestResult {
  readonly sink: string;
  readonly ok: boolean;
  readonly status: 'delivered' | 'pending' | 'dead';
  readonly error?: string;
}

const LOST_WITHIN_MS: Ms = 7 * 86_400_000;

/** All sinks of a root, by their names. */
export function readSinks(root: string): readonly SinkView[] {
  const outbox = seenOutbox(root);
  const pending = outbox.pending();
  const ended = outbox.ended(undefined, nowMs() - LOST_WITHIN_MS);
  return [...sinksOf(root)].map(([id, { sink, cadences }]) => {
    const own = pending.filter((notice) => sinkId(notice.sink) === id);
    const { env } = readMachine();
    const ends = ended.filter(({ key }) => key.endsWith(`.${id}`));
    const lost = ends.slice(ends.findLastIndex(({ ok }) => ok) + 1);
    return {
      sink: id,
      kind: sink.kind,
      cadences,
      unset: secretNames(sink).filter((name) => (env[name] ?? '') === ''),
      pending: own.length,
      lost: lost.length,
      last_error: own.findLast(({ error }) => error !== null)?.error ?? lost.at(-1)?.error ?? null,
    };
  });
}

/** Which sinks a word means: one by its name, all of a kind, or all. Throws `not_found`. */
export function chooseSinks(root: string, word: string | undefined): readonly string[] {
  const sinks = [...sinksOf(root)];
  const chosen = sinks.filter(([id, { sink }]) => word === undefined || id === word || sink.kind === word).map(([id]) => id);
  if (chosen.length > 0) return chosen;
  if (sinks.length === 0)
    throw new CadenceError('not_found', 'nobody is told of anything here', 'Say whom to tell under notify: in cadences/bus.yaml or in a cadence.');
  const names = sinks.map(([id]) => id);
  const close = nearest(word ?? '', names);
  throw new CadenceError(
    'not_found',
    `there is no sink ${String(word).slice(0, 80)}`,
    close === undefined ? `There is ${names.join(', ')}.` : `Did you mean ${close}?`,
  );
}

/** Sends a notice the way every notice goes, through the outbox and its own cadence. */
export async function testSink(root: string, id: string, withinMs: Ms): Promise<TestResult> {
  const found = sinksOf(root).get(id);
  if (found === undefined) throw new CadenceError('not_found', `there is no sink ${id}`, 'See cadence-bus notify.');
  const outbox = openOutbox(root);
  const runId = `${createIds().fresh()}-1`;
  outbox.put(testNotice(found.sink, runId));
  const { tick } = await createProducer({ root }).enqueue(notifyCadence(id), { source: 'test', force: true });
  await runHere(root, tick, withinMs, { output: () => undefined }, 'first').catch((error: unknown) => {
    // An ill sink is tried for a day; what is known of it by now is the answer.
    if (!(error instanceof CadenceError) || error.code !== 'timeout') throw error;
  });
  const [end] = outbox.ended(runId, nowMs() - 86_400_000);
  if (end !== undefined) return { sink: id, ok: end.ok, status: end.status, ...(end.error === undefined ? {} : { error: end.error }) };
  const waiting = outbox.pending().find(({ run_id }) => run_id === runId);
  return { sink: id, ok: false, status: 'pending', error: waiting?.error ?? 'it was not sent yet; see cadence-bus status' };
}

function sinksOf(root: string): ReadonlyMap<string, { readonly sink: Sink; readonly cadences: readonly string[] }> {
  const { definitions, settings } = readDefined(root);
  const sinks = new Map<string, { readonly sink: Sink; readonly cadences: readonly string[] }>();
  const add = (sink: Sink, who: string): void => {
    const before = sinks.get(sinkId(sink));
    sinks.set(sinkId(sink), { sink, cadences: [...(before?.cadences ?? []), who] });
  };
  for (const { name, cadence } of definitions) for (const sink of mergeNotify(settings.notify, cadence?.followUps?.notify).sinks) add(sink, name);
  for (const sink of mergeNotify(settings.notify, undefined).sinks) if (!sinks.has(sinkId(sink))) add(sink, SETTINGS_FILE);
  // Who names no sink finds it in the log.
  const isSilent = settings.notify === 'none';
  if (sinks.size === 0 && !isSilent) sinks.set('log', { sink: { kind: 'log' }, cadences: ['default'] });
  return sinks;
}

/** The words of a test, as every sink gets them. */
export function testText(): string {
  return `A test of cadence-bus on ${readMachine().host}: whoever reads this is told of failures here.`;
}

function testNotice(sink: Sink, runId: string): Notice {
  return {
    format: 1,
    key: noticeKey(runId, 'test', sink),
    kind: 'test',
    sink,
    run_id: runId,
    cadence: 'test',
    status: 'test',
    text: testText(),
    created_at: toIso(nowMs()),
    attempts: 0,
    error: null,
    facts: {},
  };
}

export function openOutbox(root: string): Outbox {
  createFiles().makeDir(pathsOf(root).outbox);
  return seenOutbox(root);
}

/** For who only looks, and makes nothing. */
function seenOutbox(root: string): Outbox {
  return createOutbox({ files: createFiles(), clock: createClock(), paths: pathsOf(root), onBroken: undefined });
}
