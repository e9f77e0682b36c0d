import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { uptime } from 'node:os';
import { type Paths, pathsOf } from '../core/paths.ts';
import { RUN_TAG } from './child-shim.ts';
import { folderAt } from './folder-identity.ts';

/** One process as the system lists it. A pid alone is no identity: it is used again. A pid with its start is. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly startedAt: string;
  readonly state: 'alive' | 'stopped' | 'zombie';
}

export interface ProcessTable {
  all(): Promise<readonly ProcessEntry[]>;
  /** Those of `pids` that exist. */
  among(pids: Iterable<number>): Promise<readonly ProcessEntry[]>;
  /** Those of `pids` (of all, where none are named) whose environment carries the tag of this run, and names no other root. Other people's processes are not readable. */
  tagged(runId: string, pids?: Iterable<number>): Promise<ReadonlySet<number>>;
  /** Command lines, their words separated by spaces; none of who has gone. */
  commands(pids: Iterable<number>): Promise<ReadonlyMap<number, string>>;
  /** How much of the memory of the machine each holds; none of who has gone. */
  residentBytes(pids: Iterable<number>): Promise<ReadonlyMap<number, number>>;
  /** Pids that came to be within the last `ms`, and after the first child of the shim `pid` where one is named: some may be
   *  gone, or mere threads. undefined where the system cannot say that cheaply. */
  youngerThan(ms: number, pid?: number): readonly number[] | undefined;
  /** The pid that was given out last; undefined where the system does not say. */
  latest(): number | undefined;
}

const TICKS_PER_SECOND = 100; // USER_HZ: the same on every architecture that Node runs on.

/** Pids are given out upwards, and within this time they hardly come round; so a short run's people need not be looked at for their age. */
const COUNTED_UP_MS = 5000;
/** So many pids are asked for one by one; what is beyond is looked up in the list of all. */
const ASKED_PIDS = 256;

export function createProcessTable(source: 'proc' | 'ps' = existsSync('/proc/self/stat') ? 'proc' : 'ps', isHome: IsHome = () => true): ProcessTable {
  return source === 'proc' ? procTable(isHome) : psTable(isHome);
}

/** Whether a process whose environment names this root may be of a run of ours. */
export type IsHome = (root: string) => boolean;

const ROOT_TAG = 'CADENCE_ROOT';

/**
 * The ids of slots and keys are the same in every root, so a run of another root may bear the id of one of ours. One whose
 * root is there no more is ours: it was moved since.
 */
export function isHomeOf({ running }: Pick<Paths, 'running'>): IsHome {
  return (root) => {
    const there = folderAt(pathsOf(root).running);
    return there === undefined || there === folderAt(running);
  };
}

// ── Linux: /proc ───────────────────────────────────────────────────────────────────────────────────────────────────

function procTable(isHome: IsHome): ProcessTable {
  return {
    all: async () => entries(procPids()),
    among: async (pids) => entries(pids),
    tagged: async (runId, pids) => {
      const found = new Set([...(pids ?? procPids())].filter((pid) => carriesTag(pid, runId, isHome)));
      // A thread can be asked like a process, and answers for it; only the list leaves it out.
      return found.size === 0 ? found : new Set(procPids().filter((pid) => found.has(pid)));
    },
    commands: async (pids) => new Map([...pids].map((pid) => [pid, (readProc(pid, 'cmdline')?.toString() ?? '').split('\0').join(' ').trim()])),
    residentBytes: async (pids) => new Map([...pids].flatMap((pid) => residentOf(pid))),
    latest: lastPid,
    youngerThan: (ms, pid) => {
      const last = lastPid();
      if (pid !== undefined && ms < COUNTED_UP_MS && last >= pid) return bornAfter(pid + 1, last);
      const sinceTicks = (uptime() - ms / 1000) * TICKS_PER_SECOND;
      return entries(procPids())
        .filter((entry) => Number(entry.startedAt) >= sinceTicks)
        .map((entry) => entry.pid);
    },
  };
}

function procPids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Where few were given out since, none of them being alive is the rule, and the list of all is not made for it. */
function bornAfter(pid: number, last: number): readonly number[] {
  if (last - pid > ASKED_PIDS) return procPids().filter((other) => other > pid);
  return Array.from({ length: Math.max(0, last - pid) }, (_none, n) => pid + 1 + n).filter((other) => existsSync(`/proc/${other}`));
}

/** Opened once, and read anew each time: it is asked for twice a run. */
let loadFile: number | undefined;
const loadLine = Buffer.alloc(128);

