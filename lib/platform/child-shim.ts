/**
 * The `sh` program between us and every child. It outlives us, so it is what keeps a child's pid and exit code:
 *
 *   <runDir>/pid    the PROGRAM's pid, so that a person's `kill $(cat pid)` hits the program and the shim sees how it ended
 *   <runDir>/exit   the program's exit code and a newline; 128 + n where signal n ended it
 *   <runDir>/exit.N the same, where the disk had room for a name and for no words
 *
 * It ignores nothing but survives the signals that a group kill sends, for the exit code is its only duty. The signals are
 * trapped, not ignored: a trap is put back to the default for the program, "ignored" would be inherited. Its own stderr is
 * closed to the words "Terminated" and "Killed" that shells print about others. A subshell has no variable for its own pid
 * in POSIX, but on Linux the kernel names it in /proc/self/task, which saves starting a second shell; a shell reads byte by
 * byte, so one name in a folder costs less than the lines of a file. The one variable that this takes has a name that no program
 * asks for: one of the program's own would reach it with our text in it. It ends with the
 * program's exit code, so a living owner needs no file, and a full disk costs it nothing.
 */
const SHIM = `trap : HUP INT QUIT TERM USR1 USR2
exec 3>&2 2>/dev/null
if [ -d /proc/self/task ]; then
  (for cadence_bus_shim in /proc/self/task/*; do :; done; echo "\${cadence_bus_shim##*/}" >"$0/pid"; exec "$@") 2>&3 3>&-
else
  /bin/sh -c 'echo $$ >"$0/pid"; exec "$@"' "$0" "$@" 2>&3 3>&-
fi
c=$?
echo "$c" >"$0/exit" || true >"$0/exit.$c"
exit "$c"`;

export const RUN_TAG = 'CADENCE_RUN_ID';

/** The run folder is the shim's `$0`: it stands in the process list, which is how a later owner knows the shim again. */
export function shimArguments(runDir: string, argv: readonly string[]): readonly string[] {
  return ['-c', SHIM, runDir, ...argv];
}

/** undefined for a text that is not whole: the shim may be writing it, or the disk was full. */
export function parseExitFile(text: string): number | undefined {
  return /^\d{1,3}\n$/.test(text) ? Number(text) : undefined;
}

export const NAMED_EXIT = /^exit\.(\d{1,3})$/;

/** undefined for what is no pid that anybody may signal. */
export function parsePidFile(text: string): number | undefined {
  const pid = /^\d{1,10}\n$/.test(text) ? Number(text) : 0;
  return pid > 1 ? pid : undefined;
}
