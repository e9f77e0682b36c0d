import { describe, it } from 'node:test';
import { assertGolden } from '../golden/golden.ts';
import { createDesk, type Desk } from '../support/cli.ts';

/** Whole stories, as a person reads them at the terminal: the command, what it says, on stderr behind `!`, and its exit code. */
async function tell(desk: Desk, commands: readonly (string | (() => unknown))[], ids: string[] = []): Promise<string> {
  const parts: string[] = [];
  for (const command of commands) {
    if (typeof command !== 'string') {
      await command();
      continue;
    }
    const words = command.replace(/\bT(\d+)\b/g, (_all, number: string) => ids[Number(number) - 1] ?? 'missing').match(/"[^"]*"|\S+/g) ?? [];
    const { code, stdout, stderr } = await desk.tell(...words.map((word) => word.replaceAll('"', '')));
    const lines = (text: string, mark: string): string => text.replace(/\n$/, '').replace(/^/gm, mark);
    const said = [stdout === '' ? [] : [lines(stdout, '')], stderr === '' ? [] : [lines(stderr, '! ')], code === 0 ? [] : [`→ exit ${code}`]].flat();
    parts.push([`$ cadence-bus ${command}`, ...said].join('\n'));
  }
  return `${withoutChance(parts.join('\n\n'), desk.root, ids)}\n`;
}

/** Ids become T1, T2 … in the order of their coming; times, durations and pids become words. */
function withoutChance(text: string, root: string, ids: string[]): string {
  // One id in fifty has no digit and looks like a word; that of a run stands somewhere with the number of its try.
  const ofRuns = new Set([...text.matchAll(/\b([a-z0-9]{12})-\d+\b/g)].map(([, id]) => id));
  return (
    text
      .replaceAll(root, 'ROOT')
      .replace(/\b[a-z0-9]{12}\b/g, (id) => (/\d/.test(id) || ofRuns.has(id) ? `T${(ids.indexOf(id) + 1 || ids.push(id)).toString()}` : id))
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'INSTANT')
      .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ/g, 'STAMP')
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g, 'TIME')
      .replace(/\d{4}-\d\d-\d\d(?=-)/g, 'DAY')
      .replace(/\b\d+(ms|s)\b( \d+(ms|s)\b)?/g, 'SPAN')
      .replace(/(just now|SPAN ago)/g, 'AGO')
      // How wide a column is follows from how long a run took.
      .replace(/(SPAN|AGO) {2,}/g, '$1  ')
      .replace(/\b(process|owner) \d+/g, '$1 PID')
      .replace(/ {3,}/g, '   ')
  );
}

describe('what a person reads', () => {
  it('of a root without an owner, from its first look to its last word', async () => {
    const desk = createDesk();
    desk.shell('well', 'echo done', 'description: Says that it is done');
    desk.shell('ill', 'echo reading >&2; echo "no such table" >&2; exit 3', 'retry: { attempts: 1, delays: [0s], jitter: 0 }');
    const ids: string[] = [];
    const text = await tell(
      desk,
      [
        'check',
        'list',
        'status',
        'runs',
        'dlq',
        'breaker',
        'audit',
        'run well --dry-run',
        'run well',
        'run ill',
        'status',
        'runs',
        'dlq',
        'breaker reset ill',
        'halt --because "the disk is being swapped"',
        'status',
        'breaker',
        'resume',
        'pause well --because "too loud"',
        'status well',
        'resume well',
        'breaker trip well',
        'breaker',
        'breaker reset --all',
        'audit',
      ],
      ids,
    );
    assertGolden('story.txt', text);
  });

  it('of things that are not there, and of what is wrong', async () => {
    const desk = createDesk();
    desk.shell('nightly', 'true');
    desk.cadence('broken', 'run: { comand: [true] }');
    const text = await tell(desk, [
      'status nightyl',
      'runs nightyl',
      'show nightyl',
      'run nightyl',
      'pause nightyl',
      'check',
      'list',
      'run broken',
      'wait x7k2p9qd4mzt',
      'logs x7k2p9qd4mzt-1',
      'events x7k2p9qd4mzt',
      'cancel x7k2p9qd4mzt',
      'dlq retry x7k2p9qd4mzt',
      'enqueue nightly --payload {',
      'enqueue Nightly',
    ]);
    assertGolden('mistakes.txt', text);
  });
});
