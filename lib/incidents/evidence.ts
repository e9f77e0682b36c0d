import { normalMessage } from '../core/fingerprint.ts';
import { detectorOf } from '../core/incident.ts';
import type { RunRecord } from '../core/run.ts';
import { fenced } from './report.ts';

/** What is known of a failure. */
export interface Evidence {
  readonly detector: string;
  /** The words of its identity. */
  readonly words: readonly string[];
  readonly title: string;
  readonly files: readonly EvidenceFile[];
}

/** `name` is relative to the folder of the incident, and made of checked parts only. */
export interface EvidenceFile {
  readonly name: string;
  readonly text: string;
}

export function gatherEvidence(run: RunRecord): Evidence {
  return {
    detector: detectorOf(run),
    words: [normalMessage(run.reason)],
    title: run.reason,
    files: [{ name: 'report.md', text: `## What it said last\n\n${fenced(run.stderr_tail ?? run.reason)}\n` }],
  };
}
