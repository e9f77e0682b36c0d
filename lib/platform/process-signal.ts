/**
 * The one place that signals. False: there was nobody to signal, or it is not ours to signal. Never the system (0, 1, and
 * what is negative: whole groups), never ourselves.
 */
export function signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL' | 'SIGCONT'): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
