import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BusSettings } from '../../lib/core/cadence.ts';
import { createYard, placesOf } from './definition-yard.ts';

function load(text: string): { readonly settings: BusSettings; readonly places: readonly string[]; readonly says: string } {
  const yard = createYard();
  yard.put('bus.yaml', text);
  const definitions = yard.load();
  const problems = definitions.problems();
  return { settings: definitions.settings(), places: placesOf(problems), says: problems.map(({ message, hint }) => `${message} ${hint}`).join('\n') };
}

describe('P38 the watchman in bus.yaml', () => {
  it('comes hourly, waits 30 seconds before he tells, and lets an agent spend one dollar, where nothing else is said', () => {
    const { settings } = load('lanes: {}\n');
    assert.deepEqual(settings.heartbeat, { enabled: true, intervalMs: 3_600_000, wakeDelayMs: 30_000 });
    assert.deepEqual(settings.selfDiagnosis, { enabled: false, maxUsd: 1 });
  });

  it('takes what is said, key by key', () => {
    const { settings, places } = load(
      'heartbeat: {enabled: false, interval: 15m, wake_delay: 0, ping_url: "https://hc-ping.com/x"}\nself_diagnosis: {enabled: true, max_usd: 0.25}\n',
    );
    assert.deepEqual(places, []);
    assert.deepEqual(settings.heartbeat, { enabled: false, intervalMs: 900_000, wakeDelayMs: 0, ping: { url: 'https://hc-ping.com/x' } });
    assert.deepEqual(settings.selfDiagnosis, { enabled: true, maxUsd: 0.25 });
    assert.deepEqual(load('heartbeat: {ping_url: "http://127.0.0.1:8080/ping"}\n').settings.heartbeat.ping, { url: 'http://127.0.0.1:8080/ping' });
    assert.deepEqual(load('heartbeat: {ping_url_env: PING}\n').settings.heartbeat.ping, { env: 'PING' });
  });

  for (const [title, text, place, says] of [
    ['an interval without a unit', 'heartbeat: {interval: 60}', '1:23 heartbeat.interval', /expected a duration from 1m on/],
    ['an interval shorter than a minute', 'heartbeat: {interval: 5s}', '1:23 heartbeat.interval', /expected a duration from 1m on/],
    ['an address without encryption', 'heartbeat: {ping_url: "http://example.com/x"}', '1:23 heartbeat.ping_url', /expected an https address/],
    ['an address with a password', 'heartbeat: {ping_url: "https://me:pw@example.com/x"}', '1:23 heartbeat.ping_url', /expected an https address/],
    ['two addresses', 'heartbeat: {ping_url: "https://a.example/x", ping_url_env: A}', '1:12 heartbeat', /ping_url or ping_url_env, not both/],
    ['the minutes of pinglet', 'heartbeat: {interval_minutes: 60}', '1:13 heartbeat.interval_minutes', /Write interval: 60m/],
    ['an address in the wrong place', 'ping_url: https://a.example/x', '1:1 ping_url', /Write heartbeat: \{ping_url/],
    ['a budget of nothing', 'self_diagnosis: {max_usd: 0}', '1:27 self_diagnosis.max_usd', /an amount in US dollars above 0/],
  ] as const) {
    it(`says where and what is wrong with ${title}`, () => {
      const read = load(`${text}\n`);
      assert.deepEqual(read.places, [place]);
      assert.match(read.says, says);
    });
  }
});
