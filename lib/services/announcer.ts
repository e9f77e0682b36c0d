import { accountAdvice } from '../core/agent/account-advice.ts';
import { accountKey, breakerOf, cadenceKey, type Holds } from '../core/holds.ts';
import type { CareCase } from '../core/incident/care.ts';
import { type Incident, isOpen } from '../core/incident/incident.ts';
import { type DigestEntry, isSuppressed, type Learned } from '../core/incident/learning.ts';
import { type AlertCase, type AlertDecision, type AlertPolicy, decideAlert, nextAlertMs } from '../core/notice/alert.ts';
import { type AlertBook, EMPTY_ALERTS, remembered, withMemory } from '../core/notice/alert-book.ts';
import { alertText, foundText, remindText } from '../core/notice/alert-text.ts';
import { endingKind } from '../core/notice/following.ts';
import { factsOf } from '../core/notice/notice.ts';
import { alertPolicy, DEFAULT_MESSAGE, mergeNotify, type Notify } from '../core/notice/policy.ts';
import { type Sink, sinkId } from '../core/notice/sink.ts';
import { admitLine, digestText, STILL, type StormLine, summaryDueMs, summaryText } from '../core/notice/storm.ts';
import { isProven, type RunRecord } from '../core/run.ts';
import { formatCompact, type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Announcer, Clock, Definitions, Doc, History, Incidents } from '../ports.ts';
import type { NoticeDesk } from './notice-desk.ts';

/**
 * Who is told of incidents. What is decided is put into the outbox first, under a key that says which notice of the
 * incident it is, and remembered after that: a death in between puts the same notice under the same key, which is not put.
 */
export interface Announcing extends Announcer {
  /** Reminders and summaries whose time has come; answers when the next one's does. */
  poll(): Ms | undefined;
}

export interface AnnouncerDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly definitions: Pick<Definitions, 'get' | 'settings'>;
  readonly history: Pick<History, 'runs' | 'find'>;
  readonly incidents: Pick<Incidents, 'open' | 'get'>;
  readonly book: Doc<AlertBook>;
  readonly desk: NoticeDesk;
  readonly holds: () => Holds;
  readonly host: string;
  readonly intervalOf: (cadence: string) => Ms | undefined;
  /** What was learned of whose incident it is, where `after` failures in a row were asked for. */
  readonly learnedOf: (incident: Incident, after: number) => Pick<Learned, 'threshold' | 'suppressed'>;
  /** What the last week told to nobody. */
  readonly quietOf: (nowMs: Ms) => readonly DigestEntry[];
  readonly wake: () => void;
}

/** So many records a failure, at most, are looked through to count failures in a row. */
const RECORDS_EACH = 12;
const WEEK_MS: Ms = 7 * 86_400_000;
const LOOK_AGAIN_MS: Ms = 5 * 60_000;

