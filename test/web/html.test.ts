import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Shown } from '../../lib/app/live.ts';
import type { PageWords } from '../../lib/app/page-words.ts';
import { sectionsOf } from '../../lib/cli/top/sections.ts';
import { command, link, painted, row, section, text } from '../../lib/web/html.ts';
import { nowPage } from '../../lib/web/pages.ts';
import { document } from '../../lib/web/template.ts';
import { cadenceOf, inTime, NOW_MS, PLAIN, runningOf, viewOf } from '../support/top-view.ts';

const HOSTILE = `<script>alert(1)</script><img src=x onerror="alert('1')">&lt;`;

describe('A46 web: what is made of the words of others', () => {
  it('is no markup', () => {
    assert.equal(text(HOSTILE), '&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;lt;');
    for (const made of [
      painted(HOSTILE),
      command(HOSTILE),
      row({ cells: [HOSTILE, HOSTILE] }),
      document({ title: HOSTILE, main: '' }, { root: `/x/${HOSTILE}`, at: '' }),
    ])
      assert.doesNotMatch(made, /<img|<script>alert|onerror="/);
  });

  it('is nothing that a terminal obeys, and turns no text around', () => {
    assert.equal(text('\u001b]0;evil\u0007\u202egnp.exe\u2066\u0000'), '\\x1b]0;evil\\x07\\u202egnp.exe\\u2066\\x00');
  });

  it('has our colours, and closes what it opens', () => {
    assert.equal(
      painted('\u001b[31mred <b>\u001b[0m and \u001b[1m\u001b[2mboth'),
      '<span class="red">red &lt;b&gt;</span> and <span class="bold"><span class="dim">both</span></span>',
    );
    assert.equal(painted('\u001b[0m\u001b[35mx\u001b[2J'), '\\x1b[35mx\\x1b[2J');
  });

  it('links to ids alone', () => {
    assert.equal(link({ kind: 'run', id: 'x7k2p9qd4mzt-1' }, 'x'), '<a href="/run/x7k2p9qd4mzt-1">x</a>');
    for (const id of ['', '../x', 'javascript:alert(1)', '//evil.example', 'a"onclick="x', 'a b', '.', 'x'.repeat(300)])
      assert.equal(link({ kind: 'run', id }, 'x'), 'x', id);
  });

  it('says what it leaves out, and of a log shows the newest first', () => {
    const rows = Array.from({ length: 12 }, (_, n) => ({ cells: [`row ${n}`] }));
    const held = section({ label: 'Held', rows, count: 12 }, 10, 'cadence-bus next');
    assert.match(held, /row 9<.*and 2 more; all of them: cadence-bus next</);
    assert.doesNotMatch(held, /row 10/);
    const log = section({ label: 'Events', rows, count: 12, isLog: true }, 10, '');
    assert.match(log, /row 11<.*row 2</);
    assert.doesNotMatch(log, /row 1<|more/);
  });
});

describe('A46 web: now', () => {
  it('shows what comes first of two hundred cadences, so that what has happened stays in sight', () => {
    const cadences = Array.from({ length: 200 }, (_, n) => cadenceOf(`job-${n}`, { next: inTime(60_000 + n) }));
    const words = {
      head: () => [],
      sections: ({ view }: Shown, nowMs: number) => sectionsOf(view, { nowMs, paint: PLAIN, isWide: true }),
      steps: () => ['cadence-bus runs'],
    } as unknown as PageWords;
    const deps = { root: '/srv/my bus', words, redact: (said: string) => said.replace('hunter2', '[redacted]'), nowMs: () => NOW_MS };
    const running = [runningOf('talker', -5_000, 'the word is hunter2')];
    const { html, movesInMs } = nowPage(deps, { view: viewOf({ cadences, running }), refused: undefined });
    assert.equal(html.match(/href="\/cadence\/job-\d+"/g)?.length, 8);
    assert.match(html, /and 192 more; all of them: cadence-bus top --once --root &#39;\/srv\/my bus&#39;</);
    assert.match(html, /the word is \[redacted\]/);
    assert.equal(movesInMs, 1);
  });
});
