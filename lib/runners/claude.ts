import type { RunKind } from '../core/cadence.ts';
import type { Ms } from '../core/instant.ts';
import type { Ending } from '../core/outcome.ts';
import { unlessRefused } from './capture.ts';
import { type Attention, adoptChild, type ChildPlan, runChild, writePayload } from './child-run.ts';
import { findClaude } from './claude-binary.ts';
import { endOf, readStdout } from './claude-result.ts';
import { aboutRun, childEnvironment, isAllowed, type OwnerEnv } from './environment.ts';
import type { Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';
import { sessionPrompt } from './prompt.ts';
import { putFile } from './run-file.ts';
import { createSessionEar } from './session-ear.ts';

type ClaudeKind = Extract<RunKind, { kind: 'claude' }>;

const MAX_PROMPT_BYTES = 4 * 1024 * 1024;

/**
 * One `claude -p` session. The prompt goes in through a file on stdin: an argument is limited to 128 KiB, is shown in the
 * process list and could be taken for an option. Every attempt has a session id of its own, for claude takes one only once.
 */
export function createClaudeWork(deps: RunnerDeps): Work<ClaudeKind> {
  const attended = async (claude: ClaudeKind, phase: Phase, begin: (attention: Attention) => Promise<Ending>): Promise<PhaseEnd> => {
    const capUsd = capOf(claude, phase);
    const ear = createSessionEar(capUsd);
    const ending = await begin({ firstOutputMs: firstWordMs(claude), onLine: ear.onLine });
    const session = readStdout(deps.files, phase.output.stdoutPath, phase.before.stdoutBytes);
    return endOf(session, ending, {
      progress: ear.progress(),
      capUsd,
      isResumed: false,
      lastLines: ear.lastLines(),
      endedMs: deps.clock.nowMs(),
      zone: zoneOf(claude),
    });
  };
  return {
    async run(claude, phase, stop) {
      const plan = planSession(deps, claude, phase);
      if ('outcome' in plan) return { ...plan, ending: undefined };
      return attended(claude, phase, (attention) => runChild(deps, phase, stop, { ...plan, ...attention }));
    },
    adopt: (claude, phase, stop) => attended(claude, phase, (attention) => adoptChild(deps, phase, stop, attention)),
  };
}

/** claude's own check comes after a turn, and a turn may cost a hundred times the cap; ours comes while it runs. */
function capOf({ maxUsd }: ClaudeKind, { job }: Phase): number | undefined {
  const caps = [maxUsd, job.cadence.budget?.runUsd].filter((cap) => cap !== undefined);
  return caps.length === 0 ? undefined : Math.min(...caps);
}

/** It begins within a second. A session that has said nothing by then hangs, as it does at a locked keychain. */
const FIRST_WORD_MS: Ms = 60_000;

/** Only a stream begins at once; the other formats say everything at their end. */
function firstWordMs({ args }: ClaudeKind): Ms | undefined {
  const formats = args.flatMap((arg, at) => (arg === '--output-format' ? [args[at + 1]] : arg.startsWith('--output-format=') ? [arg.slice(16)] : []));
  return formats.every((format) => format === 'stream-json') ? FIRST_WORD_MS : undefined;
}

/** claude tells clock times in the zone it runs in. */
function zoneOf({ env }: ClaudeKind): string {
  const { TZ: set } = env.values;
  return set !== undefined && /^[A-Za-z]+\/[\w/+-]+$/.test(set) ? set : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

type NoPlan = Pick<PhaseEnd, 'outcome'>;

function planSession(deps: RunnerDeps, claude: ClaudeKind, phase: Phase): ChildPlan | NoPlan {
  const binary = findClaude(deps.files, deps.env, deps.settings().claudePath);
  if (binary.kind === 'missing') return { outcome: { kind: 'fail', blame: 'cadence', reason: binary.reason } };
  const prompt = readPrompt(deps, claude.promptPath, phase.job.tick.payload);
  if (prompt.kind === 'none') return { outcome: { kind: 'give_up', blame: 'cadence', reason: prompt.reason } };
  const environment = sessionEnvironment(deps.env, claude, aboutRun(phase.job, deps.paths, writePayload(deps, phase)));
  if (environment.kind === 'unset') return { outcome: { kind: 'give_up', blame: 'cadence', reason: environment.reason } };
  const stdinPath = `${phase.runDir}/prompt.md`;
  putFile(deps.files, stdinPath, prompt.text);
  const sessionId = deps.newSessionId();
  const argv = [binary.path, '-p', '--output-format', 'stream-json', '--verbose', '--session-id', sessionId, ...claude.args];
  return {
    kind: 'claude',
    argv,
    cwd: claude.cwd,
    env: environment.env,
    stdinPath,
    note: { session_id: sessionId, prompt_path: claude.promptPath },
  };
}

type Prompt = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'none'; readonly reason: string };

/** Read when it is needed, so that an edited prompt is used at once. */
function readPrompt(deps: RunnerDeps, path: string, payload: unknown): Prompt {
  const found = unlessRefused(undefined, () => deps.files.read(path, MAX_PROMPT_BYTES));
  if (found === undefined) return { kind: 'none', reason: `its prompt ${path} is not there` };
  if (found.kind !== 'text') return { kind: 'none', reason: `its prompt ${path} cannot be read (${found.kind.replaceAll('_', ' ')})` };
  const text = sessionPrompt(found.text, payload);
  return text === undefined ? { kind: 'none', reason: `its prompt ${path} is empty` } : { kind: 'text', text };
}

const SESSION_DEFAULTS = { DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_MAX_RETRIES: '2' };

/** How claude itself is set up is handed on, except that it may be running inside another claude session: it would refuse to start. */
function sessionEnvironment(owner: OwnerEnv, claude: ClaudeKind, about: Readonly<Record<string, string>>): ReturnType<typeof childEnvironment> {
  const isPassed = (name: string): boolean => isAllowed(name) || /^(?:ANTHROPIC_|CLAUDE_)/.test(name) || name in SESSION_DEFAULTS;
  const environment = childEnvironment(owner, claude.env, about, isPassed);
  if (environment.kind === 'unset') return environment;
  const kept = Object.entries(environment.env).filter(([name]) => !name.startsWith('CLAUDECODE'));
  return { kind: 'ready', env: { ...SESSION_DEFAULTS, ...Object.fromEntries(kept) } };
}
