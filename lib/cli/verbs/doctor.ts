import { type Checkup, type CheckView, examine, FIX } from '../../app/doctor/doctor.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { type CommandContext, DRY_RUN, type Output, type Paint } from '../command.ts';

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const at = await root();
  if (flags.has('inside')) return inside(out, at);
  const isDry = flags.has('dry-run');
  const checkup = await examine(at, flags.has('fix') && !isDry);
  if (isDry) return rehearse(checkup, out);
  const answer = flags.text('tell');
  if (answer !== undefined) await tell(answer, checkup);
  out.result({ ...checkup }, () => describe(checkup, out.paint));
  out.next(...nextSteps(checkup));
  return checkup.ok ? 0 : 1;
}

function rehearse({ checks }: Checkup, out: Output): number {
  const fixes = checks.filter(({ mend }) => mend === FIX).map(({ id, detail }) => ({ id, detail }));
  out.result({ ok: true, dry_run: true, would: 'fix', fixes }, () =>
    fixes.length === 0
      ? 'Would mend nothing.'
      : ['Would mend', ...fixes.map(({ id, detail }) => `  ${id}: ${toVisible(detail).replaceAll('\n', '; ')}`)].join('\n'),
  );
  return DRY_RUN;
}

/** As a job of launchd or systemd, whose world is another one than this shell's. */
async function inside(out: Output, root: string): Promise<number> {
  const { examineInside } = await import('../../app/doctor/inside.ts');
  const view = await examineInside(root);
  const { checks, differences, scheduler } = view;
  const told = differences.map(({ what, inside, here }) => `  ${out.paint.yellow(what)}: ${toVisible(inside)}\n    here: ${toVisible(here)}`);
  out.result({ ...view }, () =>
    [
      describe({ ok: view.ok, checks, fixed: [], left: [] }, out.paint),
      '',
      differences.length === 0 ? `A job of ${scheduler} sees what this shell sees.` : `A job of ${scheduler} sees another world than this shell:`,
      ...told,
    ].join('\n'),
  );
  out.next(...nextSteps({ checks }));
  return view.ok ? 0 : 1;
}

async function tell(path: string, checkup: Checkup): Promise<void> {
  const { tellWorld } = await import('../../app/doctor/inside.ts');
  tellWorld(path, checkup);
}

const MARK: Readonly<Record<CheckView['level'], string>> = { ok: '✓', warn: '!', fail: '✗' };

/** The mark tells; the colour only repeats it. */
export function describe({ checks, fixed, left }: Checkup, paint: Paint): string {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const count = (level: CheckView['level']): number => checks.filter((check) => check.level === level).length;
  return [
    ...checks.flatMap((check) => checkLines(check, width, paint)),
    ...(fixed.length + left.length === 0 ? [] : ['']),
    ...fixed.map(({ id, done }) => `${paint.green('mended')} ${id}: ${toVisible(done)}`),
    ...left.map(({ id, because }) => `${paint.yellow('left')} ${id}: ${toVisible(because)}`),
    '',
    `${count('ok')} well, ${count('warn')} to look at, ${count('fail')} wrong.`,
  ].join('\n');
}

function checkLines({ title, level, detail, mend }: CheckView, width: number, paint: Paint): readonly string[] {
  const color = { ok: paint.green, warn: paint.yellow, fail: paint.red }[level];
  const indent = ' '.repeat(width + 4);
  const [first = '', ...rest] = toVisible(detail).split('\n');
  const head = `${color(`${MARK[level]} ${title.padEnd(width)}`)}  ${first}`;
  return [head, ...rest.map((line) => `${indent}${line}`), ...(mend === null ? [] : [`${indent}${paint.bold(`→ ${toVisible(mend)}`)}`])];
}

function nextSteps({ checks }: Pick<Checkup, 'checks'>): readonly string[] {
  const worst = checks.find(({ level, mend }) => level === 'fail' && mend !== null) ?? checks.find(({ mend }) => mend !== null);
  return [worst?.mend?.split('\n')[0] ?? 'cadence-bus status'];
}
