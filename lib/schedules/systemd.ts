import { join } from 'node:path';
import { CadenceError } from '../core/error.ts';
import type { JobFile } from './job.ts';
import { ANSWER_WITHIN_MS, DEED_WITHIN_MS, type Entry, type Keeper, type KeeperDeps, type Said, unknown, wordsOf } from './keeper.ts';
import { PROPERTIES, readShow, readUnits } from './systemd-show.ts';
import { systemdUnits } from './systemd-unit.ts';

export function createSystemd(deps: KeeperDeps): Keeper {
  const { hear } = deps;
  const config = deps.env.XDG_CONFIG_HOME;
  const folder = join(config?.startsWith('/') === true ? config : join(deps.home, '.config'), 'systemd', 'user');
  const ctl = (words: readonly string[], withinMs = ANSWER_WITHIN_MS): Promise<Said> => hear(['systemctl', '--user', ...words], withinMs);

  async function order(...words: readonly string[]): Promise<void> {
    const said = await ctl(words, DEED_WITHIN_MS);
    if (said.code !== 0) throw new CadenceError('io', `systemctl --user ${words.join(' ')} failed: ${wordsOf(said)}`, 'See cadence-bus doctor.');
  }

  return {
    kind: 'systemd',
    folder,
    async absence() {
      const said = await ctl(['show-environment']);
      return said.code === 0 ? undefined : { because: `systemctl --user does not answer here: ${wordsOf(said)}`, hint: hintOf(said, deps.uid) };
    },
    filesOf(job) {
      const { service, timer } = systemdUnits(job);
      const files: JobFile[] = [{ path: join(folder, `${job.label}.service`), text: service }];
      return timer === undefined ? files : [...files, { path: join(folder, `${job.label}.timer`), text: timer }];
    },
    fileNames: ({ label, role }) => (hasTimer(role) ? [`${label}.service`, `${label}.timer`] : [`${label}.service`]),
    reread: () => order('daemon-reload'),
    async load(entry) {
      if (isAsked(entry)) return;
      const unit = unitOf(entry);
      await order('enable', unit);
      // A failed one is not started again before it is forgotten that it failed.
      await ctl(['reset-failed', unit]);
      await order('restart', unit);
    },
    async unload(entry) {
      const unit = unitOf(entry);
      const { stdout } = await ctl(['show', '--property=Id,LoadState', unit]);
      if (/^LoadState=not-found$/m.test(stdout)) return;
      await order(...(isAsked(entry) ? ['stop'] : ['disable', '--now']), unit);
      await ctl(['reset-failed', unit]);
    },
    async start({ label }) {
      await ctl(['reset-failed', `${label}.service`]);
      await order('start', `${label}.service`);
    },
    async look(entries) {
      const names = entries.flatMap(({ label, role }) => (hasTimer(role) ? [`${label}.service`, `${label}.timer`] : [`${label}.service`]));
      if (names.length === 0) return [];
      const said = await ctl(['show', `--property=${PROPERTIES}`, '--', ...names]);
      if (said.code !== 0) return entries.map(() => unknown(`systemctl --user does not answer: ${wordsOf(said)}`));
      const units = readShow(said.stdout);
      return entries.map((entry) => readUnits(units, entry));
    },
    async advice() {
      const said = await hear(['loginctl', 'show-user', String(deps.uid), '--property=Linger'], ANSWER_WITHIN_MS);
      return said.code === 0 && said.stdout.trim() === 'Linger=no' ? LINGER : '';
    },
  };
}

const LINGER = 'systemd ends all of this when you log out, and begins it when you log in; to keep it going: loginctl enable-linger';

function hasTimer(role: Entry['role']): boolean {
  return role === 'timer' || role === 'heartbeat';
}

/** It has no time of its own. */
function isAsked({ role }: Entry): boolean {
  return role === 'probe' || role === 'inside';
}

function unitOf({ label, role }: Entry): string {
  return hasTimer(role) ? `${label}.timer` : `${label}.service`;
}

function hintOf({ code, stderr }: Said, uid: number): string {
  if (code === null) return 'There is no systemd here, or it hangs. Without it: cadence-bus install --scheduler builtin';
  if (/bus|medium|XDG_RUNTIME_DIR/i.test(stderr))
    return `No systemd runs for this user (${uid}). Log in as this user, not with su or sudo; or: loginctl enable-linger. Without it: cadence-bus install --scheduler builtin`;
  return 'Without systemd: cadence-bus install --scheduler builtin';
}
