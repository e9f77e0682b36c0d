import * as z from 'zod';
import { FOUND_DETECTORS } from '../core/incident/finding.ts';
import { INCIDENT_LEVELS, INCIDENT_STATES, type Incident, isIncidentId } from '../core/incident/incident.ts';

/** `incidents/<id>/incident.json`, as it is read again. A newer format is not ours to read. */
const id = z.string().refine(isIncidentId);
const by = z.enum(['proof', 'operator']);

const incidentSchema = z.looseObject({
  format: z.literal(1),
  id,
  fingerprint: z.string().min(1).max(100),
  cadence: z.string().min(1).max(60),
  account: z.string().optional(),
  provider: z.string().optional(),
  cadences: z.array(z.string()).min(1),
  detector: z.string().min(1).max(60),
  title: z.string(),
  state: z.enum(INCIDENT_STATES),
  first_at: z.string(),
  last_at: z.string(),
  occurrences: z.number().int().min(1),
  found: z.looseObject({ detector: z.enum(FOUND_DETECTORS), at: z.string(), words: z.string(), key: z.string() }).optional(),
  slots: z.array(z.string()).optional(),
  run_ids: z.array(z.string()),
  level: z.enum(INCIDENT_LEVELS),
  attempts: z.number().int().min(0),
  asked: z.looseObject({ at: z.string(), because: z.string(), sinks: z.array(z.string()), chronic: z.literal(true).optional() }).optional(),
  recurred: z.looseObject({ fix: z.number().int().min(1), source: z.string(), kept_at: z.string() }).optional(),
  approved_until: z.string().optional(),
  ignored_until: z.string().optional(),
  resolved_at: z.string().optional(),
  resolved_by: by.optional(),
  proof_run_id: z.string().optional(),
  episodes: z.array(
    z.looseObject({
      opened_at: z.string(),
      occurrences: z.number().int().min(1),
      ended_at: z.string().optional(),
      by: by.optional(),
      asked_human: z.literal(true).optional(),
    }),
  ),
});

export function parseIncident(value: unknown): Incident | undefined {
  return incidentSchema.safeParse(value).data as Incident | undefined;
}
