/**
 * The one error type that is shown to people. `code` is stable and decides the exit code; `message` names the thing;
 * `hint` says what to do next. Everything else that is thrown is our bug (exit 70).
 */
export type ErrorCode =
  | 'usage' // 64  the words of the command are wrong
  | 'bad_data' // 65  what was handed in cannot be understood
  | 'not_found' // 66  no such cadence, run, tick, root
  | 'no_owner' // 69  nobody is running the bus
  | 'io' // 74  the disk or the system refused
  | 'held' // 75  not now, try later
  | 'permission' // 77
  | 'config' // 78  a definition is broken
  | 'timeout' // 124 the wait ended before the work
  | 'bug'; // 70

export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: 64,
  bad_data: 65,
  not_found: 66,
  no_owner: 69,
  bug: 70,
  io: 74,
  held: 75,
  permission: 77,
  config: 78,
  timeout: 124,
};

export class CadenceError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  constructor(code: ErrorCode, message: string, hint = '') {
    super(message);
    this.name = 'CadenceError';
    this.code = code;
    this.hint = hint;
  }
}
