import { LADDER_CADENCE } from '../../core/builtin.ts';
import type { Cadence } from '../../core/cadence.ts';
import { CadenceError } from '../../core/error.ts';
import { HEAL_KINDS, type HealAnswer } from '../../core/heal/answer.ts';
import { printOf } from '../../core/heal/book.ts';
import { findHealing, healCadence, isHealCadence } from '../../core/heal/cadence.ts';
import { isSettable, parseEnvChange } from '../../core/heal/env-change.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { RunRecord } from '../../core/run.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import type { Redact } from '../../core/text/redaction.ts';
import { createDoc } from '../../doc.ts';
import { createAnswering } from '../../healing/answering.ts';
import { createHealEffects } from '../../healing/effects.ts';
import { createFixFolder } from '../../healing/fix-folder.ts';
import { createHealingBook } from '../../healing/healing-book.ts';
import { createLadder } from '../../healing/ladder.ts';
import { createLedger } from '../../healing/ledger.ts';
import { createLostWork } from '../../healing/lost-work.ts';
import { createMending } from '../../healing/mending.ts';
import { createWorker } from '../../healing/worker.ts';
import type { Incidents, Job, Ladder, Queue, RunEnd, Runner } from '../../ports.ts';
import { childEnvironment } from '../../runners/environment.ts';
import { parseHealBook } from '../../wire/healing.ts';
import type { Storage } from '../storage.ts';
import type { Runners } from './running.ts';

/** The ladder of an owner: what decides, who mends, and what the next runs see of it. */
export interface Healing {
  readonly ladder: Ladder;
  /** The runner of a cadence that mends; undefined: it is another's. */
  runnerOf(cadence: string, runners: Runners): Runner | undefined;
  /** The order `respond`: what a session or a person answers. */
  respond(fields: Readonly<Record<string, unknown>>): Promise<Outcome>;
  /** A broken book is set aside at once, not only when something fails; and nobody is waited for whose tick has ended. */
  recall(): void;
  /** A run has ended, or a tick without one. */
  hear(run: RunRecord): void;
  /** Runners whose runs see what a fix has set. */
  overlaid(runners: Runners): Runners;
}

export interface HealingParts {
  readonly queue: Queue;
  readonly incidents: () => Incidents;
  readonly hasEnded: (tickId: string) => boolean;
  readonly shortage: (cadence: Cadence) => string | undefined;
  readonly wake: () => void;
  readonly rush: (cadence: string) => void;
}

