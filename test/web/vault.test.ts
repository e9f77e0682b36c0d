import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, describe, it } from 'node:test';
import { noteHtml } from '../../lib/web/note.ts';
import { createDesk } from '../support/cli.ts';
import { notesIn, readNote } from '../support/vault-yard.ts';
import { openWeb, type WebDesk } from '../support/web-page.ts';

const HOSTILE = '<script>alert(1)</script> [[index|x]] `` ``` <img src=x onerror=alert(2)>';

describe('A46 web: the vault', () => {
  const desk = createDesk();
  const dir = desk.paths.vault;
  let web: WebDesk;
  let incident = '';

  before(async () => {
    desk.put('words.txt', HOSTILE);
    desk.shell(
      'job',
      'cat words.txt >&2; exit 3',
      'retry: { attempts: 1, delays: [10ms] }',
      'on_failure: [{ when: any, retry: true }]',
      'breaker: { failures: 50 }',
    );
    await desk.ask('run', 'job');
    web = await openWeb(desk.root);
  });

  it('A46 says what makes one where there is none', async () => {
    const { status, body } = await web.get('/vault');
    assert.deepEqual([status, /cadence-bus vault --root/.test(body)], [200, true]);
    assert.match((await web.get('/')).body, /<a href="\/vault">vault<\/a>/);
  });

  it('A46 shows every note, its words as words, and its links as links that lead on', async () => {
    await desk.ask('vault');
    const notes = notesIn(dir);
    incident = [...notes.keys()].find((path) => path.startsWith('incidents/')) ?? '';
    for (const [path, note] of notes) {
      const { status, body } = await web.get(path === 'index' ? '/vault' : `/vault/${path}`);
      assert.equal(status, 200, path);
      assert.doesNotMatch(body, /<script>alert|<img/);
      const shown = [...body.matchAll(/<main[\s\S]*<\/main>/g)].join('');
      const hrefs = [...shown.matchAll(/<a href="\/vault(?:\/([^"]*))?">/g)].map(([, to]) => to ?? 'index');
      assert.deepEqual(hrefs.slice(path === 'index' ? 0 : 1), [...readNote(note).links], `${path}: ${shown}`);
    }
    assert.match((await web.get(`/vault/${incident}`)).body, /<code>exit 3: &lt;script&gt;alert\(1\)&lt;\/script&gt; \[\[index\|x\]\]/);
    assert.match((await web.get(`/vault/${incident}`)).body, new RegExp(`<a href="/incident/${incident.slice('incidents/'.length)}">As it stands now</a>`));
  });

  it('A46 shows the graph as text: run, incident, attempt, outcome', async () => {
    const { body, headers } = await web.get('/vault/graph');
    assert.match(body, /<pre>graph TD\n[\s\S]*--&gt; i0[\s\S]*i0 --&gt; a0_1\[&quot;attempt 1, rule_retry&quot;\] --&gt; o_/);
    assert.doesNotMatch(headers['content-security-policy'] ?? '', /unsafe|http/);
    assert.equal(body.match(/<script>/g)?.length, 1, 'our own');
  });

  it('A46 needs the token, as every page does', async () => {
    for (const path of ['/vault', '/vault/graph', `/vault/${incident}`]) assert.equal((await web.get(path, { isStranger: true })).status, 403, path);
  });

  it('A46 hands no path to the file system: a name is one of the notes, or there is no such page', async () => {
    const outside = desk.put('secret.md', '---\ngenerated_by: cadence-bus\n---\n\nOUTSIDE\n');
    mkdirSync(`${dir}/daily`);
    writeFileSync(`${dir}/daily/x.md`, readFileSync(outside));
    writeFileSync(`${dir}/runs/mine.md`, 'OUTSIDE\n');
    symlinkSync(outside, `${dir}/runs/link.md`);
    const asked = [
      '/vault/../secret',
      '/vault/..%2fsecret',
      '/vault/runs/..%2f..%2fsecret',
      '/vault/runs/../../../../secret',
      '/vault/%2e%2e/secret',
      '/vault/runs/secret',
    ];
    const more = [
      '/vault/daily/x',
      '/vault/runs/mine',
      '/vault/runs/link',
      '/vault/index',
      '/vault/zzz/index',
      '/vault/constructor/index',
      '/vault/runs',
      '/vault/',
      '/vault//index',
      '/vault/runs/x%00',
    ];
    for (const path of [...asked, ...more]) {
      const { status, body } = await web.get(path);
      assert.deepEqual([status, body.includes('OUTSIDE')], [404, false], path);
    }
    rmSync(`${dir}/runs`, { recursive: true });
    symlinkSync(desk.root, `${dir}/runs`);
    assert.equal((await web.get('/vault/runs/secret')).status, 404, 'no folder behind a symlink');
    rmSync(`${dir}/runs`);
  });

  it('A46 shows what a person has made of a note, too, as text', async () => {
    assert.equal(
      noteHtml('# a <b>\n\n#tag/x\n\n- [[runs/a-1|a]] [[no]] `[[x|y]]` <i>\n- b\n\n```text\n<u>\n# no\n'),
      '<h1>a &lt;b&gt;</h1><p class="dim">#tag/x</p><ul class="facts"><li><a href="/vault/runs/a-1">a</a> [[no]] <code>[[x|y]]</code> &lt;i&gt;</li><li>b</li></ul><pre>&lt;u&gt;\n# no\n</pre>',
    );
    assert.equal(noteHtml('[[javascript:x|a]] [[../x|a]] [[a/b/c|d]] [[runs/a"b|c]]'), '<p>[[javascript:x|a]] [[../x|a]] [[a/b/c|d]] [[runs/a&quot;b|c]]</p>');
    const ticks = '` `` '.repeat(20_000);
    assert.equal(noteHtml(ticks), `<p>${ticks}</p>`);
    writeFileSync(`${dir}/index.md`, `---\ngenerated_by: cadence-bus\n---\n\n${HOSTILE}\n`);
    const { status, body } = await web.get('/vault');
    assert.deepEqual([status, /<script>alert|<img/.test(body)], [200, false]);
  });
});
