import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { resetInFields, resetInText } from '../../../lib/core/session/reset.ts';
import { toIso } from '../../../lib/core/time/instant.ts';

/** A Friday, 10:30 in London, 11:30 in Vienna, 05:30 in New York, 02:30 in Los Angeles. */
const ENDED_MS = Date.UTC(2026, 10, 20, 10, 30);
const END_S = ENDED_MS / 1000;
const ends = (text: string, zone: string | undefined = 'Europe/Vienna', endedMs = ENDED_MS): string | undefined => {
  const atMs = resetInText(text, { endedMs, zone });
  return atMs === undefined ? undefined : toIso(atMs).replace(':00.000Z', 'Z');
};

describe('the end of a usage limit, in words', () => {
  const cases: readonly (readonly [text: string, at: string | undefined])[] = [
    [`Claude AI usage limit reached|${END_S + 60}`, '2026-11-20T10:31Z'],
    [`Claude AI usage limit reached|${(END_S + 60) * 1000}`, '2026-11-20T10:31Z'],
    [`Claude AI usage limit reached|${END_S - 60}`, undefined],
    ['5-hour limit reached ∙ resets 2am', '2026-11-21T01:00Z'],
    ['5-hour limit reached ∙ resets 2pm', '2026-11-20T13:00Z'],
    ['limit reached · resets 12am', '2026-11-20T23:00Z'],
    ['limit reached · resets 12pm', '2026-11-20T11:00Z'],
    ["You've hit your limit · resets 1pm (Europe/Lisbon)", '2026-11-20T13:00Z'],
    ["You're out of extra usage · resets 5pm (America/Los_Angeles)", '2026-11-21T01:00Z'],
    ["You're out of extra usage · resets 3:30 a.m. (America/Los_Angeles)", '2026-11-20T11:30Z'],
    ['resets at 14:45', '2026-11-20T13:45Z'],
    ['Weekly limit reached ∙ resets Nov 24 at 9am (America/New_York)', '2026-11-24T14:00Z'],
    ['Weekly limit reached ∙ resets Nov 24, 9am (America/New_York)', '2026-11-24T14:00Z'],
    ['Weekly limit reached ∙ resets January 2nd at 12:30am', '2027-01-01T23:30Z'],
    ['resets Monday 3am (UTC)', '2026-11-23T03:00Z'],
    ['resets Fri at 3am (UTC)', '2026-11-27T03:00Z'],
    ['resets in 3h 12m', '2026-11-20T13:42Z'],
    ['resets in 45 minutes', '2026-11-20T11:15Z'],
    ['resets 2026-11-20T18:00:00Z', '2026-11-20T18:00Z'],
    ['resets 2am (Mars/Olympus)', undefined],
    ['resets 25:00', undefined],
    ['resets 13pm', undefined],
    ['resets 5', undefined],
    ['resets soon', undefined],
    ['', undefined],
  ];
  for (const [text, at] of cases) it(`of "${text}" is ${at ?? 'unknown'}`, () => assert.equal(ends(text), at));

  it('is unknown for a clock time where nobody knows the zone', () => {
    assert.equal(resetInText('resets 2am', { endedMs: ENDED_MS, zone: undefined }), undefined);
    assert.equal(ends('resets 2am', 'no zone at all'), undefined);
  });

  it('keeps the clock time on the day the clocks change', () => {
    // In Vienna the clocks went back on 25 October 2026 at 3:00, and go forward on 28 March 2027 at 2:00.
    assert.equal(ends('resets 9am', 'Europe/Vienna', Date.UTC(2026, 9, 24, 20)), '2026-10-25T08:00Z');
    assert.equal(ends('resets 9am', 'Europe/Vienna', Date.UTC(2027, 2, 27, 20)), '2027-03-28T07:00Z');
    // In New York they went back on 1 November 2026 at 2:00, which is between 5:00 in UTC and 5:00 there.
    assert.equal(ends('resets 5am', 'America/New_York', Date.UTC(2026, 9, 31, 20)), '2026-11-01T10:00Z');
  });

  it('is not tomorrow where the clock time has only just passed', () => {
    assert.equal(ends('resets 10:30am (UTC)', 'UTC', ENDED_MS + 20_000), undefined);
    assert.equal(ends('resets 10:30am (UTC)', 'UTC', ENDED_MS + 10 * 60_000), '2026-11-21T10:30Z');
  });

  it('is the next such instant, less than a day and an hour away, in every zone and at every time', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Vienna', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Kiritimati');
    fc.assert(
      fc.property(zone, fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2030, 0) }), fc.integer({ min: 0, max: 23 }), (name, endedMs, hour) => {
        const atMs = resetInText(`resets ${hour}:15`, { endedMs, zone: name });
        if (atMs === undefined) return;
        assert.ok(atMs > endedMs && atMs - endedMs <= 25 * 3_600_000);
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone: name, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' }).format(atMs);
        // An hour that the clocks skip is shown as one beside it.
        assert.ok(shown.endsWith(':15') || shown.endsWith(':45'));
      }),
    );
  });

  it('is looked for in any text without a throw, and quickly', () => {
    fc.assert(fc.property(fc.string(), (text) => void resetInText(`resets ${text}`, { endedMs: ENDED_MS, zone: 'UTC' })));
    resetInText(`resets ${'mon '.repeat(50_000)}`, { endedMs: ENDED_MS, zone: 'UTC' });
    resetInText(`limit${' '.repeat(100_000)}resets in ${'1h '.repeat(50_000)}`, { endedMs: ENDED_MS, zone: 'UTC' });
  });
});

describe('the end of a usage limit, in fields', () => {
  const found = (event: Readonly<Record<string, unknown>> | undefined): number | undefined => resetInFields(event, { endedMs: ENDED_MS, zone: 'UTC' });
  it('is in seconds, in milliseconds or in ISO, on the event or beside it', () => {
    for (const event of [
      { resetsAt: END_S + 60 },
      { resets_at: (END_S + 60) * 1000 },
      { rate_limit_info: { resetsAt: END_S + 60 } },
      { headers: { 'anthropic-ratelimit-unified-reset': String(END_S + 60) } },
      { headers: { 'retry-after': '60' } },
      { resetsAt: toIso(ENDED_MS + 60_000) },
    ])
      assert.equal(found(event), ENDED_MS + 60_000, JSON.stringify(event));
  });

  it('is unknown where there is none, where it is over, and where it is no time', () => {
    for (const event of [undefined, {}, { resetsAt: END_S - 1 }, { resetsAt: 'soon' }, { resetsAt: null }, { retry_after: -1 }, { headers: 'x' }])
      assert.equal(found(event), undefined);
  });
});
