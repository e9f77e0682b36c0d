import type { Cadence } from '../core/cadence.ts';
import { CadenceError } from '../core/error.ts';
import type { Fix, Print } from '../core/heal/book.ts';
import { settableBy } from '../core/heal/cadence.ts';
import { DIAGNOSIS } from '../core/heal/ladder.ts';
import { composePrompt, type PromptParts } from '../core/heal/prompt.ts';
import type { AgentRung } from '../core/heal/rung.ts';
import type { Incident } from '../core/incident/incident.ts';
import { aboutCadence, type FollowContext, followContext } from '../core/notice/follow-context.ts';
import type { Paths } from '../core/paths.ts';
import type { RunRecord } from '../core/run.ts';
import type { Redact } from '../core/text/redaction.ts';
import type { Files } from '../ports.ts';

export interface PromptingDeps {
  readonly files: Pick<Files, 'read' | 'list'>;
  readonly paths: Paths;
  /** What a prompt holds leaves this machine. */
  readonly redact: Redact;
}

export interface Subject {
  readonly cadence: Cadence;
  readonly incident: Incident;
  readonly dir: string;
  readonly run: RunRecord;
  readonly fix: Fix;
  readonly print: Print;
}

const MAX_BYTES = 1024 * 1024;
const MOST_CONFIGS = 20;

/** A27 A62: state, report and configuration as the incident's folder holds them, and what the operator wants. */
export function promptFor(deps: PromptingDeps, subject: Subject, agent: AgentRung): string {
  const { files, paths, redact } = deps;
  const { incident, dir, fix, print, cadence } = subject;
  const template = agent.promptPath === undefined ? undefined : readText(files, agent.promptPath);
  if (agent.promptPath !== undefined && template === undefined) {
    throw new CadenceError('not_found', `the prompt ${agent.promptPath} cannot be read`, 'Correct on_failure in the cadence.');
  }
  const wants = (part: AgentRung['include'][number]): boolean => agent.include.includes(part);
  const file = (part: 'state' | 'report', title: string, name: string): PromptParts['data'] => {
    const text = wants(part) ? readText(files, `${dir}/${name}`) : undefined;
    return text === undefined ? [] : [{ part, title, text: redact(text) }];
  };
  const configs = wants('configs') ? [...files.list(`${dir}/configs`)].sort().slice(0, MOST_CONFIGS) : [];
  return composePrompt({
    template,
    context: contextFor(deps, subject),
    mission: readText(files, `${paths.root}/program.md`),
    isDiagnosis: fix.rung === DIAGNOSIS,
    maySet: settableBy(cadence, agent.maySet),
    regressions: print.regressions,
    data: [
      ...(print.last_fix === undefined ? [] : [{ part: 'earlier' as const, title: 'What was tried last', text: redact(print.last_fix) }]),
      ...file('report', `The report of incident ${incident.id}`, 'report.md'),
      ...file('state', 'The state of the bus', 'state.json'),
      ...configs.flatMap((name) => {
        const text = readText(files, `${dir}/configs/${name}`);
        return text === undefined ? [] : [{ part: 'configs' as const, title: `Configuration: ${name.replace(/[^\w.-]/g, '_')}`, text: redact(text) }];
      }),
    ],
  });
}

/** The same words for an agent's prompt and for a program's arguments and environment. */
export function contextFor({ paths, redact }: Pick<PromptingDeps, 'paths' | 'redact'>, { cadence, incident, dir, run, fix, print }: Subject): FollowContext {
  return followContext(run, aboutCadence(cadence, paths), {
    incident_id: incident.id,
    incident_dir: dir,
    report_file: `${dir}/report.md`,
    state_file: `${dir}/state.json`,
    learning_file: `${paths.incidents}/index.jsonl`,
    detector: incident.detector,
    detected_problem: redact(incident.found?.words ?? incident.title),
    ...(incident.found === undefined ? {} : timerWords(redact(incident.found.timer ?? ''))),
    consecutive_failures: String(print.failures),
    recovery_attempts: String(fix.n),
    recurring_fix_failures: String(print.regressions),
    last_fix_summary: redact(print.last_fix ?? ''),
    total_diagnose_invocations: String(print.fixes),
  });
}

/** P16: under the name that the reference gives it, too. */
function timerWords(status: string): Pick<FollowContext, 'timer_status' | 'launchd_status'> {
  return { timer_status: status, launchd_status: status };
}

function readText(files: Pick<Files, 'read'>, path: string): string | undefined {
  const found = files.read(path, MAX_BYTES);
  return found?.kind === 'text' ? found.text : undefined;
}
