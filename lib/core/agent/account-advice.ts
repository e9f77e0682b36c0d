import type { Breaker } from '../breaker.ts';
import { type Ms, parseIso } from '../time/instant.ts';

/**
 * What a person can do for an account that is held, in words. Most of it is nothing: the account says when it goes on, or is
 * tried again by one run. A dead key and an empty purse are another matter, and there the command stands.
 */
export function accountAdvice(account: string, breaker: Breaker): string {
  const reset = `cadence-bus breaker reset account:${account}`;
  if (breaker.state === 'isolated') return `It is held open by an operator. To let it go on: ${reset}`;
  return account === 'claude' ? adviceOfClaude(breaker, reset) : adviceOfOther(account, breaker, reset);
}

/** Whose account it is we cannot know: another login of claude, or that of another program. */
function adviceOfOther(account: string, breaker: Breaker, reset: string): string {
  switch (classOf(breaker)) {
    case 'auth':
      return `Log in again with the program that uses the account ${account} (of claude: claude setup-token, its token in the owner's environment). Where it can be asked, by claude or by accounts: {${account}: {probe: …}} in bus.yaml, that is noticed by itself; else: ${reset}`;
    case 'billing':
      return `Add credit to the account ${account}, then: ${reset}`;
    case 'overloaded':
    case 'server':
      return `Nothing to do here: its API is in trouble; one run tries it again at that time. To try at once: ${reset}`;
    case 'network':
      return `See whether this machine reaches its API (and HTTPS_PROXY, as the owner has it). One run tries it again at that time; to try at once: ${reset}`;
    default:
      return adviceOfClaude(breaker, reset);
  }
}

function adviceOfClaude(breaker: Breaker, reset: string): string {
  switch (classOf(breaker)) {
    case 'auth':
      return 'Log in again: claude setup-token, and set CLAUDE_CODE_OAUTH_TOKEN to what it prints (or set ANTHROPIC_API_KEY) for the owner and restart it; or /login inside claude. That is noticed by itself: one run goes first, then all.';
    case 'billing':
      return `Add credit to the account (https://console.anthropic.com/settings/billing), then: ${reset}`;
    case 'quota':
      return breaker.state === 'blocked'
        ? 'Nothing to do: the usage limit ends by itself at that time, and all go on. No tick is charged for it.'
        : 'The usage limit names no end: one run tries it again at that time. No tick is charged for it.';
    case 'rate_limit':
      return 'Nothing to do: it is tried again at that time. If it comes back often, run fewer at once (lanes: {agent: 1} in cadences/bus.yaml).';
    case 'overloaded':
    case 'server':
      return 'Nothing to do here: the API is in trouble (https://status.claude.com); one run tries it again at that time.';
    case 'network':
      return 'See whether this machine reaches the API: curl -sSI https://api.anthropic.com (and HTTPS_PROXY, as the owner has it). One run tries it again at that time.';
    default:
      return `One run tries it again at that time; to try at once: ${reset}`;
  }
}

/** As it stands in the book, which another version may have written. */
export function classOf(breaker: Breaker): string | undefined {
  return 'class' in breaker ? breaker.class : undefined;
}

/** `resumes in 2 h 13 m (17:00)`; the zone is that of who reads it. */
export function countdown(untilMs: Ms, nowMs: Ms, zone?: string): string {
  const restMs = untilMs - nowMs;
  if (restMs <= 0) return 'its next run is the probe';
  return `resumes in ${spell(restMs)} (${clockTime(untilMs, nowMs, zone)})`;
}

/** When a hold ends, in ms; undefined: a person ends it. */
export function endOf(breaker: Breaker): Ms | undefined {
  return 'until' in breaker ? parseIso(breaker.until) : undefined;
}

/** Rounded up: at `1 m` there is still something to wait for. */
function spell(ms: Ms): string {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes < 2) return `${Math.ceil(ms / 1000)} s`;
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  const parts = [days > 0 ? `${days} d` : '', hours > 0 ? `${hours} h` : '', minutes % 60 > 0 ? `${minutes % 60} m` : ''];
  return parts
    .filter((part) => part !== '')
    .slice(0, 2)
    .join(' ');
}

/** The day is told where it is another one. */
function clockTime(atMs: Ms, nowMs: Ms, zone: string | undefined): string {
  const about = zone === undefined ? {} : { timeZone: zone };
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...about });
  const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', ...about });
  return day.format(atMs) === day.format(nowMs) ? time.format(atMs) : `${day.format(atMs)} ${time.format(atMs)}`;
}
