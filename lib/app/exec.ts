import { commandPath } from '../config/all-definitions.ts';
import { draftCadence } from '../config/cadence-draft.ts';
import { CadenceError } from '../core/error.ts';
import { type Paths, pathsOf } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import { parseJson } from '../core/text/json-text.ts';
import { formatProblem } from '../core/text/problem-text.ts';
import { shellWord } from '../core/text/shell-word.ts';
import { formatTickName, isCadenceName, MAX_FILE_BYTES, refuseCadenceName } from '../core/tick.ts';
import { formatDuration } from '../core/time/duration.ts';
import type { Ms } from '../core/time/instant.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import { homeRootIn } from '../platform/root.ts';
import { withLock } from '../platform/short-lock.ts';
import { commandFault, commandHold } from './answers/holds.ts';
import { readDefined } from './definitions/defined.ts';
import { createProducer } from './producing.ts';
import { createReading } from './reading.ts';
import { runHere } from './run-here.ts';

/** A command that somebody else starts, around which the bus is laid. It is kept like a cadence, under `state/`, so that every verb knows it by its name. */
export interface CommandPlan {
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: readonly string[];
  /** Tries after the first. */
  readonly retries: number;
  readonly delayMs: Ms | undefined;
  /** undefined: it may take as long as it likes, as it could before. */
  readonly timeoutMs: Ms | undefined;
  readonly idleTimeoutMs: Ms | undefined;
}

export interface CommandFile {
  readonly path: string;
  readonly text: string;
}

/** The file that `exec` keeps, checked as every other is. Throws `config` where it would not be right. */
export function commandFile(root: string, plan: CommandPlan): CommandFile {
  const paths = pathsOf(root);
  if (!isCadenceName(plan.name)) throw refuseCadenceName(plan.name);
  if (plan.name.startsWith('bus-')) throw new CadenceError('usage', `${plan.name} belongs to the program`, 'Give it another --name.');
  if (readDefined(root).definitions.some(({ name }) => name === plan.name))
    throw new CadenceError(
      'usage',
      `there is a cadence ${plan.name} already`,
      `Run it with cadence-bus run ${plan.name}, or give this command another --name.`,
    );
  const file = { path: commandPath(paths, plan.name), text: textOf(plan) };
  refuseWrong(plan.name, file, paths);
  return file;
}

