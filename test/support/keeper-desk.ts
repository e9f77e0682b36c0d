import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, parseAnswer } from './cli.ts';
import { type CliEnd, type CliProcess, childrenOf, killQuietly, startCli } from './owner-cli.ts';
import { tempRoot } from './temp-root.ts';

const PROGRAMS = fileURLToPath(new URL('../fixtures/keepers', import.meta.url));

/** A root and a home of their own, where launchd or systemd is a program of the tests', found first on the PATH, that really starts what it is handed. */
export interface KeeperDesk {
  readonly root: string;
  readonly home: string;
  /** Where the stand-ins lie; first on the PATH. */
  readonly bin: string;
  /** Where the keeper looks for files. */
  readonly folder: string;
  cadence(name: string, text: string): void;
  tell(words: readonly string[], env?: Readonly<Record<string, string>>, root?: string): Promise<CliEnd>;
  /** A command that goes on. */
  begin(...words: readonly string[]): CliProcess;
  ask(...words: readonly string[]): Promise<Answer>;
  /** From now on the keeper refuses calls with these words in them; undefined: it does no more. */
  refuse(part: string | undefined, code?: number, message?: string): void;
  /** The keeper has forgotten the job that this file is of. */
  lose(file: string): void;
  /** A mark that changes what the keeper is. */
  mark(name: string): void;
  /** Names of the files that the keeper reads, without the stem of the root. */
  files(): readonly string[];
  read(file: string): string;
}

export function createKeeperDesk(kind: 'launchd' | 'systemd', name = 'my "büro" 100% & $HOME'): KeeperDesk {
  // Before the folder is removed, which is an `after` of its own.
  after(() => endAll(state, root));
  const base = tempRoot('cb-keeper-');
  const [root, home, bin, state] = [join(base, name), join(base, 'home'), join(base, 'bin'), join(base, 'keeper')];
  for (const folder of [join(root, 'cadences'), home, bin, state]) mkdirSync(folder, { recursive: true });
  const programs = kind === 'launchd' ? ['launchctl'] : ['systemctl'];
  for (const program of ['launchctl', 'systemctl', 'loginctl']) {
    const line = programs.includes(program) ? `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(join(PROGRAMS, `${program}.mjs`))} "$@"` : 'exit 1';
    writeFileSync(join(bin, program), `#!/bin/sh\n${line}\n`);
    chmodSync(join(bin, program), 0o755);
  }
  const folder = kind === 'launchd' ? join(home, 'Library', 'LaunchAgents') : join(home, '.config', 'systemd', 'user');
  function begin(words: readonly string[], env: Readonly<Record<string, string>>, at: string): CliProcess {
    const own = { HOME: home, PATH: `${bin}:${process.env.PATH ?? ''}`, KEEPER_STATE: state, XDG_RUNTIME_DIR: home };
    return startCli([...words, '--root', at], { env: { ...own, ...env } });
  }

  const tell: KeeperDesk['tell'] = (words, env = {}, at = root) => begin(words, env, at).ended;

  return {
    root,
    home,
    bin,
    folder,
    tell,
    begin: (...words) => begin(words, {}, root),
    cadence: (name, text) => writeFileSync(join(root, 'cadences', `${name}.yaml`), text),
    async ask(...words) {
      const { code, stdout, stderr } = await tell([...words, '--json']);
      return parseAnswer({ code: code ?? -1, stdout, stderr });
    },
    refuse(part, code = 1, message = 'refused') {
      if (part === undefined) rmSync(join(state, 'refuse'), { force: true });
      else writeFileSync(join(state, 'refuse'), `${part}\t${code}\t${message}\n`);
    },
    lose(file) {
      for (const one of readdirSync(state)) if (one.endsWith(`.${file}.json`)) rmSync(join(state, one));
    },
    mark: (name) => writeFileSync(join(state, name), ''),
    files: () => (existsSync(folder) ? readdirSync(folder) : []).map((file) => file.replace(/^cadence-bus\.[a-z0-9-]+\./, '')).sort(),
    read: (file) => {
      const found = readdirSync(folder).find((one) => one.endsWith(`.${file}`));
      if (found === undefined) throw new Error(`there is no ${file}`);
      return readFileSync(join(folder, found), 'utf8');
    },
  };
}

/** Whoever was started and has not ended. */
function endAll(state: string, root: string): void {
  for (const file of readdirSync(state)) {
    const text = file.startsWith('pid-') && !file.endsWith('.exit') ? readFileSync(join(state, file), 'utf8').trim() : '';
    if (text !== '' && !existsSync(join(state, `${file}.exit`))) killQuietly(Number(text));
  }
  for (const pid of childrenOf(root)) killQuietly(pid);
}
