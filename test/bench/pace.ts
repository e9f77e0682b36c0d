import { cpuOf } from './processes.ts';

/** What one start of node took of the processor where the targets in milliseconds were set. */
const NODE_CPU_MS = 21;
const STARTS = 20;

/** A target in milliseconds means the machine on which it was set; another may be slower, and is asked for no less than that one. */
export function paceOf(): number {
  const cpuMs = cpuOf(STARTS, process.execPath, ['-e', '0']) / STARTS;
  return Number.isFinite(cpuMs) ? Math.max(1, cpuMs / NODE_CPU_MS) : 1;
}
