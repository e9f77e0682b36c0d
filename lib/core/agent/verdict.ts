import { judgeExit } from '../judge.ts';
import { believedUsd } from '../money/told-cost.ts';
import type { Ending, Outcome, SessionFacts } from '../outcome.ts';
import { ruleOf } from '../session/class.ts';
import { resetInFields } from '../session/reset.ts';
import { type Fields, parseEvents, sessionIdOf, textOf } from '../session/stream.ts';
import { lastLines, toVisible, truncate } from '../text/excerpt.ts';
import type { Ms } from '../time/instant.ts';

/**
 * The judgement of an agent of any make. Its exit code is enough. With `output: json` its last line is an object that may
 * say more: `{ok, summary, cost_usd, session_id, class, reset_at}`; the class is one of those of a claude session, and says
 * whose failure it is.
 */
export interface AgentEnd {
  readonly outcome: Outcome;
  readonly session: SessionFacts;
  readonly costUsd: number | undefined;
}

const WIDTH = 600;

export function judgeAgent(ending: Ending, stdout: string, output: 'json' | 'text', endedMs: Ms): AgentEnd {
  const said = output === 'json' ? lastObject(stdout) : undefined;
  const id = said === undefined ? undefined : sessionIdOf(said);
  const costUsd = believedUsd(said?.cost_usd);
  const session = { ...(id === undefined ? {} : { id }), ...(costUsd === undefined ? {} : { costUsd }) };
  return { outcome: outcomeOf(ending, said, output, endedMs), session, costUsd };
}

function lastObject(stdout: string): Fields | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  return parseEvents(line)?.at(-1);
}

function outcomeOf(ending: Ending, said: Fields | undefined, output: 'json' | 'text', endedMs: Ms): Outcome {
  const bare = judgeExit(ending, [0]);
  if (ending.stoppedFor !== null || ending.spawnError !== null || bare.kind === 'defer') return bare;
  const summary = textOf(said?.summary);
  const words = summary === undefined ? undefined : truncate(lastLines(summary, 3).join(' | '), WIDTH);
  const kind = textOf(said?.class);
  const isWell = bare.kind === 'ok' && said?.ok !== false && (kind === undefined || kind === 'ok');
  if (isWell && said === undefined && output === 'json')
    return { kind: 'fail', blame: 'cadence', class: 'no_result', reason: 'no result: it ended well, but its last line is no JSON object' };
  if (isWell) return words === undefined ? bare : { kind: 'ok', summary: words };
  const rule = ruleOf(kind);
  if (rule !== undefined && kind !== undefined && kind !== 'ok') {
    const untilMs = kind === 'quota' || kind === 'rate_limit' ? resetInFields({ resets_at: said?.reset_at }, { endedMs, zone: undefined }) : undefined;
    const reason = words === undefined ? rule.words : `${rule.words}: ${words}`;
    const named = untilMs === undefined ? kind : 'quota';
    return { kind: rule.retry ? 'fail' : 'give_up', blame: rule.scope, class: named, reason, ...(untilMs === undefined ? {} : { untilMs }) };
  }
  if (bare.kind === 'ok')
    return { kind: 'fail', blame: 'cadence', reason: words ?? `it says that it failed${kind === undefined ? '' : ` (${toVisible(kind)})`}` };
  return words !== undefined && (bare.kind === 'fail' || bare.kind === 'give_up') ? { ...bare, reason: words } : bare;
}
