import { join } from 'node:path';
import { CadenceError } from '../core/error.ts';
import { ANSWER_WITHIN_MS, DEED_WITHIN_MS, type Entry, type Keeper, type KeeperDeps, type Said, type Seen, unknown, wordsOf } from './keeper.ts';
import { launchdPlist } from './launchd-plist.ts';
import { readDisabled, readPrint } from './launchd-print.ts';

/** What launchctl's numbers mean, for `launchctl error` itself says little more than their name. */
const MEANINGS: Readonly<Record<number, string>> = {
  5: 'it is loaded already, or its property list is not as launchd wants it',
  37: 'launchd is still busy with it',
  119: 'it is disabled; launchctl enable takes that back',
  125: 'there is no session at the screen of this user',
};
const NO_SUCH = [3, 113];
const NOT_OVER = 36;
const BUSY = 37;
const TRIES = 50;
const BETWEEN_MS = 200;

export function createLaunchd(deps: KeeperDeps): Keeper {
  const { hear, pause, uid } = deps;
  const folder = join(deps.home, 'Library', 'LaunchAgents');
  const domains = [`gui/${uid}`, `user/${uid}`] as const;
  const ctl = (words: readonly string[], withinMs = ANSWER_WITHIN_MS): Promise<Said> => hear(['launchctl', ...words], withinMs);
  const pathOf = (label: string): string => join(folder, `${label}.plist`);

  /** Where it is loaded, with what is said of it there; undefined: nowhere. */
  async function find(label: string): Promise<{ readonly domain: string; readonly text: string } | undefined> {
    for (const domain of domains) {
      const said = await ctl(['print', `${domain}/${label}`]);
      if (said.code === 0) return { domain, text: said.stdout };
      if (said.code === null) throw refusal(`print ${domain}/${label}`, said);
    }
    return undefined;
  }

  /** The session at the screen, where there is one: what it starts can see the keychain. */
  async function homeDomain(): Promise<string> {
    return (await ctl(['print', domains[0]])).code === 0 ? domains[0] : domains[1];
  }

  async function until(label: string, isThere: boolean): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (((await find(label)) !== undefined) === isThere) return;
      await pause(BETWEEN_MS);
    }
    throw new CadenceError('io', `launchd does not ${isThere ? 'take' : 'let go of'} ${label}`, `Look with: launchctl print ${domains[0]}/${label}`);
  }

  async function bootstrap(label: string): Promise<void> {
    let domain = await homeDomain();
    for (let tries = 0; ; tries += 1) {
      await ctl(['enable', `${domain}/${label}`]);
      const said = await ctl(['bootstrap', domain, pathOf(label)], DEED_WITHIN_MS);
      if (said.code === 0) return;
      if (said.code === 125 && domain !== domains[1]) domain = domains[1];
      else if (!(said.code === BUSY || said.code === 5) || tries >= 5) throw refusal(`bootstrap ${domain}`, said);
      else if ((await find(label)) !== undefined) await bootout(label);
      else await pause(BETWEEN_MS);
    }
  }

  async function bootout(label: string): Promise<void> {
    for (const domain of domains) {
      const said = await ctl(['bootout', `${domain}/${label}`], DEED_WITHIN_MS);
      const isGone = said.code === 0 || said.code === NOT_OVER || said.code === 125 || NO_SUCH.includes(said.code ?? 0);
      if (!isGone && (await find(label)) !== undefined) throw refusal(`bootout ${domain}/${label}`, said);
    }
    await until(label, false);
  }

  async function lookAt({ label, role }: Entry, disabled: ReadonlySet<string>): Promise<Seen> {
    const found = await find(label);
    if (found !== undefined) return readPrint(found.text, role);
    const isOff = disabled.has(label);
    return { ...unknown(isOff ? 'launchctl disable was said of it' : 'launchd does not know it'), state: isOff ? 'disabled' : 'not_loaded' };
  }

  return {
    kind: 'launchd',
    folder,
    async absence() {
      const said = await ctl(['print', domains[1]]);
      if (said.code === 0) return undefined;
      return { because: `launchctl does not answer here: ${wordsOf(said)}`, hint: 'Run it as the user who is to own the bus, not through sudo.' };
    },
    filesOf: (job) => [{ path: pathOf(job.label), text: launchdPlist(job, deps.nowMs()) }],
    fileNames: ({ label }) => [`${label}.plist`],
    reread: async () => undefined,
    async load({ label }) {
      if ((await find(label)) !== undefined) await bootout(label);
      await bootstrap(label);
      await until(label, true);
    },
    unload: ({ label }) => bootout(label),
    async start({ label }) {
      const found = await find(label);
      const target = `${found?.domain ?? (await homeDomain())}/${label}`;
      const said = await ctl(['kickstart', target], DEED_WITHIN_MS);
      if (said.code !== 0) throw refusal(`kickstart ${target}`, said);
    },
    async look(entries) {
      const told = await Promise.all(domains.map((domain) => ctl(['print-disabled', domain])));
      const disabled = new Set(told.flatMap(({ code, stdout }) => (code === 0 ? [...readDisabled(stdout)] : [])));
      return Promise.all(entries.map((entry) => orUnknown(lookAt(entry, disabled))));
    },
    advice: async () => '',
  };
}

async function orUnknown(looking: Promise<Seen>): Promise<Seen> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof CadenceError)) throw error;
    return unknown(error.message);
  }
}

function refusal(deed: string, said: Said): CadenceError {
  const meaning = said.code === null ? undefined : MEANINGS[said.code];
  return new CadenceError(
    'io',
    `launchctl ${deed} failed: ${wordsOf(said)}${meaning === undefined ? '' : ` (${said.code}: ${meaning})`}`,
    'See cadence-bus doctor.',
  );
}
