import { type Checkup, type CheckView, examine } from '../../app/doctor.ts';
import { toVisible } from '../../core/excerpt.ts';
import type { CommandContext, Paint } from '../command.ts';

export async function run({ flags, out, root }: CommandContext): Promise<number> {
  const checkup = await examine(await root(), flags.has('fix'));
  out.result({ ...checkup }, () => describe(checkup, out.paint));
  out.next(...nextSteps(checkup));
  return checkup.ok ? 0 : 1;
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

function nextSteps({ checks }: Checkup): readonly string[] {
  const worst = checks.find(({ level, mend }) => level === 'fail' && mend !== null) ?? checks.find(({ mend }) => mend !== null);
  return [worst?.mend?.split('\n')[0] ?? 'cadence-bus status'];
}
