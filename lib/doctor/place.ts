import { type Check, fail, ok, warn } from './check.ts';
import { shellWord } from './wording.ts';

export interface PlaceDeps {
  /** The root as it is named, and as it really is. */
  readonly root: string;
  readonly realRoot: () => string;
  readonly home: string;
  readonly platform: string;
}

const CLOUDS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['iCloud Drive', /\/Library\/Mobile Documents(?:\/|$)/],
  ['Dropbox', /\/Dropbox(?: \([^/]+\))?(?:\/|$)/],
  ['OneDrive', /\/OneDrive(?: ?- ?[^/]+)?(?:\/|$)/],
  ['Google Drive', /\/(?:Google ?Drive|My Drive|GoogleDrive-[^/]+)(?:\/|$)/],
  ['a cloud', /\/CloudStorage\//],
];

/**
 * What syncs a folder moves, renames and evicts files behind the owner's back and shows them to a second machine. And macOS
 * keeps what launchd starts out of the user's Desktop and Documents.
 */
export function createPlaceCheck({ root, realRoot, home, platform }: PlaceDeps): Check {
  return {
    id: 'place',
    title: 'Place',
    async inspect() {
      const ways = [...new Set([root, realRoot()])];
      const elsewhere = `mv ${shellWord(root)} ${shellWord(`${home}/${root.slice(root.lastIndexOf('/') + 1)}`)}`;
      const cloud = CLOUDS.find(([, pattern]) => ways.some((way) => pattern.test(way)));
      if (cloud !== undefined) return fail(`${root} is synced by ${cloud[0]}: ticks would be lost, doubled or run on two machines`, elsewhere);
      const kept = ['Desktop', 'Documents'].find((name) => ways.some((way) => `${way}/`.startsWith(`${home}/${name}/`)));
      if (kept !== undefined && platform === 'darwin') return warn(`launchd may not read ~/${kept}: a bus that it starts would fail there`, elsewhere);
      return ok(`${root} is synced by nobody`);
    },
  };
}
