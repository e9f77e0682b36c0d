import { baselineOf, holdsCanary, holdsExtended, holdsProbed, isBeforeCanary, isWatched, type Opened, onAnswer } from '../core/agent/account-probe.ts';
import type { ProbeAnswer } from '../core/agent/probe-answer.ts';
import { variantsOf } from '../core/agent/slot.ts';
import { type Cadence, DEFAULT_BREAKER } from '../core/cadence.ts';
import { accountKey, breakerOf } from '../core/holds.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Definitions, History, Ids, Journal, Queue } from '../ports.ts';
import type { HoldsBook } from './holds-book.ts';

/**
 * Asks a held account the free question, while ticks wait for it: each minute where its login is dead, and before the canary of
 * every opening. A login that has changed lets one run go at once; without a login none goes. No timer where nobody waits.
 */
export interface AccountProbe {
  /** Asks what is to be asked now. Answers when to come back. */
  poll(): Ms | undefined;
  /** Why the canary of this cadence's account may not go yet; undefined: it may. */
  unasked(cadence: Cadence): { readonly key: string; readonly because: string } | undefined;
  isAsking(): boolean;
}

export interface AccountProbeDeps {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queue: Pick<Queue, 'cadences' | 'head'>;
  readonly definitions: Pick<Definitions, 'get'>;
  readonly history: Pick<History, 'find'>;
  readonly journal: Pick<Journal, 'emit'>;
  readonly book: Pick<HoldsBook, 'holds' | 'change'>;
  /** Whether there is a free question for the account of this cadence. */
  readonly canAsk: (cadence: Cadence) => boolean;
  /** Asks it as this cadence's runs would. `marks` tell one login from another, and are not kept as they are. Never rejects. */
  readonly ask: (cadence: Cadence) => Promise<{ readonly kind: ProbeAnswer['kind']; readonly marks: readonly string[] }>;
  readonly serves: (cadence: string) => boolean;
  /** The emergency stop is set: nothing would run, whatever the answer. */
  readonly isHalted: () => boolean;
  /** An account may be free, or is held for longer: look at every cadence again. */
  readonly onAnswer: () => void;
  readonly onFault: (error: unknown) => void;
}

const EVERY_MS: Ms = 60_000;
const SELDOM_MS: Ms = 30 * 60_000;

/** What is known of one account's asking, in memory alone: after a restart it is asked again. */
interface Asking {
  askedMs: Ms | undefined;
  isUnderWay: boolean;
  /** Questions in a row that nobody could answer. */
  inVain: number;
  /** The opening whose canary may go. */
  allowed: string;
}

