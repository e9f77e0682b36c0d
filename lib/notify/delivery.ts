import { notifyCadence } from '../core/builtin.ts';
import { toVisible, truncate } from '../core/excerpt.ts';
import { type Ms, parseIso, toIso } from '../core/instant.ts';
import { type Delivery, NOTICE_LIVES_MS, type Notice } from '../core/notice.ts';
import type { Outcome } from '../core/outcome.ts';
import { type Sink, secretNames, sinkId } from '../core/sink.ts';
import type { Clock, Http, Journal, Outbox } from '../ports.ts';
import { discord } from './discord.ts';
import type { Message, Verdict } from './message.ts';
import { slack } from './slack.ts';
import { telegram } from './telegram.ts';
import { webhook } from './webhook.ts';

/**
 * Delivers what lies in the outbox for one sink. A sink that is ill fails the run, whose retries, backoff and breaker are
 * those of the sink then; one that asks for time gets it. Each notice has an end of its own: delivered, refused, or too
 * old. Once it is sent and before that is written down we may die: then it is sent twice, with the same key.
 */
export interface DeliveryDeps {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly http: Http;
  readonly journal: Journal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Without secrets, those that these variables hold among them. */
  readonly redact: (text: string, names: readonly string[]) => string;
}

const TIMEOUT_MS: Ms = 10_000;

export interface Deliverer {
  drain(cadence: string, signal: AbortSignal): Promise<Outcome>;
}

export function createDeliverer(deps: DeliveryDeps): Deliverer {
  const { clock, outbox, journal } = deps;
  /** Until when a sink asked to be left alone; forgotten with the process, and then it says so again. */
  const restUntilMs = new Map<string, Ms>();

  async function end(notice: Notice, attempts: number, error: string | undefined): Promise<void> {
    const told: Delivery = {
      ts: toIso(clock.nowMs()),
      key: notice.key,
      sink: notice.sink.kind,
      run_id: notice.run_id,
      cadence: notice.cadence,
      ok: error === undefined,
      status: error === undefined ? 'delivered' : 'dead',
      attempts,
      ...(error === undefined ? {} : { error }),
    };
    await outbox.end(notice, told);
    const about = { cadence: notice.cadence, run_id: notice.run_id, sink: notice.sink.kind, attempt: attempts };
    journal.emit(
      error === undefined ? { level: 'info', stage: 'notice_delivered', ...about } : { level: 'error', stage: 'notice_dead', ...about, because: error },
    );
  }

  function keep(notice: Notice, because: string): void {
    const attempts = notice.attempts + 1;
    outbox.keep({ ...notice, attempts, error: because });
    journal.emit({ level: 'warn', stage: 'notice_failed', cadence: notice.cadence, run_id: notice.run_id, sink: notice.sink.kind, attempt: attempts, because });
  }

  /** undefined: it has ended, go on with the next one. */
  async function deliver(notice: Notice, signal: AbortSignal): Promise<Outcome | undefined> {
    const isOld = clock.nowMs() - (parseIso(notice.created_at) ?? 0) > NOTICE_LIVES_MS;
    if (isOld) {
      await end(notice, notice.attempts, `not delivered within 24 hours; last: ${notice.error ?? 'it was not tried'}`);
      return undefined;
    }
    const verdict = await send(deps, notice, signal);
    if (signal.aborted && verdict.kind !== 'delivered') return { kind: 'interrupted', by: 'operator', reason: 'the owner stops' };
    switch (verdict.kind) {
      case 'delivered':
        await end(notice, notice.attempts + 1, undefined);
        return undefined;
      case 'dead':
        await end(notice, notice.attempts + 1, verdict.because);
        return undefined;
      case 'later':
        keep(notice, verdict.because);
        restUntilMs.set(notifyCadence(sinkId(notice.sink)), clock.nowMs() + verdict.delayMs);
        return { kind: 'defer', delayMs: verdict.delayMs, reason: verdict.because };
      case 'failed':
        keep(notice, verdict.because);
        return { kind: 'fail', blame: 'cadence', reason: verdict.because };
    }
  }

  return {
    async drain(cadence, signal) {
      const restMs = (restUntilMs.get(cadence) ?? 0) - clock.nowMs();
      if (restMs > 0) return { kind: 'defer', delayMs: restMs, reason: 'it asked for time' };
      let count = 0;
      for (;;) {
        const [notice] = outbox.pending(cadence);
        if (notice === undefined) break;
        const outcome = await deliver(notice, signal);
        if (outcome !== undefined) return outcome;
        count += 1;
      }
      if (count === 0) return { kind: 'skip', reason: 'its outbox is empty' };
      return { kind: 'ok', summary: count === 1 ? '1 notice' : `${count} notices` };
    },
  };
}

async function send({ env, http, redact }: DeliveryDeps, notice: Notice, signal: AbortSignal): Promise<Verdict> {
  const unset = secretNames(notice.sink).filter((name) => (env[name] ?? '').trim() === '');
  if (unset.length > 0) return { kind: 'failed', because: `${unset.join(', ')} is not set in the owner's environment` };
  const message = messageOf(notice.sink, notice, (name) => (env[name] ?? '').trim());
  const answer = await http.post({ allowHttp: false, ...message, timeoutMs: TIMEOUT_MS }, signal);
  switch (answer.kind) {
    case 'answer':
      return inWords(judgeAnswer(notice.sink, answer), (text) => redact(text, secretNames(notice.sink)));
    case 'refused':
    case 'failed':
      return { kind: 'failed', because: answer.because };
  }
}

/** What a server says is shown, kept and sent on: without our secrets, which it may repeat. */
function inWords(verdict: Verdict, redact: (text: string) => string): Verdict {
  return verdict.kind === 'delivered' ? verdict : { ...verdict, because: truncate(toVisible(redact(verdict.because)), 300) };
}

function messageOf(sink: Sink, notice: Notice, secret: (name: string) => string): Message {
  switch (sink.kind) {
    case 'discord':
      return discord.message(sink, notice, secret);
    case 'telegram':
      return telegram.message(sink, notice, secret);
    case 'slack':
      return slack.message(sink, notice, secret);
    case 'webhook':
      return webhook.message(sink, notice, secret);
  }
}

function judgeAnswer(sink: Sink, answer: Parameters<typeof discord.judge>[0]): Verdict {
  switch (sink.kind) {
    case 'discord':
      return discord.judge(answer);
    case 'telegram':
      return telegram.judge(answer);
    case 'slack':
      return slack.judge(answer);
    case 'webhook':
      return webhook.judge(answer);
  }
}
