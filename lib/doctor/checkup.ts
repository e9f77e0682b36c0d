import type { Closeable } from '../ports.ts';
import { type Check, FIX, type Finding, type Level } from './check.ts';

/** What was found, in the order of the checks; with repairs, what stands after them. Names as in `--json`. */
export interface Checkup {
  /** Nothing is red; yellow is no failure. */
  readonly ok: boolean;
  readonly checks: readonly CheckView[];
  readonly fixed: readonly { readonly id: string; readonly done: string }[];
  /** What could be mended and was not, with the reason. */
  readonly left: readonly { readonly id: string; readonly because: string }[];
}

export interface CheckView {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly detail: string;
  readonly mend: string | null;
}

export interface CheckupDeps {
  readonly checks: readonly Check[];
  /** Run the repairs of what can be mended, too. */
  readonly isFix: boolean;
  /** Makes us the one writer until it is closed. undefined: an owner is at work. */
  readonly ownRoot: () => Promise<Closeable | undefined>;
}

const OWNER_AT_WORK = `an owner is at work, and it alone may write there; end it first, then: ${FIX}`;

export async function checkUp(deps: CheckupDeps): Promise<Checkup> {
  const asked = deps.checks.filter((check) => check.isMoot?.() !== true);
  const found = new Map<Check, Finding>();
  for (const check of asked) found.set(check, await inspect(check));
  const { fixed, left } = deps.isFix ? await repairAll({ ...deps, checks: asked }, found) : { fixed: [], left: [] };
  const checks = asked.map((check) => viewOf(check, found.get(check)));
  return { ok: checks.every(({ level }) => level !== 'fail'), checks, fixed, left };
}

/** A check that cannot be made is a red line of its own, and no reason to leave out the others. */
async function inspect(check: Check): Promise<Finding> {
  try {
    return await check.inspect();
  } catch (thrown) {
    const { message, hint } = wordsOf(thrown);
    return { level: 'fail', detail: `could not be looked at: ${message}${hint === '' ? '' : `. ${hint}`}` };
  }
}

type Repairs = Pick<Checkup, 'fixed' | 'left'>;

/** One repair may open the way for another look, and that for another repair; no chain of ours is longer. */
const MOST_ROUNDS = 4;

/** Goes on until a round mends nothing, so that a second call has nothing to do either. */
async function repairAll(deps: CheckupDeps, found: Map<Check, Finding>): Promise<Repairs> {
  const fixed: Repairs['fixed'][number][] = [];
  for (let round = 1; ; round += 1) {
    const repairs = await repairOnce(deps, found);
    fixed.push(...repairs.fixed);
    if (repairs.fixed.length === 0 || round === MOST_ROUNDS) return { fixed, left: repairs.left };
    for (const [check, { level }] of found) if (level !== 'ok') found.set(check, await inspect(check));
  }
}

/**
 * Every repair looks again before it acts, for one above it may have mended this too, and an owner may have come and gone
 * since; those that write what the owner writes do so as the owner.
 */
async function repairOnce({ checks, ownRoot }: CheckupDeps, found: Map<Check, Finding>): Promise<Repairs> {
  const fixed: Repairs['fixed'][number][] = [];
  const left: Repairs['left'][number][] = [];
  let hold: Closeable | undefined;
  try {
    for (const check of checks) {
      const { id, repair } = check;
      if (repair === undefined || found.get(check)?.mend !== FIX) continue;
      try {
        if (check.isOwnersWork === true) hold ??= await ownRoot();
        if (check.isOwnersWork === true && hold === undefined) {
          left.push({ id, because: OWNER_AT_WORK });
          continue;
        }
        const done = (await inspect(check)).mend === FIX ? await repair() : '';
        if (done !== '') fixed.push({ id, done });
      } catch (thrown) {
        const { message, hint } = wordsOf(thrown);
        left.push({ id, because: hint === '' ? message : `${message}. ${hint}` });
      }
      found.set(check, await inspect(check));
    }
  } finally {
    hold?.close();
  }
  return { fixed, left };
}

function wordsOf(thrown: unknown): { readonly message: string; readonly hint: string } {
  if (!(thrown instanceof Error)) return { message: String(thrown), hint: '' };
  return { message: thrown.message, hint: 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : '' };
}

function viewOf({ id, title }: Check, finding: Finding | undefined): CheckView {
  return { id, title, level: finding?.level ?? 'fail', detail: finding?.detail ?? '', mend: finding?.mend ?? null };
}
