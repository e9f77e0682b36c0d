import { waitForSettings } from '../core/money/unsettled.ts';
import { formatProblem } from '../core/text/problem-text.ts';
import type { Problem } from '../ports.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { counted } from './wording.ts';

export interface DefinitionsDeps {
  readonly defined: () => {
    readonly definitions: readonly unknown[];
    readonly problems: readonly Problem[];
    readonly warnings: readonly Problem[];
    /** For `bus.yaml` to be mended. */
    readonly waiting: readonly string[];
  };
  /** What the owner goes on with though no file says it any more: where `bus.yaml` is gone, or empty, nothing on the disk is wrong. */
  readonly missed: () => Promise<string | undefined>;
}

const TOLD = 5;

export function createDefinitionsCheck({ defined, missed }: DefinitionsDeps): Check {
  return {
    id: 'definitions',
    title: 'Definitions',
    async inspect() {
      const { definitions, problems, warnings, waiting } = defined();
      const lost = await missed();
      if (lost !== undefined) return fail([`${lost} What it said goes on until the owner ends.`, told(problems)].join('\n').trimEnd(), 'cadence-bus status');
      if (problems.length === 0 && warnings.length > 0) return warn(told(warnings), 'cadence-bus check');
      if (problems.length === 0)
        return ok(definitions.length === 0 ? 'no cadence is defined yet' : `${counted(definitions.length, 'cadence')}, all of them right`);
      return fail([told(problems), ...(waiting.length > 0 ? [waitForSettings(waiting)] : [])].join('\n'), 'cadence-bus check');
    },
  };
}

function told(problems: readonly Problem[]): string {
  const rest = problems.length > TOLD ? [`and ${problems.length - TOLD} more`] : [];
  return [...problems.slice(0, TOLD).map(formatProblem), ...rest].join('\n');
}
