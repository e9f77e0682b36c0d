import type { Survivor } from './child-stop.ts';
import { createProcessTable, type ProcessTable } from './process-table.ts';

/** Of these processes of ended runs those that live on, with the memory that they hold. A pid that bears another command was used again. */
export async function livingOf(left: readonly Survivor[], table: ProcessTable = createProcessTable()): Promise<ReadonlyMap<number, number>> {
  if (left.length === 0) return new Map();
  const pids = left.map(({ pid }) => pid);
  const [commands, bytes] = [await table.commands(pids), await table.residentBytes(pids)];
  return new Map(left.flatMap(({ pid, command }) => (commands.get(pid) === command ? [[pid, bytes.get(pid) ?? 0] as const] : [])));
}
