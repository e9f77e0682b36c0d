import type { Row } from '../row.ts';
import { BURST_ROWS } from './burst.ts';
import { COMMAND_ROWS } from './commands.ts';
import { DRAIN_ROWS } from './drain.ts';
import { IDLE_ROWS } from './idle.ts';
import { LATENCY_ROWS } from './latency.ts';
import { OUTPUT_ROWS } from './output.ts';
import { PAST_ROWS } from './past.ts';
import { PEER_COMMAND_ROWS } from './peer-commands.ts';
import { PEER_LATENCY_ROWS } from './peer-latency.ts';
import { PEER_THROUGHPUT_ROWS } from './peer-throughput.ts';
import { SCHEDULE_ROWS } from './schedules.ts';
import { SPAWN_ROWS } from './spawn.ts';
import { SUPERVISION_ROWS } from './supervision.ts';

/** Every workload, in the order of its number. */
export const ROWS: readonly Row[] = [
  ...COMMAND_ROWS,
  ...LATENCY_ROWS,
  ...DRAIN_ROWS,
  ...IDLE_ROWS,
  ...BURST_ROWS,
  ...SPAWN_ROWS,
  ...PAST_ROWS,
  ...SCHEDULE_ROWS,
  ...OUTPUT_ROWS,
  ...SUPERVISION_ROWS,
].toSorted((a, b) => a.id - b.id);

/** Ours beside others, under the number of the workload; `--peers` runs them too. */
export const PEER_ROWS: readonly Row[] = [...PEER_COMMAND_ROWS, ...PEER_LATENCY_ROWS, ...PEER_THROUGHPUT_ROWS]
  .map((row): Row => ({ ...row, needsPeers: true }))
  .toSorted((a, b) => a.id - b.id);
