import type { Cadence } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import type { HealAnswer } from '../core/heal/answer.ts';
import { beginsAt, type EndedFix, type Fix, type Print, printOf, withoutFix } from '../core/heal/book.ts';
import { workKey } from '../core/heal/cadence.ts';
import { changedEnv } from '../core/heal/env-change.ts';
import { applied } from '../core/heal/ladder.ts';
import { cadenceKey } from '../core/holds.ts';
import type { Incident } from '../core/incident/incident.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Climber, LadderDeps } from './ladder.ts';

/** What an agent, a program, a session or a person answers, carried out. */
export interface Answering {
  /** Of who was set to work on this fix. `because`: why there is no answer. */
  finished(fix: Fix, answer: HealAnswer | undefined, words: Words): Promise<string>;
  /** Who is set to work has been put off, for longer than a moment: somebody should know. */
  putOff(fix: Fix, because: string): Promise<void>;
  /** Nobody has been set to work: it comes by itself. Answers in words; throws where it cannot be taken. */
  volunteered(incident: Incident, answer: HealAnswer, source: 'session' | 'human'): Promise<string>;
}

interface Words {
  readonly because: string;
  readonly response: string;
  readonly workedMs: Ms;
  /** Its answer may set these, and nothing else; undefined: whatever a fix may set. */
  readonly maySet: readonly string[] | undefined;
  /** Nothing below it on the ladder is left: a person is asked, and not the next rung. */
  readonly isLast: boolean;
}