export function createAnnouncer(deps: AnnouncerDeps): Announcing {
  const { clock, definitions, history, desk, book } = deps;
  let alerts: AlertBook | undefined;
  /** What was looked at in vain is not looked at again at once; forgotten with the process. */
  const notBefore = new Map<string, Ms>();
  const read = (): AlertBook => {
    alerts ??= book.read() ?? EMPTY_ALERTS;
    return alerts;
  };
  const write = (next: AlertBook): void => {
    book.write(next);
    alerts = next;
  };

  function told(cadence: string): { readonly notify: Notify; readonly policy: AlertPolicy } {
    const own = definitions.get(cadence)?.cadence?.followUps?.notify;
    const bus = definitions.settings().notify;
    const notify = mergeNotify(bus, own);
    // Who names no sink finds it in the log.
    const sinks: readonly Sink[] = notify.sinks.length === 0 && own !== 'none' && bus !== 'none' ? [{ kind: 'log' }] : notify.sinks;
    return { notify: { ...notify, sinks }, policy: alertPolicy(bus, own) };
  }

  /** Retries of one tick are one failure, and so is a tick that its breaker keeps from being tried again: it may be hours until it is given up. */
  function failuresInARow(cadence: string, most: number): number {
    let failures = breakerOf(deps.holds(), cadenceKey(cadence)).state === 'open' && history.runs({ cadence, limit: 1 })[0]?.status === 'failed' ? 1 : 0;
    for (const run of history.runs({ cadence, limit: most * RECORDS_EACH })) {
      if (isProven(run)) break;
      if (endingKind(run.status) === 'failure') failures += 1;
      if (failures >= most) break;
    }
    return failures;
  }

  function caseOf(incident: Incident): { readonly seen: AlertCase; readonly policy: AlertPolicy } {
    const asked = told(incident.cadence).policy;
    const learned = deps.learnedOf(incident, asked.after);
    const policy = { ...asked, after: learned.threshold };
    // Ten times the threshold is critical; no more need be counted.
    const failures = isOpen(incident) ? failuresInARow(incident.cadence, policy.after * 10) : 0;
    return { policy, seen: { incident, failures, intervalMs: deps.intervalOf(incident.cadence), isSuppressed: isSuppressed(learned, incident) } };
  }

  /** `on_failure: [{ notify: [slack] }]` names those of `notify:` that a person is asked by. */
  function addressees({ cadence, asked }: Incident, asksHuman: boolean): readonly Sink[] {
    const { sinks } = told(cadence).notify;
    const named = asksHuman ? sinks.filter(({ kind }) => asked?.sinks.includes(kind) === true) : [];
    return named.length === 0 ? sinks : named;
  }

  function isStillOpen(id: string): boolean {
    const incident = deps.incidents.get(id);
    return incident !== undefined && isOpen(incident);
  }

  /** Puts what was decided, or holds it for a summary, and then remembers it. */
  function carryOut(seen: AlertCase, decision: AlertDecision, run: RunRecord | undefined): void {
    if (decision.tell === 'nothing') return;
    const { incident } = seen;
    const before = read();
    const memory = before.told[incident.id];
    const nowMs = clock.nowMs();
    const line: StormLine = { kind: decision.tell, incident_id: incident.id, cadence: incident.cadence, title: incident.title };
    // One proof ends all incidents of its cadence, and is told once: the others are only remembered.
    const { next: storm, isAlone } = admitLine(before.storm, line, nowMs);
    if (isAlone) for (const sink of addressees(incident, decision.asksHuman)) putNotice(seen, decision, run, sink, memory?.count ?? 0);
    write({ ...withMemory(before, incident.id, remembered(incident, decision, memory, nowMs), nowMs, isStillOpen), storm });
    deps.wake();
  }

  /** What keeps its tick, or all of its account, from being tried again, and what a person can do for that; undefined: nothing does. */
  function heldWords({ account, cadence }: Incident, isMidway: boolean): string | undefined {
    if (account === undefined) {
      const breaker = breakerOf(deps.holds(), cadenceKey(cadence));
      return isMidway && breaker.state === 'open' ? `nothing of it runs until ${breaker.until.slice(0, 19)}Z` : undefined;
    }
    const breaker = breakerOf(deps.holds(), accountKey(account));
    if (breaker.state !== 'open' && breaker.state !== 'blocked') return undefined;
    return `all of account ${account} waits until ${breaker.until.slice(0, 19)}Z. ${accountAdvice(account, breaker)}`;
  }

  function putNotice(seen: AlertCase, decision: Exclude<AlertDecision, { tell: 'nothing' }>, run: RunRecord | undefined, sink: Sink, count: number): void {
    const { incident } = seen;
    const about = run ?? history.find(incident.run_ids.at(-1) ?? '');
    const kind = decision.tell;
    const { message } = told(incident.cadence).notify;
    const more = {
      failures: seen.failures,
      level: decision.level,
      asksHuman: decision.asksHuman,
      isPlain: message === DEFAULT_MESSAGE,
      held: heldWords(incident, about?.status === 'failed'),
    };
    const text =
      kind === 'reminder'
        ? remindText(incident, decision.asksHuman, decision.level)
        : about === undefined
          ? foundText(incident, kind, more)
          : alertText(message, about, kind, incident, more, deps.host);
    desk.put(sink, {
      key:
        kind === 'recovery' ? `${run?.run_id ?? `${incident.id}.${count}`}.recovery.${sinkId(sink)}` : `${incident.id}.${count}.${sinkId(sink)}`.slice(0, 200),
      kind,
      run_id: about?.run_id ?? '',
      cadence: incident.cadence,
      status: about?.status ?? 'failed',
      text,
      level: decision.level,
      incident_id: incident.id,
      facts: about === undefined ? {} : factsOf(about),
    });
  }

  function sumUp(nowMs: Ms): void {
    const { storm } = read();
    if ((summaryDueMs(storm, nowMs) ?? Number.POSITIVE_INFINITY) > nowMs) return;
    const bySink = new Map<string, { readonly sink: Sink; readonly lines: StormLine[] }>();
    for (const line of storm.held)
      for (const sink of told(line.cadence).notify.sinks) {
        const one = bySink.get(sinkId(sink)) ?? { sink, lines: [] };
        one.lines.push(line);
        bySink.set(sinkId(sink), one);
      }
    const stamp = formatCompact(parseIso(storm.window_at) ?? 0);
    for (const [id, { sink, lines }] of bySink)
      desk.put(sink, {
        key: `summary-${stamp}.${id}`,
        kind: 'summary',
        run_id: '',
        cadence: lines[0]?.cadence ?? '',
        status: 'failed',
        title: 'cadence-bus',
        text: summaryText(lines),
        facts: { incidents: lines.length },
      });
    write({ ...read(), storm: STILL });
    deps.wake();
  }

  /** Once a week, what was known to come and go and so told to nobody. */
  function digest(nowMs: Ms): void {
    const fromMs = parseIso(read().digest_at);
    if (fromMs !== undefined && nowMs - fromMs < WEEK_MS && fromMs <= nowMs) return;
    const entries = fromMs === undefined ? [] : deps.quietOf(nowMs);
    const bySink = new Map<string, { readonly sink: Sink; readonly lines: DigestEntry[] }>();
    for (const entry of entries)
      for (const sink of told(entry.cadence).notify.sinks) {
        const one = bySink.get(sinkId(sink)) ?? { sink, lines: [] };
        one.lines.push(entry);
        bySink.set(sinkId(sink), one);
      }
    const about = { kind: 'digest', run_id: '', status: 'digest', title: 'cadence-bus' } as const;
    for (const [id, { sink, lines }] of bySink)
      desk.put(sink, {
        key: `digest-${formatCompact(fromMs ?? 0)}.${id}`,
        ...about,
        cadence: lines[0]?.cadence ?? '',
        text: digestText(lines),
        facts: { cadences: lines.length },
      });
    write({ ...read(), digest_at: toIso(nowMs) });
    if (bySink.size > 0) deps.wake();
  }

  /** undefined: nothing of it will be told unless something happens. */
  function dueMs(incident: Incident, nowMs: Ms): Ms | undefined {
    const memory = read().told[incident.id];
    if (memory === undefined || incident.state === 'ignored') return undefined;
    const atMs = nextAlertMs(incident, memory, told(incident.cadence).policy, nowMs);
    const restMs = notBefore.get(incident.id) ?? 0;
    // Where the clock was set back, it was named by another time.
    return atMs === undefined ? undefined : Math.max(atMs, restMs > nowMs + LOOK_AGAIN_MS ? 0 : restMs);
  }

  /** Open incidents whose reminder is due, and those that a cooldown has kept from being told. */
  function remind(nowMs: Ms): void {
    for (const incident of deps.incidents.open()) {
      if ((dueMs(incident, nowMs) ?? Number.POSITIVE_INFINITY) > nowMs) continue;
      const { seen, policy } = caseOf(incident);
      const decision = decideAlert(seen, policy, read().told[incident.id], nowMs);
      notBefore.set(incident.id, nowMs + LOOK_AGAIN_MS);
      carryOut(seen, decision, undefined);
    }
  }

  function nextMs(nowMs: Ms): Ms | undefined {
    const open = deps.incidents.open().map((incident) => dueMs(incident, nowMs));
    const weekly = (parseIso(read().digest_at) ?? nowMs) + WEEK_MS;
    const times = [...open, summaryDueMs(read().storm, nowMs), weekly].filter((atMs) => atMs !== undefined).map((atMs) => Math.max(atMs, nowMs + 1_000));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The first week begins with the first failure, whether anybody is told of it or not: who is told of nothing may have a digest to come. */
  function beginWeek(): void {
    if (read().digest_at === undefined) write({ ...read(), digest_at: toIso(clock.nowMs()) });
  }

  return {
    async tell({ incident, run }: CareCase) {
      beginWeek();
      const { seen, policy } = caseOf(incident);
      carryOut(seen, decideAlert(seen, policy, read().told[incident.id], clock.nowMs()), run);
    },
    poll() {
      const nowMs = clock.nowMs();
      // The usual case costs nothing: nothing ever failed.
      const { told: all, storm, digest_at } = read();
      if (digest_at === undefined && Object.keys(all).length === 0 && storm.held.length === 0) return undefined;
      remind(nowMs);
      sumUp(nowMs);
      digest(nowMs);
      return nextMs(nowMs);
    },
  };
}