export function composeHealing(storage: Storage, parts: HealingParts): Healing {
  const { clock, files, paths, ids, journal, history, definitions, machine, redacting } = storage;
  const onBroken = (path: string): void => journal.emit({ level: 'error', stage: 'state_broken', path, because: 'it could not be read and was set aside' });
  const book = createHealingBook(createDoc({ files, clock, path: paths.healing, parse: parseHealBook, onBroken }));
  const effects = createHealEffects({ files, clock, ids, paths, ...parts });
  const ledger = createLedger({ files, clock, path: paths.attempts, onBroken });
  const shared = { clock, journal, definitions, history, incidents: parts.incidents, book, ledger, effects, folder: createFixFolder(files) };
  const mending = createMending(shared);
  const shortage = (cadence: Cadence, rung: number): string | undefined => {
    const healer = definitions.get(healCadence(cadence, rung) ?? '')?.cadence;
    return healer === undefined ? undefined : parts.shortage(healer);
  };
  const deps = { ...shared, mending, shortage, environmentOf: (cadence: Cadence) => environmentOf(overlaid(cadence), machine.env) };
  const ladder = createLadder(deps);
  const answering = createAnswering({ ...deps, ladder });
  const lost = createLostWork({ ...shared, files, paths, ids });
  const cadences = (): readonly Cadence[] => definitions.all().flatMap(({ cadence }) => cadence ?? []);
  const worker = {
    ...deps,
    files,
    paths,
    redact: redacting.ofOwner,
    answering,
    healingOf: (name: string) => findHealing(name, cadences()),
    untaken: new Map<string, RunEnd>(),
  };

  function overlaid(cadence: Cadence): Cadence {
    const overlay = book.overlay(cadence.name);
    return overlay === undefined ? cadence : withValues(cadence, overlay.values);
  }

  async function wakened(payload: unknown): Promise<Outcome> {
    const { fingerprint, n, next } = (payload ?? {}) as Readonly<Record<string, unknown>>;
    const fix = typeof fingerprint === 'string' ? printOf(book.now(), fingerprint)?.fix : undefined;
    if (typeof fingerprint !== 'string' || fix === undefined) return { kind: 'skip', reason: 'it is over' };
    if (next === 'close_window') await ladder.closeWindow(fingerprint);
    else if (next === 'give_up' && fix.n === n && fix.status === 'working') {
      await answering.finished(fix, undefined, { because: 'no session answered in time', response: '', workedMs: 0, maySet: [], isLast: true });
    } else if (next === 'lost' && fix.n === n && fix.status === 'working') {
      const loss = lost.loss(fix);
      if (loss !== undefined) await answering.finished(fix, undefined, { ...loss, response: '', workedMs: 0, maySet: [] });
    }
    return { kind: 'ok', summary: String(next) };
  }

  return {
    ladder,
    runnerOf(cadence, runners) {
      if (isHealCadence(cadence)) return createWorker(worker, (kind) => runners[kind]);
      return cadence === LADDER_CADENCE ? inProcess(wakened) : undefined;
    },
    async respond(fields) {
      const asked = readResponse(fields, redacting.ofOwner);
      if (typeof asked === 'string') return { kind: 'skip', reason: asked };
      const incident = parts.incidents().get(asked.incident);
      if (incident === undefined) return { kind: 'skip', reason: `there is no incident ${asked.incident.slice(0, 160)}` };
      if (incident.state === 'resolved') return { kind: 'skip', reason: `${incident.id} is resolved already` };
      try {
        return { kind: 'ok', summary: await answering.volunteered(incident, asked.answer, asked.by) };
      } catch (error) {
        if (!(error instanceof CadenceError) || error.code !== 'held') throw error;
        return { kind: 'skip', reason: `${error.message}. ${error.hint}` };
      }
    },
    recall: lost.look,
    hear: lost.hear,
    overlaid({ inline, command, claude, agent }) {
      const seeing = (runner: Runner): Runner => ({
        run: (job: Job, stop) => runner.run({ ...job, cadence: overlaid(job.cadence) }, stop),
        adopt: runner.adopt,
      });
      return { inline, command: seeing(command), claude: seeing(claude), agent: seeing(agent) };
    },
  };
}

/** In the environment of its runs alone: a guard and a look for evidence see what they always do. */
function withValues(cadence: Cadence, values: Readonly<Record<string, string>>): Cadence {
  const { run } = cadence;
  if (run.kind === 'inline') return cadence;
  // A dollar in a value is a dollar, and no variable of the owner's.
  const set = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));
  const names = run.env.names.filter((name) => !Object.hasOwn(set, name));
  return { ...cadence, run: { ...run, env: { names, values: { ...run.env.values, ...set } } } };
}

function environmentOf({ run }: Cadence, env: Storage['machine']['env']): Readonly<Record<string, string>> {
  if (run.kind === 'inline') return {};
  const child = childEnvironment(env, run.env, {});
  return child.kind === 'ready' ? child.env : {};
}

function inProcess(work: (payload: unknown) => Promise<Outcome>): Runner {
  const run: Runner['run'] = async (job) => ({ outcome: await work(job.tick.payload), ending: undefined, stdoutPath: null, stderrPath: null });
  return { run, adopt: run };
}

interface Response {
  readonly incident: string;
  readonly answer: HealAnswer;
  readonly by: 'session' | 'human';
}

/** A text: what is wrong with it. */
function readResponse(fields: Readonly<Record<string, unknown>>, redact: Redact): Response | string {
  const { incident, action, set, diagnosis, by } = fields;
  const kind = HEAL_KINDS.find((known) => known === action);
  if (typeof incident !== 'string' || kind === undefined) return `"${String(action)}" is no answer to an incident`;
  const given = Object.entries(typeof set === 'object' && set !== null ? set : {});
  const wrong = given.find(([name, value]) => !isSettable(name) || typeof value !== 'string');
  if (wrong !== undefined) return `${wrong[0].slice(0, 100)} may not be set by a fix`;
  if ((kind === 'restart_with_env') !== given.length > 0)
    return kind === 'restart_with_env' ? 'restart_with_env sets nothing' : `${kind} sets nothing; use restart_with_env`;
  const changes = Object.fromEntries(given.map(([name, value]) => [name, parseEnvChange(String(value))]));
  const words = typeof diagnosis === 'string' ? redact(toVisible(diagnosis)).slice(0, 2_000) : '';
  return { incident, answer: { kind, set: changes, diagnosis: words }, by: by === 'session' ? 'session' : 'human' };
}
