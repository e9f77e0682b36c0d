import type { Incident } from '../incident/incident.ts';
import type { RunRecord } from '../run.ts';
import type { Level } from '../slot/lateness.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { formatDuration } from '../time/duration.ts';
import { parseIso } from '../time/instant.ts';
import { renderMessage } from './notice.ts';

/** The words of notices about incidents. */
export interface AlertWords {
  readonly failures: number;
  readonly level: Level;
  readonly asksHuman: boolean;
  /** Nobody has given words of his own: then ours say more. */
  readonly isPlain: boolean;
  /** What keeps it from being tried again, and until when. */
  readonly held?: string | undefined;
}

export function alertText(template: string, run: RunRecord, kind: 'failure' | 'recovery', incident: Incident, words: AlertWords, host: string): string {
  const text = renderMessage(template, run, kind, host);
  if (!words.isPlain || kind === 'recovery') return text;
  const more = [
    // What an account answers says nothing of how often this one failed.
    ...(words.failures > 1 && incident.account === undefined ? [`${words.failures} ticks failed in a row`] : []),
    ...(words.level === 'none' || incident.account !== undefined ? [] : [words.level]),
    ...(words.asksHuman ? [`it needs you${whyOf(incident)}: cadence-bus incidents show ${incident.id}`] : []),
    ...(words.held === undefined ? [] : [words.held]),
  ];
  return more.length === 0 ? text : `${text} - ${more.join(', ')}`;
}

/** Why nothing more is tried. */
function whyOf({ asked }: Incident): string {
  return asked === undefined ? '' : ` (${truncate(toVisible(asked.because).replaceAll('\n', ' '), 160)})`;
}

/** What was found without a run that failed has no message of a run. */
export function foundText(incident: Incident, kind: 'failure' | 'recovery', words: Pick<AlertWords, 'level' | 'asksHuman'>): string {
  const title = toVisible(incident.title);
  if (kind === 'recovery') return `${incident.cadence} is well again: ${title}`;
  const more = [...(words.level === 'none' ? [] : [words.level]), ...(words.asksHuman ? [`it needs you${whyOf(incident)}`] : [])];
  return `${title} - ${[...more, `cadence-bus incidents show ${incident.id}`].join(', ')}`;
}

export function remindText({ cadence, title, occurrences, first_at, last_at, episodes, id }: Incident, asksHuman: boolean, level: Level): string {
  const since = episodes.at(-1)?.opened_at ?? first_at;
  const lasted = formatDuration(Math.max(0, (parseIso(last_at) ?? 0) - (parseIso(since) ?? 0)));
  const times = occurrences === 1 ? 'once' : `${occurrences} times`;
  const words = [...(level === 'none' ? [] : [level]), ...(asksHuman ? ['it needs you'] : []), `cadence-bus incidents show ${id}`];
  return `${cadence} still fails: ${toVisible(title)} (${times} within ${lasted}, since ${since.slice(0, 16).replace('T', ' ')} UTC) - ${words.join(', ')}`;
}
