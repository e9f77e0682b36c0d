import { type LearnedView, readLearned } from '../../app/answers/learned.ts';
import { nowMs } from '../../app/root.ts';
import type { Learned, LearnedEpisode, Pattern } from '../../core/incident/learning.ts';
import { formatDuration } from '../../core/time/duration.ts';
import { parseIso } from '../../core/time/instant.ts';
import type { CommandContext, Paint } from '../command.ts';
import { table } from '../output.ts';

const SHOWN_EPISODES = 12;

export async function run({ words, out, root }: CommandContext): Promise<number> {
  const [cadence] = words;
  const view = readLearned(await root(), cadence);
  out.result({ ok: true, ...view }, () => describe(view, cadence !== undefined || out.isVerbose, out.paint));
  const [first] = view.cadences;
  out.next(...(cadence === undefined && first !== undefined ? [`cadence-bus learn ${first.cadence}`] : []), 'cadence-bus incidents ls --state all');
  return 0;
}

function describe({ cadences, digest }: LearnedView, withEpisodes: boolean, paint: Paint): string {
  if (cadences.length === 0) return 'Nothing has failed in 30 days.';
  const lines = withEpisodes
    ? cadences.flatMap((one) => [oneLine(one, paint).join('  '), ...episodesOf(one.episodes, paint)])
    : [table(cadences.map((one) => oneLine(one, paint)))];
  if (digest.length > 0) {
    lines.push('', paint.bold('Told to nobody in the last week'));
    lines.push(
      table(
        digest.map(({ cadence, episodes, failures, longest }) => [
          `  ${cadence}`,
          `${episodes} episodes`,
          `${failures} failures`,
          `the longest ${longest}, all healed without a person`,
        ]),
      ),
    );
  }
  return lines.join('\n');
}

function oneLine({ cadence, pattern, because, threshold, suppressed }: Learned, paint: Paint): readonly string[] {
  const told = suppressed ? 'only the digest tells of it' : `told after ${threshold} ${threshold === 1 ? 'failed tick' : 'failed ticks in a row'}`;
  return [paint.bold(cadence), paintPattern(pattern, paint), because, paint.dim(told)];
}

function paintPattern(pattern: Pattern | null, paint: Paint): string {
  switch (pattern) {
    case 'persistent':
    case 'reload_cycle':
      return paint.red(pattern);
    case 'chronic_cycle':
      return paint.dim(pattern);
    case 'intermittent':
      return paint.yellow(pattern);
    case null:
      return paint.dim('no pattern');
  }
}

function episodesOf(episodes: readonly LearnedEpisode[], paint: Paint): readonly string[] {
  const shown = episodes.slice(-SHOWN_EPISODES);
  const rest = episodes.length - shown.length;
  const rows = shown.map(({ incident_id, opened_at, ended_at, occurrences, healed }) => {
    const lasted = formatDuration((ended_at === null ? nowMs() : (parseIso(ended_at) ?? 0)) - (parseIso(opened_at) ?? 0));
    const end = healed === 'itself' ? paint.green('healed itself') : healed === 'by_a_person' ? paint.yellow('needed a person') : paint.red('goes on');
    return [`  ${opened_at.slice(0, 16)}Z`, `${occurrences}×`, lasted, end, paint.dim(incident_id)];
  });
  return [...(rest > 0 ? [paint.dim(`  … and ${rest} before them`)] : []), ...(rows.length === 0 ? [] : [table(rows)])];
}