/** JSON is YAML. */
function textOf({ argv, cwd, env, retries, delayMs, timeoutMs, idleTimeoutMs }: CommandPlan): string {
  const span = (ms: Ms): string => `${ms}ms`;
  const content = {
    description: `exec: ${argv.join(' ').slice(0, 200)}`,
    run: { command: argv, cwd, ...(env.length === 0 ? {} : { env }) },
    overlap: 'queue',
    timeout: timeoutMs === undefined || timeoutMs === 0 ? 0 : span(timeoutMs),
    idle_timeout: idleTimeoutMs === undefined || idleTimeoutMs === 0 ? 0 : span(idleTimeoutMs),
    // The tries of one call are for this call: its own breaker does not cut them short.
    breaker: { failures: Math.max(3, retries + 1) },
    retry: { attempts: retries + 1, ...(delayMs === undefined ? {} : { delays: [delayMs === 0 ? 0 : span(delayMs)] }) },
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function refuseWrong(name: string, { path, text }: CommandFile, paths: Paths): void {
  const draft = draftCadence(name, path, text, { files: createFiles(), root: paths.root, home: readMachine().home });
  const [problem] = [...draft.problems, ...draft.missing({}).problems];
  if (problem !== undefined) throw new CadenceError('config', formatProblem({ path, ...problem }), 'Correct the command line.');
}

/** Who waits until nothing that bears the name means another command. */
export interface Patience {
  /** A tick of the name is under way, and its next try shall not become ours. */
  readonly onWait: (tick: string) => void;
  readonly leave: AbortSignal;
}

const LOCK_WITHIN_MS = 10_000;

export type Dropped = { readonly kind: 'dropped'; readonly tick: string } | { readonly kind: 'held'; readonly because: string };

/**
 * Keeps the command, and drops its tick. A tick says no more than its name, and every try of it looks up what that means by then:
 * where two lines of a crontab have one name, the file is not written anew before the other's tick has ended.
 */
export async function dropCommand(root: string, name: string, file: CommandFile, { onWait, leave }: Patience): Promise<Dropped> {
  const { commands } = pathsOf(root);
  createFiles().makeDir(commands);
  for (;;) {
    const end = await withLock(`${commands}/.kept`, LOCK_WITHIN_MS, () => dropUnless(root, name, file));
    if (end.kind !== 'later') return end;
    onWait(end.tick);
    await runHere(root, end.tick, undefined, { output: () => undefined, leave }).catch((error: unknown) => {
      throw leave.aborted ? notBegun(root, name, end.tick) : error;
    });
  }
}

/** Written only where it changes something: other processes may be reading it. */
async function dropUnless(root: string, name: string, { path, text }: CommandFile): Promise<Dropped | { readonly kind: 'later'; readonly tick: string }> {
  const hold = commandHold(root, name);
  if (hold !== undefined) return { kind: 'held', because: hold };
  const files = createFiles();
  const found = files.read(path);
  if (found?.kind !== 'text' || found.text !== text) {
    // What waits for a command that cannot be run ends only when another takes its place.
    const earlier = (await commandFault(root, name)) === undefined ? tickUnderWay(root, name) : undefined;
    if (earlier !== undefined) return { kind: 'later', tick: earlier };
    files.write(path, text);
  }
  const fault = await commandFault(root, name);
  if (fault !== undefined) return { kind: 'held', because: fault };
  const { tick } = await createProducer({ root }).enqueue(name, { source: 'exec' });
  return { kind: 'dropped', tick };
}

/** One that was dropped by hand, perhaps for next year, wants the command as it stands then; a call of `exec` wants its own. */
function tickUnderWay(root: string, name: string): string | undefined {
  const { files, names, paths } = createReading(root);
  for (const folder of ['claimed', 'waiting', 'inbox'] as const)
    for (const tick of names(folder)) {
      if (tick.cadence !== name) continue;
      const found = files.read(`${paths[folder]}/${formatTickName(tick)}`, MAX_FILE_BYTES);
      const said = found?.kind === 'text' ? (parseJson(found.text) as { readonly source?: unknown } | null | undefined) : undefined;
      if (said?.source === undefined || said.source === 'exec') return tick.id;
    }
  return undefined;
}

function notBegun(root: string, name: string, earlier: string): CadenceError {
  const at = `${earlier} --root ${shellWord(root)}`;
  return new CadenceError('timeout', `${name} was not begun: another command of that name is under way`, `That one goes on: cadence-bus show ${at}`);
}

/** A root of one's own for commands that belong to no agent: `~/.cadence-bus`. */
export function homeRoot(home: string): string {
  if (home === '' || !home.startsWith('/')) throw new CadenceError('not_found', 'there is no agent root here, and no HOME', 'Name a root with --root.');
  const root = homeRootIn(home);
  createFiles().makeDir(pathsOf(root).cadences);
  return root;
}

/** What the command's own shell would have answered. */
export function exitCodeOf(run: RunRecord): number {
  if (run.status === 'succeeded' || run.status === 'coalesced' || run.status === 'skipped') return 0;
  if (run.exit_code !== null && run.exit_code !== 0) return run.exit_code;
  return 1;
}

export function describeEnd(run: RunRecord): string {
  const tries = run.attempt > 1 ? ` at its ${run.attempt}. try` : '';
  return `${run.cadence} ${run.status === 'dead' ? 'failed' : run.status}${tries} after ${formatDuration(run.duration_ms)}: ${run.reason}`;
}
