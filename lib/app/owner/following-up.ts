import { isCareCadence, isChatCadence, isHookCadence, isNotifyCadence, VAULT_CADENCE } from '../../core/builtin.ts';
import type { Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import type { BusEvent } from '../../core/event.ts';
import { missedKey } from '../../core/incident/finding.ts';
import { aboutCadence, followContext } from '../../core/notice/follow-context.ts';
import { HOOKS } from '../../core/notice/follow-up.ts';
import { hookRun } from '../../core/notice/hook-run.ts';
import type { Outcome } from '../../core/outcome.ts';
import { blankRecord } from '../../core/record.ts';
import type { RunRecord } from '../../core/run.ts';
import { slotKey } from '../../core/slot/slot.ts';
import { parseIso, toIso } from '../../core/time/instant.ts';
import { soonest } from '../../core/time/soonest.ts';
import { createComments } from '../../incidents/comments.ts';
import { createOutbox } from '../../notify/outbox.ts';
import type { Http, Incidents, Job, Outbox, Queue, Runner, StopSignal } from '../../ports.ts';
import type { Announcing } from '../../services/announcer.ts';
import { type CarePlan, createCarePlan } from '../../services/care-plan.ts';
import { createFollowUps, type FollowUps } from '../../services/follow-ups.ts';
import type { HoldsBook } from '../../services/holds-book.ts';
import { createIncidentOrders, type IncidentOrders } from '../../services/incident-orders.ts';
import { createNoticeDesk } from '../../services/notice-desk.ts';
import { isDiskFault } from '../../services/storage-health.ts';
import { createVaultPlan, type VaultPlan } from '../../services/vault-plan.ts';
import { createNamedRedaction } from '../redacting.ts';
import type { Storage } from '../storage.ts';
import { composeAnnouncer } from './alerting.ts';
import { type Caring, composeCaring } from './caring.ts';
import { composeChat, createChatRunner } from './chatting.ts';
import { composeHealing, type Healing } from './healing.ts';
import { composeDelivery, createNotifyRunner } from './notice-runner.ts';
import type { Runners } from './running.ts';
import { createVaultRunner, tellingOf } from './vaulting.ts';

/** Hooks, notices and care of an owner: what makes them, and what carries them out. */
export interface FollowingUp {
  readonly incidents: Incidents;
  readonly incidentOrders: IncidentOrders;
  readonly healing: Healing;
  readonly followUps: FollowUps;
  readonly announcing: Announcing;
  readonly vault: VaultPlan;
  /** Tells whoever gave an order in a chat where it came to nothing. */
  answered(order: unknown, end: Promise<Outcome>): Promise<Outcome>;
  /** The runner of a cadence of the program's own; undefined: it is another's. */
  runnerOf(cadence: string, runners: Runners): Runner | undefined;
}

export interface FollowingUpParts {
  readonly queue: Queue;
  readonly serves: (cadence: string) => boolean;
  readonly hasEnded: (tickId: string) => boolean;
  /** Why there is no money for a run of this cadence. */
  readonly shortage: (cadence: Cadence) => string | undefined;
  readonly held: Pick<HoldsBook, 'holds'>;
  readonly wake: () => void;
  /** A cadence that has failed need not wait any longer. */
  readonly rush: (cadence: string) => void;
  readonly http?: Http | undefined;
}

export function composeFollowingUp(storage: Storage, parts: FollowingUpParts): FollowingUp {
  const { clock, files, paths, ids, journal, definitions, machine } = storage;
  const onBroken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const outbox: Outbox = createOutbox({ files, clock, paths, onBroken });
  const redact = createNamedRedaction(storage.redacting, storage.machine.env);
  const { queue, hasEnded, wake } = parts;
  const desk = createNoticeDesk({ clock, ids, queue, outbox, redact });
  const announcer = (incidents: Incidents): Announcing => composeAnnouncer(storage, { incidents, desk, holds: parts.held.holds, wake, onBroken });
  const healing = composeHealing(storage, { ...parts, incidents: () => incidents });
  const { incidents, announcing, runner: careRunner }: Caring = composeCaring(storage, { ladder: healing.ladder, announcer });
  const care = createCarePlan({ clock, ids, queue, definitions, incidents, hasEnded });
  const vault = createVaultPlan({ clock, ids, queue, files, paths, journal, serves: parts.serves, hasEnded, wake });
  const followUps = createFollowUps({ clock, ids, queue, outbox, definitions, care, desk, host: machine.host, hasEnded, wake });
  const chat = composeChat(storage, { ...parts, http: parts.http, incidents, desk, redact, onBroken });
  const deliverer = composeDelivery(storage, { outbox, http: parts.http, redact, chat });
  journal.onEvent((event) => {
    if (event.stage !== 'claimed' || event.attempt !== 1) return;
    const { cadence = '', tick = '', run_id = '', ts } = event;
    try {
      followUps.started(cadence, () => beginning(cadence, tick, run_id, ts));
    } catch (error) {
      // A run begins though nobody can be told: its claim must not be left lying for that.
      if (!(error instanceof CadenceError)) throw error;
      journal.emit({ level: 'warn', stage: 'notice_failed', cadence, run_id, sink: 'any', because: error.message });
    }
  });
  journal.onEvent(createMissedListener(storage, care));
  return {
    followUps,
    incidents,
    incidentOrders: createIncidentOrders({
      clock,
      incidents,
      tell: care.order,
      note: createComments({ files, dirOf: incidents.dirOf, redact: (text) => redact(text, []) }),
    }),
    announcing: {
      tell: announcing.tell,
      poll() {
        healing.recall();
        return soonest([announcing.poll(), chat.poll()]);
      },
    },
    ...{ healing, vault },
    async answered(order, end) {
      const outcome = await end;
      chat.carriedOut(order, outcome);
      return outcome;
    },
    runnerOf(cadence, runners) {
      if (cadence === VAULT_CADENCE) return createVaultRunner(storage);
      if (isCareCadence(cadence)) return tellingOf(careRunner, vault.ask);
      const mender = healing.runnerOf(cadence, runners);
      if (mender !== undefined) return tellingOf(mender, vault.ask);
      if (isChatCadence(cadence)) return createChatRunner(chat, cadence);
      if (isHookCadence(cadence)) return createHookRunner(storage, runners.command);
      return isNotifyCadence(cadence) ? createNotifyRunner(storage, { deliverer, outbox, command: runners.command }, cadence) : undefined;
    },
  };
}

/** A slot that its owner found missed, too, is on file; what nobody makes up for by the user's will is no failure. */
function createMissedListener({ definitions, journal, clock }: Storage, care: CarePlan): (event: BusEvent) => void {
  return ({ stage, level, cadence, end, slot, last, because }) => {
    if (stage !== 'slot_ended' || end !== 'missed' || level !== 'warn' || cadence === undefined) return;
    if (definitions.get(cadence)?.cadence?.schedule?.catchup === 'skip') return;
    const lost = slotKey(String(last ?? slot));
    const words = `${cadence} is missing: the slot of ${lost} was missed: ${String(because)}`;
    try {
      care.found({ cadence, detector: 'missed', at: toIso(clock.nowMs()), words, key: missedKey(cadence, lost), slot: lost });
    } catch (error) {
      // It stands in the ledger of slots, where the watchman finds it.
      if (!isDiskFault(error)) throw error;
      journal.emit({ level: 'warn', stage: 'care_failed', cadence, step: 'incidents', because: error.message });
    }
  };
}

/** A run that has only begun, as far as it can be told of. */
function beginning(cadence: string, tick: string, runId: string, ts: string): RunRecord {
  return { ...blankRecord({ cadence, id: tick, attempts: 1 }), run_id: runId, status: 'running', started_at: toIso(parseIso(ts) ?? 0) };
}

type Prepared = { readonly job: Job } | { readonly outcome: Outcome };

/** A hook is looked up when it runs: what a tick says is which one it is, never what to run. */
function createHookRunner({ history, definitions, paths }: Storage, command: Runner): Runner {
  function prepare(job: Job): Prepared {
    const payload = (job.tick.payload ?? {}) as Readonly<Record<string, unknown>>;
    const run = typeof payload.run_id === 'string' ? history.find(payload.run_id) : undefined;
    if (run === undefined)
      return { outcome: { kind: 'give_up', blame: 'nobody', reason: `there is no run ${String(payload.run_id).slice(0, 80)} for this hook` } };
    const name = HOOKS.find((hook) => hook === payload.hook);
    const cadence = definitions.get(run.cadence)?.cadence;
    const hook = name === undefined ? undefined : cadence?.followUps?.hooks[name]?.[Number(payload.n)];
    if (hook === undefined || cadence === undefined) return { outcome: { kind: 'skip', reason: `${run.cadence} has this hook no more` } };
    const context = followContext(run, aboutCadence(cadence, paths));
    return { job: { ...job, tick: { ...job.tick, payload: run }, cadence: { ...job.cadence, run: hookRun(hook, run, context) } } };
  }
  const start = (how: 'run' | 'adopt') => async (job: Job, stop: StopSignal) => {
    const prepared = prepare(job);
    return 'job' in prepared ? command[how](prepared.job, stop) : { outcome: prepared.outcome, ending: undefined, stdoutPath: null, stderrPath: null };
  };
  return { run: start('run'), adopt: start('adopt') };
}
