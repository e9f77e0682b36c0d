import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after } from 'node:test';
import { canonicalName, deadName, type Expectation, type HostileCase, type HostileYard, tickText } from './hostile-cases.ts';
import { tempRoot } from './temp-root.ts';

const isRoot = process.getuid?.() === 0;

/** Under each of these a regular file would be opened by another part of the program. */
const NAMES = ['odd.json', canonicalName(), deadName('exhausted'), 'odd.ndjson'] as const;
const everywhere = (
  name: string,
  make: (yard: HostileYard, path: string) => void | Promise<void>,
  expect: Expectation = 'dead rejected',
): readonly HostileCase[] => NAMES.map((file) => ({ name: `${name}, called ${file}`, expect, make: (yard) => make(yard, `${yard.inbox}/${file}`) }));

const LINKS: readonly HostileCase[] = [
  ...everywhere('a symlink out of the root', (yard, path) => symlinkSync(yard.canary, path)),
  ...everywhere('a symlink to a folder outside', (yard, path) => symlinkSync(`${yard.outside}/folder`, path)),
  ...everywhere('a symlink to itself', (_yard, path) => symlinkSync(path, path)),
  ...everywhere('a dangling symlink', (yard, path) => symlinkSync(`${yard.outside}/nothing`, path)),
  ...everywhere('a symlink to the inbox', (yard, path) => symlinkSync(yard.inbox, path)),
  ...everywhere('a symlink to a device that never ends', (_yard, path) => symlinkSync('/dev/zero', path)),
  ...everywhere('a symlink to the standard input', (_yard, path) => symlinkSync('/dev/stdin', path)),
  ...everywhere('a symlink with a relative way out', (_yard, path) => symlinkSync('../../../../../../../../etc/hostname', path)),
  ...everywhere('a chain of symlinks out of the root', (yard, path) => {
    symlinkSync(yard.canary, `${yard.outside}/one`);
    symlinkSync(`${yard.outside}/one`, `${yard.outside}/two`);
    symlinkSync(`${yard.outside}/two`, path);
  }),
  {
    name: 'a ring of two symlinks',
    expect: { rejected: 2 },
    make({ inbox }) {
      symlinkSync(`${inbox}/b.json`, `${inbox}/a.json`);
      symlinkSync(`${inbox}/a.json`, `${inbox}/b.json`);
    },
  },
  { name: 'a symlink to a good tick in the inbox', expect: { runs: 1, rejected: 1 }, make: linkToGood },
  { name: 'a symlink without a tick’s ending', expect: 'left', make: ({ canary, inbox }) => symlinkSync(canary, `${inbox}/odd`) },
];

function linkToGood({ inbox }: HostileYard): void {
  writeFileSync(`${inbox}/good.json`, tickText());
  symlinkSync(`${inbox}/good.json`, `${inbox}/link.json`);
}

/** A tick that lies dead, and one more name of it in the inbox. Its dead text must stay what it is. */
const HARD_LINKS: readonly HostileCase[] = ['odd.json', canonicalName(), deadName('exhausted'), deadName('permanent')].map((file) => ({
  name: `a hard link to a dead tick, called ${file}`,
  expect: 'runs',
  make({ bus, inbox, outside }) {
    const dead = `${bus.paths.dlq}/${deadName('exhausted')}`;
    writeFileSync(dead, tickText({ dead: { reason: 'exhausted', attempts: 2 } }));
    linkSync(dead, `${outside}/witness.json`);
    linkSync(dead, `${inbox}/${file}`);
  },
}));

async function listen(yard: HostileYard, path: string): Promise<void> {
  const server = createServer();
  const short = `${yard.outside}/s`;
  await new Promise<void>((resolve) => server.listen(short, resolve));
  after(() => server.close());
  renameSync(short, path);
}

function device(kind: 'c' | 'b', major: number, minor: number, path: string): void {
  execFileSync('mknod', [path, kind, String(major), String(minor)], { stdio: 'pipe' });
}

