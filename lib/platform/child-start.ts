import { closeSync, constants, openSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import crossSpawn from 'cross-spawn';
import type { SpawnSpec } from '../ports.ts';
import { RUN_TAG, shimArguments } from './child-shim.ts';
import { makeFolders } from './folder-making.ts';

/** How the shim itself ended, as its parent sees it; `refused` where it never began. */
export type ShimEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'refused'; readonly words: string };

export interface Shim {
  readonly pid: number | undefined;
  readonly ended: Promise<ShimEnd>;
  /** This process may end before it. */
  leave(): void;
  /** For one that would run others too: this run is its last. */
  retire?(): void;
}

const OUTPUT = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
const INPUT = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Hands the run to a shim that others have had, or starts it `alone`. */
export type Sharing = (spec: SpawnSpec, folder: Stats, alone: () => Shim) => Shim;

/** Starts the shim in a session of its own, its output appended to files. What goes wrong is told in words, for a person who reads the run's record. */
export function startShim(given: SpawnSpec, shared: Sharing): Shim {
  const descriptors: number[] = [];
  // The tag is how a run's people are found, so it is there whatever the environment says.
  const spec = { ...given, env: { ...given.env, [RUN_TAG]: given.runId } };
  try {
    const folder = statSync(spec.cwd, { throwIfNoEntry: false });
    const words = objection(spec, folder);
    if (folder === undefined || words !== undefined) return refused(words ?? noFolder(spec));
    descriptors.push(openOutput(spec.stdoutPath), openOutput(spec.stderrPath));
    if (spec.stdinPath !== undefined) descriptors.push(openSync(spec.stdinPath, INPUT));
    return shared(spec, folder, () => launch(spec, descriptors));
  } catch (error) {
    return refused(inWords(error as NodeJS.ErrnoException));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** Its folder is nearly always there, so it is made where it is not. */
function openOutput(path: string): number {
  try {
    return openSync(path, OUTPUT, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolders(dirname(path));
    return openSync(path, OUTPUT, 0o600);
  }
}

function launch(spec: SpawnSpec, [stdout, stderr, stdin]: readonly number[]): Shim {
  const child = crossSpawn('/bin/sh', [...shimArguments(spec.runDir, spec.argv)], {
    cwd: spec.cwd,
    env: spec.env,
    detached: true,
    stdio: [stdin ?? 'ignore', stdout, stderr],
  });
  const ended = new Promise<ShimEnd>((end) => {
    child.once('error', (error) => end({ kind: 'refused', words: inWords(error) }));
    child.once('exit', (code, signal) => end(code === null ? { kind: 'killed', signal: String(signal) } : { kind: 'exited', code }));
  });
  return { pid: child.pid, ended, leave: () => child.unref() };
}

function refused(words: string): Shim {
  return { pid: undefined, ended: Promise.resolve({ kind: 'refused', words }), leave: () => undefined };
}

/** What the system would say in a misleading way: for a missing folder it names the program. */
function objection(spec: SpawnSpec, folder: Stats | undefined): string | undefined {
  const program = spec.argv[0];
  if (program === undefined || program === '') return 'there is no program to start';
  if (program.startsWith('-')) return `"${program}" is no name of a program`;
  if (folder === undefined) return noFolder(spec);
  if (!folder.isDirectory()) return `its folder ${spec.cwd} is not a folder`;
  if (program.includes('/') && statSync(resolve(spec.cwd, program), { throwIfNoEntry: false }) === undefined) return `there is no program ${program}`;
  return undefined;
}

function noFolder({ cwd }: SpawnSpec): string {
  return `its folder ${cwd} does not exist`;
}

const WORDS: Readonly<Record<string, string>> = {
  E2BIG: 'its arguments and its environment are longer than the system allows',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the system has too many files open',
  EAGAIN: 'the system allows no more processes',
  ENOMEM: 'there is not enough memory',
  ENOSPC: 'the disk is full',
  ELOOP: 'a symlink stands where a file of ours belongs',
};

function inWords(error: NodeJS.ErrnoException): string {
  const words = WORDS[error.code ?? ''];
  return words === undefined ? error.message : `${words} (${error.code})`;
}
