import type { CommandRun } from '../cadence.ts';
import type { RunRecord } from '../run.ts';
import { contextVariables, type FollowContext } from './follow-context.ts';
import { statusWord } from './following.ts';
import { type Notice, summaryOf } from './notice.ts';

/** The system allows one variable 128 KB. */
const MAX_VALUE = 32 * 1024;

/**
 * A hook as it is started: told of the run that set it off, by names that hooks of docket know as well. Its stdin is the
 * whole record. The bus finds the processes of a hook by the hook's own id, so what the hook sees as CADENCE_RUN_ID is
 * set by `env`, within.
 */
export function hookRun(command: CommandRun, run: RunRecord, context: FollowContext): CommandRun {
  const told = {
    STATUS: statusWord(run.status),
    EXIT_CODE: run.exit_code === null ? '' : String(run.exit_code),
    SUMMARY: summaryOf(run),
    DETAILS_JSON: detailsOf(run),
    LOG_PATH: run.stdout_path ?? run.stderr_path ?? '',
  };
  const { CADENCE_RUN_ID: _own, ...words } = contextVariables(context);
  return tellIt(command, run.run_id, run.cadence, told, { ...words, CADENCE_REASON: run.reason, CADENCE_HOOK_CADENCE: run.cadence });
}

/** The command of a sink, told of what the notice is about in the same words. Its stdin is the notice. */
export function noticeRun(command: CommandRun, notice: Notice): CommandRun {
  const { facts } = notice;
  const told = {
    STATUS: notice.status === 'dead' ? 'failed' : notice.status,
    EXIT_CODE: facts.exit_code === null || facts.exit_code === undefined ? '' : String(facts.exit_code),
    SUMMARY: String(facts.summary || facts.reason || ''),
    DETAILS_JSON: JSON.stringify(facts).slice(0, MAX_VALUE),
    LOG_PATH: String(facts.log_path ?? ''),
  };
  return tellIt(command, notice.run_id, notice.cadence, told, {
    CADENCE_NOTICE_KIND: notice.kind,
    CADENCE_NOTICE_TEXT: notice.text,
    CADENCE_NOTICE_KEY: notice.key,
    CADENCE_NOTICE_LEVEL: notice.level ?? 'none',
    CADENCE_INCIDENT_ID: notice.incident_id ?? '',
  });
}

function tellIt(
  command: CommandRun,
  runId: string,
  cadence: string,
  told: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>>,
): CommandRun {
  const values = Object.entries(told).flatMap(([name, text]) => {
    const value = literal(text);
    return [[`CADENCE_${name}`, value] as const, [`DOCKET_${name}`, value] as const];
  });
  const names = { DOCKET_RUN_ID: runId, DOCKET_TASK_NAME: cadence, ...Object.fromEntries(Object.entries(more).map(([name, text]) => [name, literal(text)])) };
  const program = command.shell ? ['/bin/sh', '-c', command.argv.join(' ')] : command.argv;
  const env = { names: command.env.names, values: { ...command.env.values, ...Object.fromEntries(values), ...names } };
  return { ...command, shell: false, argv: ['env', `CADENCE_RUN_ID=${runId}`, `CADENCE_NAME=${cadence}`, ...program], env };
}

function detailsOf(run: RunRecord): string {
  const text = run.result === undefined ? '{}' : JSON.stringify(run.result);
  return text.length <= MAX_VALUE ? text : JSON.stringify({ truncated: true, bytes: text.length });
}

/** A dollar in a value is a dollar, and no variable of the owner's; what cannot stand in an environment is left out. */
function literal(text: string): string {
  return text.replaceAll('\0', '').slice(0, MAX_VALUE).replaceAll('$', '$$$$');
}