/** Not every root may make device nodes. */
const canMakeDevices = ((): boolean => {
  try {
    device('c', 1, 3, `${tempRoot('cb-device-')}/null`);
    return true;
  } catch (error) {
    if (typeof (error as { status?: unknown }).status === 'number') return false;
    throw error;
  }
})();

const SPECIAL: readonly HostileCase[] = [
  ...everywhere('a FIFO that nobody writes to', (_yard, path) => void execFileSync('mkfifo', [path])),
  ...everywhere('a Unix socket', listen),
  ...everywhere('an empty folder', (_yard, path) => void mkdirSync(path)),
  ...everywhere('a folder with a tick in it', (_yard, path) => {
    mkdirSync(`${path}/deep/deeper`, { recursive: true });
    writeFileSync(`${path}/deep/deeper/x.json`, tickText());
  }),
  ...everywhere('a folder that nobody may enter', (_yard, path) => void mkdirSync(path, { mode: 0 })),
  ...everywhere('a folder with a symlink out of the root', (yard, path) => {
    mkdirSync(path);
    symlinkSync(yard.canary, `${path}/x.json`);
  }),
  { name: 'a FIFO without a tick’s ending', expect: 'left', make: ({ inbox }) => void execFileSync('mkfifo', [`${inbox}/odd`]) },
  { name: 'a folder without a tick’s ending', expect: 'left', make: ({ inbox }) => void mkdirSync(`${inbox}/odd`) },
  { name: 'a hidden folder', expect: 'left', make: ({ inbox }) => void mkdirSync(`${inbox}/.git`) },
  ...(canMakeDevices
    ? [
        ...everywhere('a device that is always empty', (_yard, path) => device('c', 1, 3, path)),
        ...everywhere('a device that never ends', (_yard, path) => device('c', 1, 5, path)),
        ...everywhere('a device that nobody drives', (_yard, path) => device('c', 250, 200, path)),
        ...everywhere('a disk that is not there', (_yard, path) => device('b', 250, 200, path)),
        ...everywhere('a terminal', (_yard, path) => device('c', 5, 0, path)),
      ]
    : []),
];

const write = (path: string): void => writeFileSync(path, path.includes('.exhausted.') ? tickText({ dead: { attempts: 2 } }) : tickText());

const MODES: readonly HostileCase[] = [
  ...everywhere(
    'a file that nobody may read',
    (_yard, path) => {
      write(path);
      chmodSync(path, 0);
    },
    isRoot ? 'runs' : 'dead rejected',
  ),
  ...[0o200, 0o400, 0o444, 0o777, 0o4755, 0o2755, 0o1644].map(
    (mode): HostileCase => ({
      name: `a tick of mode ${mode.toString(8)}`,
      expect: isRoot || (mode & 0o400) !== 0 ? 'runs' : 'dead rejected',
      make({ inbox }) {
        write(`${inbox}/odd.json`);
        chmodSync(`${inbox}/odd.json`, mode);
      },
    }),
  ),
  ...(isRoot
    ? everywhere(
        'a file of somebody else',
        (_yard, path) => {
          write(path);
          chownSync(path, 54_321, 54_321);
          chmodSync(path, 0o600);
        },
        'runs',
      )
    : []),
];

const TIMES: readonly HostileCase[] = [0, -86_400, 1, 4_102_444_800, 32_503_680_000].flatMap((seconds) => [
  ...everywhere(
    `a tick of the second ${seconds}`,
    (_yard, path) => {
      write(path);
      utimesSync(path, seconds, seconds);
    },
    'runs',
  ),
  ...['odd.json', canonicalName(), deadName('exhausted')].map(
    (file): HostileCase => ({
      name: `half a tick of the second ${seconds}, called ${file}`,
      expect: 'dead malformed',
      make({ inbox }) {
        writeFileSync(`${inbox}/${file}`, '{"cadence":"nigh');
        utimesSync(`${inbox}/${file}`, seconds, seconds);
      },
    }),
  ),
]);

export const THING_CASES: readonly HostileCase[] = [...LINKS, ...HARD_LINKS, ...SPECIAL, ...MODES, ...TIMES];
