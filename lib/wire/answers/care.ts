import * as z from 'zod';
import { INCIDENT_STATES } from '../../core/incident.ts';
import { isOk, number, text } from './answer-part.ts';

const incident = {
  id: text,
  fingerprint: text.describe('The same for the same bug, wherever and whenever it comes.'),
  cadence: text,
  cadences: z.array(text),
  detector: text.describe('traceback, exit, timeout, stall, lost, missed, unverified, or the class of a session such as auth'),
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
  z.looseObject({ ok: isOk, ...incident, report: text, files: z.array(text) }),
  z.looseObject({ ok: isOk, id: text, cadence: text, did: z.enum(['approve', 'ignore', 'resolve', 'respond']), run_id: text }),
] as const;