export function createAccountProbe(deps: AccountProbeDeps): AccountProbe {
  const { clock, queue, definitions, book } = deps;
  const askings = new Map<string, Asking>();

  function askingOf(account: string): Asking {
    const known = askings.get(account) ?? { askedMs: undefined, isUnderWay: false, inVain: 0, allowed: '' };
    askings.set(account, known);
    return known;
  }

  /** The cadence as those of its agents run it that use this account and can be asked. */
  function usersOf(account: string, cadence: Cadence | undefined): readonly Cadence[] {
    return cadence === undefined ? [] : variantsOf(cadence).filter((one) => one.account === account && deps.canAsk(one));
  }

  /** Cadences of this account with a tick that could run now, but for the account. */
  function waitingFor(account: string): readonly Cadence[] {
    return [...queue.cadences()].flatMap((name) => {
      const cadence = usersOf(account, definitions.get(name)?.cadence)[0];
      if (cadence === undefined || !cadence.enabled || !deps.serves(name)) return [];
      const head = queue.head(name);
      return head !== undefined && head.name.dueMs <= clock.nowMs() ? [cadence] : [];
    });
  }

  /** Asked as the cadence that failed, where it is still there: another one may have a login of its own. */
  function subjectOf(account: string, breaker: Opened, waiting: readonly Cadence[]): Cadence | undefined {
    const failed = deps.history.find(breaker.run_id)?.cadence;
    const [cadence] = failed === undefined ? [] : usersOf(account, definitions.get(failed)?.cadence);
    return cadence ?? waiting.toSorted((a, b) => a.name.localeCompare(b.name))[0];
  }

  function nextAskMs(breaker: Opened, asking: Asking): Ms | undefined {
    const nowMs = clock.nowMs();
    if (asking.isUnderWay) return undefined;
    if (isBeforeCanary(breaker, nowMs)) return asking.allowed === openingOf(breaker) ? undefined : nowMs;
    if (!isWatched(breaker, nowMs)) return undefined;
    const { askedMs, inVain } = asking;
    // A clock that was set back must not keep it from being asked.
    return askedMs === undefined || askedMs > nowMs ? nowMs : askedMs + Math.min(EVERY_MS * 2 ** inVain, SELDOM_MS);
  }

  function pollOne(account: string): Ms | undefined {
    const breaker = breakerOf(book.holds(), accountKey(account));
    if (breaker.state !== 'open' && breaker.state !== 'blocked') return undefined;
    if (book.holds().paused.bus !== undefined || deps.isHalted()) return undefined;
    const waiting = waitingFor(account);
    if (waiting.length === 0) return undefined;
    const asking = askingOf(account);
    const atMs = nextAskMs(breaker, asking);
    if (atMs === undefined || atMs > clock.nowMs()) return atMs;
    const subject = subjectOf(account, breaker, waiting);
    if (subject !== undefined) begin(account, breaker, subject, asking);
    return undefined;
  }

  function begin(account: string, breaker: Opened, subject: Cadence, asking: Asking): void {
    asking.isUnderWay = true;
    asking.askedMs = clock.nowMs();
    void deps
      .ask(subject)
      .then(({ kind, marks }) => {
        asking.inVain = kind === 'unknown' ? asking.inVain + 1 : 0;
        conclude(account, breaker, subject, { kind, mark: deps.ids.keyed(breaker.run_id, ...marks) });
      })
      .finally(() => {
        asking.isUnderWay = false;
        deps.onAnswer();
      })
      .catch(deps.onFault);
  }

  /** Of a hold that has become another one meanwhile the answer says nothing. */
  function conclude(account: string, asked: Opened, subject: Cadence, answer: ProbeAnswer): void {
    const breaker = breakerOf(book.holds(), accountKey(account));
    const nowMs = clock.nowMs();
    if ((breaker.state !== 'open' && breaker.state !== 'blocked') || openingOf(breaker) !== openingOf(asked)) return;
    const before = baselineOf(book.holds(), account, breaker, subject.name);
    const step = onAnswer(breaker, before, answer, nowMs);
    if (answer.kind !== 'unknown' && (before === undefined || before.mark !== answer.mark)) {
      const about = { run_id: breaker.run_id, cadence: subject.name, asked_at: toIso(nowMs) };
      book.change(holdsProbed(book.holds(), account, { ...answer, ...about }));
    }
    switch (step.kind) {
      case 'canary':
        deps.journal.emit({ level: 'info', stage: 'account_changed', key: accountKey(account), because: 'its login has changed: one run goes first' });
        book.change(holdsCanary(book.holds(), account, nowMs));
        break;
      case 'let':
        askingOf(account).allowed = openingOf(breaker);
        break;
      case 'extend':
        book.change(holdsExtended(book.holds(), account, DEFAULT_BREAKER.openMs, nowMs));
        break;
      case 'wait':
        break;
    }
  }

  return {
    poll() {
      const accounts = Object.keys(book.holds().breakers).flatMap((key) => (key.startsWith('account:') ? [key.slice('account:'.length)] : []));
      const times = accounts.flatMap((account) => pollOne(account) ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    unasked(cadence) {
      if (cadence.account === undefined || !deps.canAsk(cadence)) return undefined;
      const breaker = breakerOf(book.holds(), accountKey(cadence.account));
      if (!isBeforeCanary(breaker, clock.nowMs()) || askings.get(cadence.account)?.allowed === openingOf(breaker)) return undefined;
      return { key: accountKey(cadence.account), because: 'it is being asked whether it has a login' };
    },
    isAsking: () => [...askings.values()].some(({ isUnderWay }) => isUnderWay),
  };
}

/** One opening of one failure; an extended one is another. */
function openingOf({ run_id, until }: Opened): string {
  return `${run_id} ${parseIso(until) ?? 0}`;
}
