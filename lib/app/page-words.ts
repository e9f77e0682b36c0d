import type { RunRecord } from '../core/run.ts';
import type { SlotView } from '../core/slot/account.ts';
import type { Ms } from '../core/time/instant.ts';
import type { IncidentView } from './answers/incident-reading.ts';
import type { CadenceView, StatusView } from './answers/status.ts';
import type { TopView } from './answers/top-view.ts';
import type { WhyView } from './answers/why.ts';
import type { Shown } from './live.ts';

/** What a word in a row stands for: there is more to be told of it. */
export interface PageTarget {
  readonly kind: 'cadence' | 'run' | 'incident';
  readonly id: string;
  /** Which of the cells bears its name. */
  readonly cell: number;
}

export interface PageRow {
  readonly cells: readonly string[];
  readonly to?: PageTarget | undefined;
  readonly movesInMs?: Ms | undefined;
}

/** What belongs together, most important first. */
export interface PageSection {
  readonly label: string;
  readonly rows: readonly PageRow[];
  /** Of how many things it tells; one may take two rows. */
  readonly count: number;
  /** Its last rows are those that matter most. */
  readonly isLog?: true;
}

/** What is said on a terminal, in its colours, handed to another surface: so that both say the same. */
export interface PageWords {
  head(view: TopView): readonly string[];
  sections(shown: Shown, nowMs: Ms): readonly PageSection[];
  steps(view: StatusView): readonly string[];
  cadence(cadence: CadenceView): readonly string[];
  run(run: RunRecord): readonly string[];
  record(run: RunRecord): string;
  incident(incident: IncidentView): readonly string[];
  slotEnd(end: SlotView['end']): string;
  whyStep(why: WhyView): string;
  /** What `show` says of a cadence; '' where it cannot. */
  definition(cadence: string): Promise<string>;
}
