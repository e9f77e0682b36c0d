import type { Chance } from './world/chance.ts';
import type { Behaviour } from './world/children.ts';

/**
 * More cadences, for the stories that are told since these kinds are there: a handler that takes its time, a choice of two agents, and a
 * ladder of rule, program, agent and person. The last two share a workspace.
 */
export const LASTING = '/sim/handlers/lasting.mjs';

export const WIDE_CADENCES: Readonly<Record<string, string>> = {
  'lasting.yaml': `run: { inline: ${LASTING} }\ntimeout: 1m\nkill_grace: 5s\noverlap: queue\nretry: { attempts: 2, delays: [5s] }\n`,
  'choosy.md':
    '---\nagents: [{ claude: {} }, { agent: { command: [spare], output: json } }]\nworkspace: /sim/shop\nretry: { attempts: 2, delays: [20s] }\n---\nChoose.\n',
  'mended.yaml': `run: { command: [mended], env: { BATCH: 8 } }
workspace: /sim/shop
retry: { attempts: 3, delays: [10s] }
breaker: { failures: 5, open: 2m, max_open: 8m }
heal: { escalate_after: 2 }
on_failure:
  - { when: exit, restart_with_env: { BATCH: half } }
  - { when: exit, command: [mend] }
  - { agent: { timeout: 2m, max_usd: 0.5 } }
  - { notify: true }
`,
};

const SECOND = 1000;
const MINUTE = 60_000;

/** What the programs among them do; undefined: it is none of them. */
export function behaveWide(program: string, chance: Chance, isCalm: boolean): Behaviour | undefined {
  switch (program) {
    case 'spare':
      return spare(isCalm ? { lastsMs: 500, code: 0 } : { lastsMs: chance.int(500, 2 * MINUTE), code: chance.pick([0, 0, 0, 1]) });
    case 'mended':
      return isCalm ? plain(500, 0) : plain(chance.int(100, 20 * SECOND), chance.pick([0, 1, 1, 1, 4]));
    case 'mend':
      return isCalm ? plain(500, 0) : plain(chance.int(100, 30 * SECOND), chance.pick([0, 0, 1, 2, null]));
    default:
      return undefined;
  }
}

function plain(lastsMs: number, code: number | null): Behaviour {
  return { lastsMs, code, stdout: [{ atMs: Math.floor(lastsMs / 2), text: 'at work\n' }], onTerm: 'ends' };
}

function spare({ lastsMs, code }: { readonly lastsMs: number; readonly code: number }): Behaviour {
  const text = `${JSON.stringify({ ok: code === 0, summary: 'the spare one did it', cost_usd: 0.02 })}\n`;
  return { lastsMs, code, stdout: [{ atMs: lastsMs - 100, text }], onTerm: 'ends' };
}

/** What an agent says that is asked to mend something. */
export function healAnswer(chance: Chance): string {
  const kind = chance.pick(['restart', 'restart', 'restart_with_env', 'pause', 'abort', 'none']);
  return chance.is(0.1) ? 'I do not know.' : JSON.stringify({ kind, set: kind === 'restart_with_env' ? { BATCH: 'half' } : {}, diagnosis: 'it was off' });
}

/** How long a handler takes, and whether it heeds the signal to end. */
export interface Lasting {
  readonly lastsMs: number;
  readonly isHeeding: boolean;
  /** The cadence that it asks for in the end. */
  readonly asksFor: string | undefined;
}

export function behaveLasting(chance: Chance, isCalm: boolean): Lasting {
  if (isCalm) return { lastsMs: SECOND, isHeeding: true, asksFor: undefined };
  return { lastsMs: chance.pick([10, SECOND, 30 * SECOND, 2 * MINUTE]), isHeeding: chance.is(0.7), asksFor: chance.is(0.3) ? 'quick' : undefined };
}
