import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { assertGolden } from '../golden/golden.ts';
import { apiServer, status } from '../notify/api-server.ts';
import { createTimeYard } from '../support/time-yard.ts';

const CADENCE = `run: { command: [sh, books.sh] }
schedule: hourly :10
retry: { attempts: 2, delays: [2m], jitter: 0 }
on_failure:
  - { when: { message: "resolve host" }, retry: true }
  - { agent: { command: [sh, mend.sh], timeout: 3m } }
`;
/** What it keeps the books with: a program that works, and the one that somebody writes on Wednesday. */
const GOOD = 'echo "the books are balanced"';
const BAD = 'echo "TypeError: total.add is not a function" >&2; exit 1';
const books = (line: string): string => `test -e network || { echo "could not resolve host: ledger.example" >&2; exit 6; }\n${line}\n`;
/** It finds nothing when it is asked first; the second time it is told so, and mends the program. */
const MEND = `cat > prompt.$$
if test -e asked; then
  printf '%s' '${books(GOOD)}' > books.sh
  echo 'a date was read as text'
  echo 'ACTION: restart'
else
  echo 'I could not find it.'
fi
echo x >> asked
`;

/** A network that is away for a minute, three times a day; from Wednesday noon a bug. */
const BREAKS_MS = Date.parse('2026-11-25T12:00:00Z');
const MINUTE = 60_000;
const isAway = (ms: number): boolean => [3, 11, 19].includes(new Date(ms).getUTCHours()) && new Date(ms).getUTCMinutes() < 11;

describe('a week of care', () => {
  it('P28 A24 A29 tells its person three things and no more: flapping network, one real bug, one dead webhook, one agent that fixes it', async () => {
    const told: string[] = [];
    const person = await apiServer();
    const dead = await apiServer();
    await dead.close();
    const yard = createTimeYard({ startIso: '2026-11-23T00:00:00Z', isReal: true });
    person.answer((response, { body }) => {
      told.push(`${new Date(yard.clock.nowMs()).toISOString().slice(0, 16).replace('T', ' ')}  ${String(body.message)}`);
      status(200)(response, person.seen.at(-1) as (typeof person.seen)[number]);
    });
    const put = (name: string, text: string): void => writeFileSync(`${yard.root}/${name}`, text);
    put('cadences/bus.yaml', `notify:\n  ntfy: { topic: me, server: "${person.url}" }\n  webhook: { url: "${dead.url}/hook" }\n`);
    put('cadences/books.yaml', CADENCE);
    put('books.sh', books(GOOD));
    put('mend.sh', MEND);
    await yard.start();
    const refused = { tries: 0 };
    yard.owner().journal.onEvent(({ stage, sink }) => {
      if (stage === 'notice_failed' && String(sink).startsWith('webhook')) refused.tries += 1;
    });
    let hasBroken = false;
    const untilMs = Date.parse('2026-11-30T00:00:00Z');
    while (yard.clock.nowMs() < untilMs) {
      const nowMs = yard.clock.nowMs();
      if (isAway(nowMs)) rmSync(`${yard.root}/network`, { force: true });
      else put('network', '');
      if (!hasBroken && nowMs >= BREAKS_MS) put('books.sh', books(BAD));
      hasBroken = nowMs >= BREAKS_MS;
      // The hour's two moments at which the network may come or go.
      await yard.pass((new Date(nowMs).getUTCMinutes() < 11 ? 11 : 60) * MINUTE - (nowMs % (60 * MINUTE)));
    }
    const runs = yard.owner().history.runs({ cadence: 'books', limit: 1_000 });
    const failing = (words: string): number => runs.filter(({ reason }) => reason.includes(words)).length;
    const failures = { network: failing('resolve host'), bug: failing('TypeError') };
    assert.ok(failures.network > 15 && failures.bug > 3 && refused.tries > 5 && runs.length > 168, JSON.stringify({ failures, refused, runs: runs.length }));
    assert.equal(readFileSync(`${yard.root}/asked`, 'utf8'), 'x\nx\n');
    assert.ok(existsSync(`${yard.root}/network`));
    assertGolden('week-of-care.txt', `${told.map((line) => line.replaceAll(/[a-z0-9]{12}-\d/g, '<run>')).join('\n')}\n`);
    assert.equal(told.length, 3);
    const shown = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    for (const line of told) assert.ok(shown.includes(`${line.replaceAll(/[a-z0-9]{12}-\d/g, '<run>')}\n`), `README.md shows: ${line}`);
    const ledger = readFileSync(`${yard.root}/state/cadence-bus/attempts.tsv`, 'utf8').trim().split('\n');
    assert.match(ledger.findLast((line) => line.includes('\tagent\t')) ?? '', /\tkept\t/);
  });
});
