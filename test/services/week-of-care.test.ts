import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Outcome } from '../../lib/core/outcome.ts';
import type { Http } from '../../lib/ports.ts';
import { assertGolden } from '../golden/golden.ts';
import { createTimeYard } from '../support/time-yard.ts';

const BUS = `notify:
  ntfy: { topic: me, server: "https://ntfy.example" }
  webhook: { url: "https://dead.example/hook" }
`;
const CADENCE = [
  'schedule: hourly :10',
  'retry: { attempts: 2, delays: [2m], jitter: 0 }',
  'on_failure:',
  '  - { when: { message: "resolve host" }, retry: true }',
  '  - { agent: { max_usd: 1 } }',
];

/** A network that is away for a minute, three times a day; from Wednesday noon a bug; an agent that finds it when it is asked again, six hours later. */
const BREAKS_MS = Date.parse('2026-11-25T12:00:00Z');
const isAway = (ms: number): boolean => [3, 11, 19].includes(new Date(ms).getUTCHours()) && new Date(ms).getUTCMinutes() < 12;
const failed = (reason: string): Outcome => ({ kind: 'fail', blame: 'cadence', reason });

describe('a week of care', () => {
  it('P28 A24 A29 tells its person three things and no more: flapping network, one real bug, one dead webhook, one agent that fixes it', async () => {
    const told: string[] = [];
    const refused = { tries: 0 };
    const asked: string[] = [];
    const failures = { network: 0, bug: 0 };
    const http: Http = {
      async post({ url, body }) {
        if (url.startsWith('https://dead.example')) {
          refused.tries += 1;
          return { kind: 'failed', because: 'dead.example refuses the connection' };
        }
        told.push(`${new Date(yard.clock.nowMs()).toISOString().slice(0, 16).replace('T', ' ')}  ${(JSON.parse(body) as { message: string }).message}`);
        return { kind: 'answer', status: 200, retryAfterMs: undefined, text: '' };
      },
    };
    const yard = createTimeYard({
      startIso: '2026-11-23T00:00:00Z',
      http,
      outcome(job, clock) {
        const nowMs = clock.nowMs();
        if (job.cadence.name === 'bus-heal-books') {
          asked.push(job.tickId);
          if (asked.length < 2) return { kind: 'ok', summary: 'I could not find it.' };
          return { kind: 'ok', summary: '', answer: { kind: 'restart', diagnosis: 'a date was read as text' } };
        }
        if (isAway(nowMs)) {
          failures.network += 1;
          return failed('exit 6: could not resolve host: ledger.example');
        }
        if (nowMs < BREAKS_MS || asked.length > 1) return { kind: 'ok', summary: 'the books are balanced' };
        failures.bug += 1;
        return failed('exit 1: TypeError: total.add is not a function');
      },
    });
    writeFileSync(`${yard.root}/cadences/bus.yaml`, BUS);
    yard.cadence('books', ...CADENCE);
    await yard.start();
    await yard.passUntil('2026-11-30T00:00:00Z');
    assert.ok(failures.network > 15 && failures.bug > 3 && refused.tries > 5, JSON.stringify({ failures, refused }));
    assert.equal(asked.length, 2);
    assertGolden('week-of-care.txt', `${told.map((line) => line.replaceAll(/[a-z0-9]{12}-\d/g, '<run>')).join('\n')}\n`);
    assert.equal(told.length, 3);
    const shown = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    for (const line of told) assert.ok(shown.includes(`${line.replaceAll(/[a-z0-9]{12}-\d/g, '<run>')}\n`), `README.md shows: ${line}`);
    const ledger = readFileSync(`${yard.root}/state/cadence-bus/attempts.tsv`, 'utf8').trim().split('\n');
    assert.match(ledger.findLast((line) => line.includes('\tagent\t')) ?? '', /\tkept\t.*a date was read as text$/);
  });
});
