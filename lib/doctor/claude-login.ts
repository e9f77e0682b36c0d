import type { AuthStatus } from '../core/agent/auth-status.ts';
import type { Cadence } from '../core/cadence.ts';
import { formatDuration } from '../core/time/duration.ts';
import { type Ms, toIso } from '../core/time/instant.ts';
import type { Clock } from '../ports.ts';
import { type Check, type Finding, ok, warn } from './check.ts';
import { counted } from './wording.ts';

export type ClaudeRun = Extract<Cadence['run'], { kind: 'claude' }>;

export interface ClaudeLoginDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly cadences: () => readonly Cadence[];
  /** Without one, who is logged in is no question; that it is missing is told by its own check. */
  readonly isThere: () => boolean;
  /** As a session of this cadence would be logged in. undefined: a claude that is too old for the question. */
  readonly ask: (run: ClaudeRun) => Promise<AuthStatus | undefined>;
  /** Why the account is held: its key was refused. */
  readonly refused: (account: string) => string | undefined;
}

const SOON_MS: Ms = 7 * 86_400_000;
const MEND = 'claude setup-token';

/** No network, no cost. The owner's environment may hold another login than the one here, so this is never red. */
export function createClaudeLoginCheck({ clock, cadences, isThere, ask, refused }: ClaudeLoginDeps): Check {
  function judge(account: string, status: AuthStatus | undefined): Finding {
    if (status === undefined) return ok(`account ${account}: this claude does not tell`);
    if (!status.isLoggedIn) return warn(`account ${account} has no login here; the owner's environment may differ`, MEND);
    const way = [status.method, status.keySource].filter((word) => word !== undefined).join(', ');
    const told = `account ${account} is logged in${way === '' ? '' : ` (${way})`}`;
    // There is a key, and nobody but the API can tell that it is none any more.
    const because = refused(account);
    if (because !== undefined) return warn(`${told}, and was refused: ${because}`, MEND);
    if (status.expiresMs === undefined) return ok(told);
    const leftMs = status.expiresMs - clock.nowMs();
    const at = toIso(status.expiresMs);
    if (leftMs <= 0) return warn(`the login of account ${account} has expired at ${at}`, MEND);
    return leftMs <= SOON_MS ? warn(`the login of account ${account} expires in ${formatDuration(leftMs)}, at ${at}`, MEND) : ok(`${told} until ${at}`);
  }

  return {
    id: 'claude-login',
    title: 'Login',
    isMoot: () => cadences().some(({ run }) => run.kind === 'claude') && !isThere(),
    async inspect() {
      const asked = new Map<string, ClaudeRun>();
      for (const { run, account } of cadences()) if (run.kind === 'claude' && account !== undefined && !asked.has(account)) asked.set(account, run);
      if (asked.size === 0) return ok('no cadence needs one');
      const findings = await Promise.all([...asked].map(async ([account, run]) => judge(account, await ask(run))));
      const bad = findings.filter(({ level }) => level !== 'ok');
      const detail = (bad.length === 0 ? findings : bad).map((finding) => finding.detail).join('\n');
      return bad.length === 0 ? ok(findings.length > 3 ? `${counted(findings.length, 'account')}, all of them well` : detail) : warn(detail, MEND);
    },
  };
}