/** The last field: the pid that was given out last. */
function lastPid(): number {
  loadFile ??= openSync('/proc/loadavg', 'r');
  const line = loadLine.toString('latin1', 0, readSync(loadFile, loadLine, 0, loadLine.length, 0));
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

function entries(pids: Iterable<number>): readonly ProcessEntry[] {
  return [...pids]
    .map(readStat)
    .map((stat) => (stat === undefined ? undefined : parseProcStat(stat)))
    .filter((entry) => entry !== undefined);
}

/** `pid (name) state ppid pgrp … starttime(22)`; the name may hold spaces and brackets, so everything is counted from its last `)`. */
export function parseProcStat(text: string): ProcessEntry | undefined {
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const [state, parent, group, startedAt] = [fields[0], Number(fields[1]), Number(fields[2]), fields[19]];
  if (!Number.isSafeInteger(pid) || state === undefined || startedAt === undefined) return undefined;
  return { pid, parent, group, startedAt, state: stateOf(state) };
}

function residentOf(pid: number): readonly (readonly [pid: number, bytes: number])[] {
  const found = /^VmRSS:\s*(\d+) kB$/m.exec(readProc(pid, 'status')?.toString() ?? '');
  return found === null ? [] : [[pid, Number(found[1]) * 1024]];
}

function carriesTag(pid: number, runId: string, isHome: IsHome): boolean {
  const environ = readProc(pid, 'environ');
  if (environ === undefined || !`\0${environ.toString('latin1')}`.includes(`\0${RUN_TAG}=${runId}\0`)) return false;
  const root = environ
    .toString()
    .split('\0')
    .find((word) => word.startsWith(`${ROOT_TAG}=`));
  return root === undefined || isHome(root.slice(ROOT_TAG.length + 1));
}

/** A line of some fifty numbers. To read it as a file whose size nobody knows would take 64 KiB for each, and processes are looked at by the hundred. */
const statLine = Buffer.alloc(4096);

function readStat(pid: number): string | undefined {
  return unlessGone(() => {
    const fd = openSync(`/proc/${pid}/stat`, 'r');
    try {
      return statLine.toString('utf8', 0, readSync(fd, statLine, 0, statLine.length, 0));
    } finally {
      closeSync(fd);
    }
  });
}

function readProc(pid: number, file: 'environ' | 'cmdline' | 'status'): Buffer | undefined {
  return unlessGone(() => readFileSync(`/proc/${pid}/${file}`));
}

/** undefined: the process has gone, or it is none of ours. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

// ── macOS and others: ps ───────────────────────────────────────────────────────────────────────────────────────────

const COLUMNS = 'pid=,ppid=,pgid=,stat=,lstart=';

function psTable(isHome: IsHome): ProcessTable {
  return {
    all: async () => parsePsList(await ps(['-A', '-o', COLUMNS])),
    among: async (pids) => parsePsList(await psOf(pids, ['-o', COLUMNS])),
    tagged: async (runId, pids) => {
      const wanted = pids === undefined ? undefined : new Set(pids);
      const all = parseTagged(await ps(process.platform === 'darwin' ? ['-x', '-Eww', '-o', 'pid=,command='] : ['xeww', '-o', 'pid=,command=']), runId, isHome);
      return wanted === undefined ? all : new Set([...all].filter((pid) => wanted.has(pid)));
    },
    commands: async (pids) => parseCommands(await psOf(pids, ['-ww', '-o', 'pid=,command='])),
    residentBytes: async (pids) =>
      new Map([...parseCommands(await psOf(pids, ['-o', 'pid=,rss=']))].map(([pid, kilobytes]) => [pid, Number(kilobytes) * 1024])),
    youngerThan: () => undefined,
    latest: () => undefined,
  };
}

/** Nothing on a failure: ps answers 1 where no process matches, and a tree that cannot be listed is stopped by what else is known of it. */
function ps(args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('ps', [...args], { env: { PATH: process.env.PATH ?? '/bin:/usr/bin', LC_ALL: 'C' }, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}

/** An empty list means everybody to some, and is an error to others. */
async function psOf(pids: Iterable<number>, args: readonly string[]): Promise<string> {
  const named = [...pids].join(',');
  return named === '' ? '' : ps([...args, '-p', named]);
}

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S.*\S)\s*$/;

export function parsePsList(text: string): readonly ProcessEntry[] {
  return text
    .split('\n')
    .map((line) => PS_LINE.exec(line))
    .filter((found) => found !== null)
    .map(([, pid, parent, group, state, startedAt]) => ({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      startedAt: startedAt as string,
      state: stateOf(state as string),
    }));
}

function parseCommands(text: string): ReadonlyMap<number, string> {
  const lines = text.split('\n').map((line) => /^\s*(\d+)\s+(.*\S)/.exec(line));
  return new Map(lines.filter((found) => found !== null).map((found) => [Number(found[1]), found[2] as string]));
}

/** ps shows the environment behind the command, word by word; a run id holds no space, and a root ends where the next variable begins. */
export function parseTagged(text: string, runId: string, isHome: IsHome = () => true): ReadonlySet<number> {
  const word = ` ${RUN_TAG}=${runId} `;
  const isOurs = (line: string): boolean => {
    const root = ROOT_WORD.exec(line)?.[1];
    return `${line} `.includes(word) && (root === undefined || isHome(root));
  };
  return new Set(
    text
      .split('\n')
      .filter(isOurs)
      .map((line) => Number.parseInt(line, 10)),
  );
}

const ROOT_WORD = / CADENCE_ROOT=(.*?)(?: [A-Za-z_][A-Za-z0-9_]*=|$)/;

function stateOf(letters: string): ProcessEntry['state'] {
  if (letters.startsWith('Z') || letters.startsWith('X')) return 'zombie';
  return letters.startsWith('T') || letters.startsWith('t') ? 'stopped' : 'alive';
}
