import type { CommandRun } from './cadence.ts';
import { statusWord } from './following.ts';
import { summaryOf } from './notice.ts';
import type { RunRecord } from './run.ts';

/** The system allows one variable 128 KB. */
const MAX_VALUE = 32 * 1024;

/**
 * A hook as it is started: told of the run that set it off, by names that hooks of docket know as well. Its stdin is the
 * whole record. The bus finds the processes of a hook by the hook's own id, so what the hook sees as CADENCE_RUN_ID is
 * set by `env`, within.
 */
export function hookRun(command: CommandRun, run: RunRecord): CommandRun {
  const told: Readonly<Record<string, string>> = {
    STATUS: statusWord(run.status),
    EXIT_CODE: run.exit_code === null ? '' : String(run.exit_code),
    SUMMARY: summaryOf(run),
    DETAILS_JSON: detailsOf(run),
    LOG_PATH: run.stdout_path ?? run.stderr_path ?? '',
  };
  const values = Object.entries(told).flatMap(([name, text]) => {
    const value = literal(text);
    return [[`CADENCE_${name}`, value] as const, [`DOCKET_${name}`, value] as const];
  });
  const names = { DOCKET_RUN_ID: run.run_id, DOCKET_TASK_NAME: run.cadence, CADENCE_REASON: literal(run.reason), CADENCE_HOOK_CADENCE: run.cadence };
  const program = command.shell ? ['/bin/sh', '-c', command.argv.join(' ')] : command.argv;
  const env = { names: command.env.names, values: { ...command.env.values, ...Object.fromEntries(values), ...names } };
  return { ...command, shell: false, argv: ['env', `CADENCE_RUN_ID=${run.run_id}`, `CADENCE_NAME=${run.cadence}`, ...program], env };
}

function detailsOf(run: RunRecord): string {
  const text = run.result === undefined ? '{}' : JSON.stringify(run.result);
  return text.length <= MAX_VALUE ? text : JSON.stringify({ truncated: true, bytes: text.length });
}

/** A dollar in a value is a dollar, and no variable of the owner's; what cannot stand in an environment is left out. */
function literal(text: string): string {
  return text.replaceAll('\0', '').slice(0, MAX_VALUE).replaceAll('$', '$$$$');
}
