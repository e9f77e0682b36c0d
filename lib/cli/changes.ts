import type { ChangeView } from '../app/definitions/file.ts';
import { type CommandContext, DRY_RUN, type Paint } from './command.ts';

interface Told {
  readonly changes: readonly ChangeView[];
  /** More fields of the answer. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** What to say where nothing is left to be done. */
  readonly nothing: string;
  readonly next: readonly string[];
}

/** What was written, or, in a dry run, what would be, as a diff. Answers with the exit code. */
export function tellChanges({ spec, out, flags }: CommandContext, { changes, more = {}, nothing, next }: Told): number {
  const isDry = flags.has('dry-run');
  out.result({ ok: true, ...(isDry ? { dry_run: true, would: spec.name } : {}), ...more, changes }, () => {
    if (changes.length === 0) return nothing;
    if (isDry) return `Would ${spec.name}:\n${changes.map(({ diff }) => paintDiff(out.isVerbose ? diff : shortened(diff), out.paint)).join('\n')}`;
    return changes.map((change) => describe(change, out.isVerbose, out.paint)).join('\n');
  });
  if (!isDry) out.next(...next);
  return isDry ? DRY_RUN : 0;
}

function describe({ path, change, diff }: ChangeView, isVerbose: boolean, paint: Paint): string {
  const done = { create: paint.green('created'), edit: paint.green('changed'), remove: paint.red('removed') }[change];
  // What is removed is shown in full: whoever wants it back finds it in the terminal.
  return `${done} ${path}${isVerbose || change === 'remove' ? `\n${paintDiff(diff, paint)}` : ''}`;
}

const MOST_LINES = 80;

function shortened(diff: string): string {
  const lines = diff.trimEnd().split('\n');
  return lines.length <= MOST_LINES ? diff : [...lines.slice(0, 12), `… and ${lines.length - 12} lines more; -v shows them`].join('\n');
}

export function paintDiff(diff: string, paint: Paint): string {
  const color = (line: string): string => {
    if (/^(---|\+\+\+) /.test(line)) return paint.bold(line);
    if (line.startsWith('+')) return paint.green(line);
    if (line.startsWith('-')) return paint.red(line);
    return line.startsWith('@@') ? paint.cyan(line) : line;
  };
  return diff.trimEnd().split('\n').map(color).join('\n');
}
