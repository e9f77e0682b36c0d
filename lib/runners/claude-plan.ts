import type { RunKind } from '../core/cadence.ts';
import type { Outcome } from '../core/outcome.ts';
import { resumePrompt, sessionToResume } from '../core/session/resume.ts';
import { noteOf } from './begun.ts';
import { unlessRefused } from './capture.ts';
import { type ChildPlan, writePayload } from './child-run.ts';
import { findClaude } from './claude-binary.ts';
import type { FlagCheck } from './claude-flags.ts';
import { hasTranscript, isPromptOlder } from './claude-transcript.ts';
import { aboutRun, childEnvironment, isAllowed, type OwnerEnv, passedOn } from './environment.ts';
import type { Phase, RunnerDeps } from './phase.ts';
import { readPrompt } from './prompt.ts';
import { putFile } from './run-file.ts';

export type ClaudeKind = Extract<RunKind, { kind: 'claude' }>;

export type SessionPlan =
  | { readonly kind: 'child'; readonly child: ChildPlan; readonly isResumed: boolean }
  | { readonly kind: 'none'; readonly outcome: Outcome };

/** What one session is started with; or why none is. `isFresh`: it goes on with no earlier one. */
export async function planSession(deps: RunnerDeps, flags: FlagCheck, claude: ClaudeKind, phase: Phase, isFresh: boolean): Promise<SessionPlan> {
  const binary = findClaude(deps.files, deps.env, deps.settings().claudePath);
  if (binary.kind === 'missing') return none({ kind: 'fail', blame: 'cadence', class: 'config', reason: binary.reason });
  const prompt = readPrompt(deps.files, claude.promptPath, phase.job.tick.payload);
  if (prompt.kind === 'none') return none({ kind: 'give_up', blame: 'cadence', reason: prompt.reason });
  const environment = sessionEnvironment(deps.env, claude, aboutRun(phase.job, deps.paths, writePayload(deps, phase)));
  if (environment.kind === 'unset') return none({ kind: 'give_up', blame: 'cadence', class: 'config', reason: environment.reason });
  const { env } = environment;
  const program = programOf(deps, binary.path);
  const refusal = await flags.refusal(program, claude.args, env);
  if (refusal !== undefined) return none({ kind: 'give_up', blame: 'cadence', class: 'config', reason: refusal });
  const earlier = isFresh ? undefined : earlierSession(deps, claude, phase, env);
  const stdinPath = `${phase.runDir}/prompt.md`;
  putFile(deps.files, stdinPath, earlier === undefined ? prompt.text : resumePrompt(earlier.because));
  const id = earlier?.id ?? deps.newSessionId();
  const argv = [...program, '-p', '--output-format', 'stream-json', '--verbose', earlier === undefined ? '--session-id' : '--resume', id, ...claude.args];
  const note = { ...noteOf(phase.job.cadence), session_id: id, prompt_path: claude.promptPath, ...(earlier === undefined ? {} : { is_resumed: true }) };
  return { kind: 'child', isResumed: earlier !== undefined, child: { kind: 'claude', argv, cwd: claude.cwd, env, stdinPath, note } };
}

function none(outcome: Outcome): SessionPlan {
  return { kind: 'none', outcome };
}

/** The one from npm is a script, and a timer's PATH has no node for its first line. */
function programOf({ files, nodePath }: RunnerDeps, path: string): readonly [string, ...string[]] {
  const real = unlessRefused(path, () => files.realPath(path));
  return /\.[cm]?js$/.test(real) ? [nodePath, path] : [path];
}

function earlierSession(deps: RunnerDeps, claude: ClaudeKind, { job }: Phase, env: Readonly<Record<string, string>>): ReturnType<typeof sessionToResume> {
  if (claude.resumes === false) return undefined;
  const last = unlessRefused(undefined, () => deps.lastAttempt(job.cadence.name, job.tickId));
  const earlier = sessionToResume(last);
  if (earlier === undefined || last === undefined) return undefined;
  return isPromptOlder(deps.files, claude.promptPath, last) && hasTranscript(deps.files, env, claude.cwd, earlier.id) ? earlier : undefined;
}

const SESSION_DEFAULTS = { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_MAX_RETRIES: '2' };

/** How claude itself is set up is handed on, except that it may be running inside another claude session: it would refuse to start. */
export function sessionEnvironment(owner: OwnerEnv, claude: ClaudeKind, about: Readonly<Record<string, string>>): ReturnType<typeof childEnvironment> {
  const isPassed = (name: string): boolean => isAllowed(name) || /^(?:ANTHROPIC_|CLAUDE_)/.test(name) || name in SESSION_DEFAULTS;
  const environment = childEnvironment(owner, claude.env, about, passedOn(owner, isPassed));
  if (environment.kind === 'unset') return environment;
  const kept = Object.entries(environment.env).filter(([name]) => !name.startsWith('CLAUDECODE'));
  return { kind: 'ready', env: { ...SESSION_DEFAULTS, ...Object.fromEntries(kept) } };
}
