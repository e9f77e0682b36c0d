import type { FlagSpec } from '../command.ts';

/** What several verbs have in common. */
export const DRY: FlagSpec = { name: 'dry-run', summary: 'show what would be done, change nothing, exit 2' };
export const FOLLOW: FlagSpec = { name: 'follow', short: 'f', summary: 'go on until the run has ended' };
export const BECAUSE: FlagSpec = { name: 'because', value: 'TEXT', summary: 'why, for whoever asks later' };
export const NO_ROOT = [66, 'there is no agent root here'] as const;
export const NOT_FOUND = [66, 'no such thing'] as const;
export const HELD = [75, 'the owner does not answer, or the root is owned by another'] as const;