export function createAnswering(deps: LadderDeps & { readonly ladder: Climber }): Answering {
  const { clock, book, mending, folder, effects } = deps;
  const cadenceOf = (fix: Fix): Cadence | undefined => deps.definitions.get(fix.cadence)?.cadence;

  /** It is in force, and the next run decides. */
  async function apply(fix: Fix, print: Print, values: Readonly<Record<string, string>> | undefined, diagnosis: string): Promise<string> {
    const words = diagnosis === '' ? fix.description : `${fix.description}: ${diagnosis}`;
    const fixed: Fix = { ...applied(fix, clock.nowMs()), description: words.slice(0, 600), ...(values === undefined ? {} : { set: values }) };
    mending.remember(fix.fingerprint, { ...print, fix: fixed }, 'keep', fixed);
    return takeEffect(fixed);
  }

  /** Also where an earlier owner died in the middle of it. */
  async function takeEffect(fix: Fix): Promise<string> {
    await mending.applied(fix);
    // Its tick may have been tried again while the cause was mended.
    const failed = deps.history.find(fix.run_id);
    const run = failed === undefined ? undefined : (deps.history.find(failed.tick) ?? failed);
    const key = workKey(fix);
    // Whoever mended the cause has earned one try now, whatever the breaker has seen before.
    effects.order({ order: 'reset', key: cadenceKey(fix.cadence) }, `reset:${key}`);
    if (run !== undefined && run.retry_at === undefined) effects.revive(run, clock.nowMs());
    else await effects.hasten(fix.cadence);
    return 'it is applied; the next run decides';
  }

  async function giveUp(fix: Fix, print: Print, because: string): Promise<void> {
    const ended: EndedFix = { ...fix, status: 'crashed' };
    if (!hasGivenUp(print, fix)) {
      const last = { run_id: gaveUpId(fix), step: NOTHING, ended };
      mending.remember(fix.fingerprint, { ...withoutFix(print, { ...ended, description: `${fix.description}: ${because}` }), last }, 'keep');
    }
    await mending.ended(ended, because);
  }

  async function askPerson(fix: Fix, because: string, isHeld = false): Promise<void> {
    const incident = deps.incidents().get(fix.incident_id);
    const cadence = cadenceOf(fix);
    if (incident === undefined || incident.state === 'resolved' || cadence === undefined) return;
    const sinks = (cadence.ladder?.rungs ?? []).flatMap(({ action }) => (action.kind === 'notify' ? action.sinks : []));
    await mending.carryOut({ kind: 'human', because, sinks, isChronic: false }, { incident, run: undefined, cadence });
    effects.tell(fix.incident_id, `asked:${fix.incident_id}:${fix.n}${isHeld ? ':held' : ''}`);
  }

  async function holdCadence(fix: Fix, print: Print, how: 'pause' | 'abort', diagnosis: string): Promise<string> {
    const because = `${fix.source} says ${how}${diagnosis === '' ? '' : `: ${diagnosis}`}`.slice(0, 300);
    const incident = deps.incidents().get(fix.incident_id);
    const cadence = cadenceOf(fix);
    await giveUp(fix, print, because);
    if (incident === undefined || cadence === undefined) return because;
    await mending.carryOut({ kind: 'hold', how, because }, { incident, run: deps.history.find(fix.run_id), cadence });
    effects.tell(fix.incident_id, `asked:${fix.incident_id}:${fix.n}`);
    return because;
  }

  /** `undefined`: the answer sets nothing. A text: why it cannot. */
  function valuesOf(fix: Fix, answer: HealAnswer, maySet: readonly string[] | undefined): Readonly<Record<string, string>> | string | undefined {
    const names = Object.keys(answer.set);
    if (names.length === 0) return undefined;
    const foreign = maySet === undefined ? [] : names.filter((name) => !maySet.includes(name));
    if (foreign.length > 0) return `it asks to set ${foreign.join(', ')}, which neither the cadence nor may_set names`;
    const cadence = cadenceOf(fix);
    const environment = cadence === undefined ? {} : deps.environmentOf(cadence);
    const changed = changedEnv(answer.set, (name) => environment[name]);
    return changed.kind === 'changed' ? changed.values : changed.because;
  }

  async function carryOut(fix: Fix, print: Print, answer: HealAnswer, maySet: readonly string[] | undefined): Promise<string> {
    switch (answer.kind) {
      case 'pause':
      case 'abort':
        return holdCadence(fix, print, answer.kind, answer.diagnosis);
      case 'none': {
        const because = `${fix.source} says that a person is needed${answer.diagnosis === '' ? '' : `: ${answer.diagnosis}`}`.slice(0, 600);
        await giveUp(fix, print, because);
        await askPerson(fix, because);
        return because;
      }
      case 'restart':
      case 'restart_with_env': {
        const values = valuesOf(fix, answer, maySet);
        if (typeof values !== 'string') return apply(fix, print, values, answer.diagnosis);
        await giveUp(fix, print, values);
        await askPerson(fix, values);
        return values;
      }
    }
  }

  /** Nobody may be waited for any more. */
  async function unanswered(fix: Fix, print: Print, { because, isLast }: Words): Promise<string> {
    await giveUp(fix, print, because);
    const incident = deps.incidents().get(fix.incident_id);
    const run = deps.history.find(fix.run_id);
    const id = afterId(fix);
    const step = isLast || incident === undefined ? undefined : await deps.ladder.answer({ incident, run, id, counts: false, skipsRules: true });
    if (step === undefined) await askPerson(fix, because);
    else if (step.kind === 'human' || step.kind === 'hold') effects.tell(fix.incident_id, `asked:${fix.incident_id}:${fix.n}`);
    return because;
  }

  return {
    async finished(fix, answer, words) {
      const dir = deps.incidents().dirOf(fix.incident_id);
      folder.answered(dir, fix, answer, words.response);
      const known = printOf(book.now(), fix.fingerprint);
      // An owner that died after it had taken this answer is no reason to take it half.
      if (known?.fix?.n === fix.n && known.fix.status === 'pending') return takeEffect(known.fix);
      if (known === undefined || (known.fix?.n !== fix.n && !hasGivenUp(known, fix))) return 'its answer was taken before';
      const print = hasGivenUp(known, fix) ? known : { ...known, wall_ms: known.wall_ms + words.workedMs };
      if (deps.incidents().get(fix.incident_id)?.state === 'resolved') {
        await giveUp(fix, print, 'a run had ended well before it was done');
        return 'a run had ended well before it was done';
      }
      return answer === undefined ? unanswered(fix, print, words) : carryOut(fix, print, answer, words.maySet);
    },
    putOff: (fix, because) => askPerson(fix, because, true),
    async volunteered(incident, answer, source) {
      const before = mending.printOf(incident);
      const working = before.fix?.status === 'working' ? before.fix : undefined;
      if (working !== undefined && working.source !== 'session') {
        throw new CadenceError('held', `${working.source} is at work on ${incident.id}`, 'Wait for it, or cancel its run first: cadence-bus status.');
      }
      if (before.fix?.status === 'pending') await mending.ended({ ...before.fix, status: 'crashed' }, 'another answer took its place');
      const fix: Fix = working ?? {
        ...{ n: before.fixes + 1, incident_id: incident.id, fingerprint: incident.fingerprint, cadence: incident.cadence, detector: incident.detector },
        ...{ source, status: 'working', began_at: beginsAt(before, clock.nowMs()), verify_ms: 0, run_id: incident.run_ids.at(-1) ?? '', rung: -1 },
        description: source === 'human' ? 'a person answered' : 'a session answered',
      };
      folder.answered(deps.incidents().dirOf(incident.id), fix, answer, answer.diagnosis);
      const words = await carryOut(fix, { ...before, fixes: fix.n, begun_at: fix.began_at }, answer, undefined);
      folder.withdraw(deps.incidents().dirOf(incident.id));
      return words;
    },
  };
}

const NOTHING = { kind: 'none', because: 'it came to nothing' } as const;
const gaveUpId = ({ incident_id, n }: Fix): string => `gave_up:${incident_id}:${n}`;
const afterId = ({ incident_id, n }: Fix): string => `after:${incident_id}:${n}`;

function hasGivenUp({ last }: Print, fix: Fix): boolean {
  return last?.run_id === gaveUpId(fix) || last?.run_id === afterId(fix);
}
