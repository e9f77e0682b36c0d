import * as z from 'zod';
import { INCIDENT_STATES } from '../../core/incident/incident.ts';
import { PATTERNS } from '../../core/incident/learning.ts';
import { isOk, number, text } from './answer-part.ts';

const incident = {
  id: text,
  fingerprint: text.describe('The same for the same bug, wherever and whenever it comes.'),
  cadence: text,
  cadences: z.array(text),
  detector: text.describe('traceback, exit, timeout, stall, lost, missed, disabled and stale (of a timer), unverified, or the class of a session such as auth'),
  title: text,
  state: z.enum(INCIDENT_STATES),
  first_at: text,
  last_at: text,
  occurrences: number,
  run_ids: z.array(text).describe('The last twenty.'),
  level: text,
  attempts: number.describe('What was tried.'),
  path: text.describe('Its folder: report.md, trace.txt, log_excerpt.txt, frames, configs, occurrences.jsonl.'),
};

export const incidentsAnswers = [
  z.looseObject({ ok: isOk, incidents: z.array(z.looseObject(incident)), others: number.describe('On file, and not shown.') }),
  z.looseObject({ ok: isOk, ...incident, report: text, files: z.array(text), tried: z.array(z.looseObject({ timestamp: text, source: text, status: text })) }),
  z.looseObject({ ok: isOk, id: text, cadence: text, did: z.enum(['approve', 'ignore', 'resolve', 'respond']), run_id: text }),
] as const;

const episode = z.looseObject({
  incident_id: text,
  opened_at: text,
  ended_at: text.nullable(),
  occurrences: number,
  healed: z.enum(['itself', 'by_a_person', 'not_yet']),
});
const learned = z.looseObject({
  cadence: text,
  pattern: z.enum(PATTERNS).nullable(),
  because: text,
  threshold: number.describe('So many ticks that failed in a row before somebody is told.'),
  suppressed: z.boolean(),
  episodes: z.array(episode),
});
export const learnAnswer = z.looseObject({
  ok: isOk,
  cadences: z.array(learned),
  digest: z.array(z.looseObject({ cadence: text, episodes: number, failures: number, longest: text })).describe('What was told to nobody in a week.'),
});

const fix = z.looseObject({
  source: text,
  detector: text,
  tried: number,
  kept: number.describe('And it has not come back since.'),
  recurred: number.describe('It was kept, and the same failure came back within 7 days.'),
  regressed: number,
  crashed: number,
  pending: number,
  success: number.nullable(),
});
export const analyzeAnswer = z.looseObject({
  ok: isOk,
  since: text,
  gone_before: text.optional().describe('Runs before this day are on file no more, and missing here.'),
  totals: z.looseObject({
    runs: number,
    succeeded: number,
    failed: number,
    given_up: number,
    incidents_opened: number,
    incidents_resolved: number,
    fixes_tried: number,
    fixes_kept: number,
    fixes_recurred: number,
  }),
  fails_most: z.array(z.looseObject({ cadence: text, failures: number, runs: number })),
  detectors: z.array(z.looseObject({ detector: text, occurrences: number })),
  fixes: z.array(fix),
  cost_usd: number,
  failed_cost_usd: number,
  healing_cost_usd: number,
});

export const vaultAnswer = z.looseObject({
  ok: isOk,
  path: text,
  notes: number.describe('How many there are.'),
  written: z.array(text).describe('Places in the vault of what was new or has changed.'),
  unchanged: number,
  removed: z.array(text).describe('Notes that stand for nothing any more.'),
  in_the_way: z.array(text).describe('Not made here, and left as it is, where a note should be.'),
  left_out: z.looseObject({ incidents: number, dead: number }).describe('Older ones that have no note.'),
});
