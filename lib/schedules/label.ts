import { basename } from 'node:path';

/**
 * Several roots may live on one machine, so each has a stem of its own, the same at every install: the folder's name, for
 * people, and a mark of the whole path. Labels are `<stem>.owner`, `<stem>.heartbeat`, `<stem>.probe`, `<stem>.inside`, `<stem>.timer.<cadence>`.
 */
const PREFIX = 'cadence-bus';
const MOST_WORD = 24;
const MARK = 8;

/** `mark` is made of the root, and of nothing else. */
export function stemOf(root: string, mark: string): string {
  const word = basename(root)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MOST_WORD)
    .replace(/^-+|-+$/g, '');
  return `${PREFIX}.${word === '' ? '' : `${word}-`}${mark.slice(0, MARK)}`;
}

export function labelOf(stem: string, role: 'owner' | 'heartbeat' | 'probe' | 'inside'): string {
  return `${stem}.${role}`;
}

export function timerLabel(stem: string, cadence: string): string {
  return `${stem}.timer.${cadence}`;
}

/** What the label of this root stands for; undefined: it is another's. */
export function nameOfLabel(
  stem: string,
  label: string,
): { readonly role: 'owner' | 'heartbeat' | 'probe' | 'inside' | 'timer'; readonly name: string } | undefined {
  if (!label.startsWith(`${stem}.`)) return undefined;
  const rest = label.slice(stem.length + 1);
  if (rest === 'owner' || rest === 'heartbeat' || rest === 'probe' || rest === 'inside') return { role: rest, name: rest };
  return rest.startsWith('timer.') ? { role: 'timer', name: rest.slice('timer.'.length) } : undefined;
}
