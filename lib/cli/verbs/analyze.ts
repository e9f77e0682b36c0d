import { readAnalysis } from '../../app/answers/learned.ts';
import { nowMs } from '../../app/root.ts';
import type { FixRow } from '../../core/incident/analysis.ts';
import { formatUsd } from '../../core/money/dollars.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

const DAY_MS = 86_400_000;

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const analysis = readAnalysis(await root(), nowMs() - (flags.duration('since') ?? DAY_MS));
  out.result({ ok: true, ...analysis }, () => describe(analysis, out.paint));
  out.next('cadence-bus incidents', 'cadence-bus learn', 'cadence-bus costs');
  return 0;
}

function describe(analysis: ReturnType<typeof readAnalysis>, paint: Paint): string {
  const { since, totals, fails_most, detectors, fixes, cost_usd, failed_cost_usd, healing_cost_usd } = analysis;
  const lines = [
    `Since ${since}: ${totals.runs} runs, ${totals.succeeded} succeeded, ${totals.failed} tries failed, ${totals.given_up} given up`,
    `Incidents: ${totals.incidents_opened} opened, ${totals.incidents_resolved} resolved · fixes: ${totals.fixes_tried} tried, ${totals.fixes_kept} kept${totals.fixes_recurred > 0 ? `, ${totals.fixes_recurred} recurred` : ''}`,
    `Money: ${formatUsd(cost_usd)}, of which ${formatUsd(failed_cost_usd)} on what failed and ${formatUsd(healing_cost_usd)} on mending`,
  ];
  if (analysis.gone_before !== undefined)
    lines.push(paint.yellow(`What ended before ${analysis.gone_before} is on file no more (retention), and not counted here.`));
  if (fails_most.length > 0)
    lines.push('', paint.bold('Fails most'), table(fails_most.map(({ cadence, failures, runs }) => [`  ${cadence}`, `${failures} of ${runs} tries`])));
  if (detectors.length > 0) lines.push('', paint.bold('Of what'), table(detectors.map(({ detector, occurrences }) => [`  ${detector}`, `${occurrences}×`])));
  if (fixes.length > 0) lines.push('', paint.bold('What mends it'), table(fixes.map((row) => fixRow(row, paint))));
  return lines.join('\n');
}

function fixRow({ source, detector, tried, kept, recurred, regressed, crashed, pending, success }: FixRow, paint: Paint): readonly string[] {
  const told = [
    kept > 0 ? `${kept} kept` : '',
    recurred > 0 ? `${recurred} recurred` : '',
    regressed > 0 ? `${regressed} regressed` : '',
    crashed > 0 ? `${crashed} crashed` : '',
    pending > 0 ? `${pending} not proven yet` : '',
  ];
  const share = success === null ? '' : `${Math.round(success * 100)} %`;
  return [
    `  ${source}`,
    `for ${detector}`,
    `tried ${tried}×`,
    success !== null && success >= 0.5 ? paint.green(share) : paint.red(share),
    told.filter((one) => one !== '').join(', '),
  ];
}
