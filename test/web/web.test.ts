import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { formatDeadName } from '../../lib/core/tick.ts';
import { call, createDesk, errorOf, parseAnswer } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { exchange, openWeb, type WebAnswer, type WebDesk } from '../support/web-page.ts';

const HOSTILE = `<script>alert(1)</script> javascript:alert(2) \u202egnp.exe \u001b[31m\u001b]0;evil\u0007`;
const SECRET = `ghp_${'0123456789'.repeat(4).slice(0, 36)}`;

/** Nothing of the bus, whoever asks. */
function assertStranger({ status, body }: WebAnswer, expected: number, of: readonly string[]): void {
  assert.equal(status, expected);
  for (const word of of) assert.ok(!body.includes(word), `${word} is in ${body}`);
}

function assertHarmless({ body }: WebAnswer): void {
  assert.doesNotMatch(body, /<script>alert|<img|href="javascript|\son[a-z]+="/);
  assert.doesNotMatch(body, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
}

describe('A46 web: whoever is not asked in sees nothing', () => {
  const desk = createDesk();
  let web: WebDesk;
  const words = [desk.root, 'ledger'];

  before(async () => {
    desk.shell('ledger', 'true');
    web = await openWeb(desk.root);
  });

  it('listens on this machine alone, and gives a cookie for its token', async () => {
    assert.match(web.url, /^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{48}$/);
    const entered = await web.get(`/?token=${web.token}`, { isStranger: true });
    assert.deepEqual([entered.status, entered.headers.location, entered.body], [303, '/', '']);
    assert.equal(entered.headers['set-cookie'], `cadence_bus_${web.port}=${web.token}; Path=/; HttpOnly; SameSite=Strict`);
    const now = await web.get('/');
    assert.equal(now.status, 200);
    assert.match(now.body, /no owner.*none has run here yet/);
  });

  it('needs the token, everywhere', async () => {
    for (const path of ['/', '/news', '/runs', '/cadence/ledger', '/nothing', '/?token=', `/?token=${'0'.repeat(48)}`])
      assertStranger(await web.get(path, { isStranger: true }), 403, words);
  });

  it('goes by the name that was asked for, which an attacker may have pointed here', async () => {
    for (const host of ['evil.example', `evil.example:${web.port}`, '127.0.0.1', `127.0.0.1:${web.port + 1}`, `127.0.0.1.evil.example:${web.port}`])
      assertStranger(await web.get('/', { host }), 403, words);
    assertStranger(await web.get(`/?token=${web.token}`, { host: `evil.example:${web.port}` }), 403, [...words, web.token]);
    assertStranger(await web.get('/', { host: null }), 400, words);
    assertStranger(await web.get('/', { headers: ['Origin: http://evil.example'] }), 403, words);
    assert.equal((await web.get('/', { host: `localhost:${web.port}` })).status, 200);
  });

  it('only looks', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await web.get('/', { method, headers: ['Content-Length: 0'] });
      assertStranger(refused, 405, words);
      assert.equal(refused.headers.allow, 'GET, HEAD');
    }
    const head = await web.get('/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal((await web.get('/news', { method: 'HEAD' })).status, 200);
  });

  it('says with every answer that nothing of it may be framed, kept, guessed or told, and what may run', async () => {
    const answers = [await web.get('/'), await web.get('/nothing'), await web.get('/', { isStranger: true }), await web.get('/', { method: 'POST' })];
    for (const { headers } of answers) {
      const policy = headers['content-security-policy'] ?? '';
      for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'"])
        assert.ok(policy.includes(part), policy);
      assert.doesNotMatch(policy, /unsafe|\*|http|data:/);
      assert.deepEqual(
        [headers['x-content-type-options'], headers['cache-control'], headers['referrer-policy'], headers['x-frame-options']],
        ['nosniff', 'no-store', 'no-referrer', 'DENY'],
      );
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  it('has its style and script in itself, as the policy names them, and loads nothing', async () => {
    const { body, headers } = await web.get('/');
    const { createHash } = await import('node:crypto');
    for (const tag of ['style', 'script']) {
      const inside = body.slice(body.indexOf(`<${tag}>`) + tag.length + 2, body.indexOf(`</${tag}>`));
      const source = `${tag}-src 'sha256-${createHash('sha256').update(inside).digest('base64')}'`;
      assert.ok(headers['content-security-policy']?.includes(source), source);
    }
    assert.doesNotMatch(body, /\ssrc=|<link|@import|url\(|https?:\/\//);
  });

  it('hands no path to the file system', async () => {
    const hostile = [
      '/../etc/passwd',
      '/run/..%2f..%2fetc%2fpasswd',
      '/cadence/..',
      '/cadence/%00',
      '/incident/..',
      '/incident/%2e%2e',
      '/run/x',
      '//etc/passwd',
    ];
    for (const path of [...hostile, '/cadence/no-such-thing', `/run/${'a'.repeat(12)}`, `/cadence/${'a'.repeat(9_000)}`, 'http://evil.example/', '*']) {
      const { status, body } = await web.get(path);
      assert.equal(status, 404, path);
      assert.match(body, /This cannot be shown/);
      assert.doesNotMatch(body, /root:x:|\/bin\//);
    }
    assert.equal((await exchange(web.port, 'GET /\u0000 HTTP/1.1\r\n\r\n')).status, 400);
    assert.equal((await web.get(`/${'a'.repeat(100_000)}`)).status, 431);
    assert.equal((await web.get('/')).status, 200, 'and goes on');
  });
});

describe('A46 web: what it shows', () => {
  const desk = createDesk();
  let web: WebDesk;
  let tick = '';

  before(async () => {
    desk.put('said.txt', `${HOSTILE} token=${SECRET}\n`);
    desk.shell(
      'ledger',
      `cat '${desk.root}/said.txt'; cat '${desk.root}/said.txt' >&2; exit 3`,
      'retry: { attempts: 1 }',
      'breaker: { failures: 1, open: 1h }',
    );
    desk.put('cadences/<img src=x>.yaml', 'x');
    web = await openWeb(desk.root);
    await desk.own();
    tick = await desk.enqueue('ledger');
    await eventually('it is dead', async () => desk.ls('dlq').length === 1 && (await web.get('/incidents')).body.includes('href="/incident/'));
  });

  it('now: what needs somebody, with links, and the commands to copy', async () => {
    const now = await web.get('/');
    assertHarmless(now);
    assert.match(now.body, /owner running/);
    assert.match(
      now.body,
      /<h2>Broken<\/h2>[\s\S]*&lt;img src=x&gt;[\s\S]*<h2>Held[\s\S]*<a href="\/cadence\/ledger">[\s\S]*breaker open[\s\S]*<h2>Incidents[\s\S]*<a href="\/incident\/[^"]+-ledger-exit">/,
    );
    assert.ok(now.body.includes(`<code class="command">cadence-bus check --root ${desk.root}</code>`), now.body);
    assert.ok(!now.body.includes(SECRET));
    assert.match(now.body, /reload for news/, 'it is true without a script');
  });

  it('a cadence: what holds it, its runs, its definition', async () => {
    const page = await web.get('/cadence/ledger');
    assertHarmless(page);
    assert.match(page.body, /<li>[^<]*cadence:ledger is open until/);
    assert.match(page.body, new RegExp(`<a href="/run/${tick}-1">`));
    assert.match(page.body, /incident <a href="\/incident\/[^"]+">/);
    assert.match(page.body, /Definition[\s\S]*opens after 1 failed tr/);
  });

  it('a run: its record and the end of what it said, without secrets', async () => {
    for (const id of [tick, `${tick}-1`]) {
      const page = await web.get(`/run/${id}`);
      assert.equal(page.status, 200);
      assertHarmless(page);
      assert.match(
        page.body,
        /<h2>stdout<\/h2><pre>&lt;script&gt;alert\(1\)&lt;\/script&gt; javascript:alert\(2\) \\u202egnp\.exe \\x1b\[31m\\x1b\]0;evil\\x07 token=/,
      );
      assert.match(page.body, /<h2>stderr<\/h2>/);
      assert.ok(!page.body.includes(SECRET), 'the secret is out');
      assert.ok(page.body.includes(`cadence-bus dlq retry ${tick} --root`), page.body);
    }
  });

  it('an incident: its report as plain text, and what can be done', async () => {
    const [, id = ''] = /href="\/incident\/([^"]+)"/.exec((await web.get('/incidents')).body) ?? [];
    const page = await web.get(`/incident/${id}`);
    assertHarmless(page);
    assert.match(page.body, /<h2>report\.md<\/h2><pre># /);
    assert.ok(page.body.includes(`cadence-bus incidents resolve ${id} --root ${desk.root}`), page.body);
  });

  it('the dlq: each with its reason and what revives it; the runs; the cadences', async () => {
    const dead = await web.get('/dlq');
    assertHarmless(dead);
    assert.match(dead.body, /1 dead[\s\S]*exhausted, 1 try[\s\S]*exit 3: &lt;script&gt;/);
    assert.ok(dead.body.includes(`<code class="command">cadence-bus dlq retry ${tick} --root ${desk.root}</code>`));
    for (const path of ['/runs', '/cadences']) {
      const page = await web.get(path);
      assertHarmless(page);
      assert.match(page.body, path === '/runs' ? new RegExp(`<a href="/run/${tick}-1">`) : /<a href="\/cadence\/ledger">/);
    }
  });

  it('tells a page that is open of what happens, and forgets it when it is closed', async () => {
    desk.shell('greet', 'echo hello');
    const news = web.news();
    await eventually('it is told how it is', () => /\r\n\r\n[\s\S]*data: .*owner running/.test(news.heard()));
    await desk.enqueue('greet');
    await eventually('it is told what happened', () => /greet<\/span> succeeded in/.test(news.heard()));
    assert.match(news.heard(), /content-type: text\/event-stream/);
    news.close();
    assert.equal((await web.get('/')).status, 200);
  });
});

describe('A46 web: however much there is', () => {
  const desk = createDesk();
  let web: WebDesk;

  before(async () => {
    web = await openWeb(desk.root);
  });

  it('shows the end of 10,000 dead ticks, and says so', async () => {
    mkdirSync(desk.paths.dlq, { recursive: true });
    for (let n = 0; n < 10_000; n += 1) {
      const name = {
        dueMs: 1_700_000_000_000 + n * 1_000,
        cadence: 'ledger',
        id: `a${String(n).padStart(11, '0')}`,
        attempts: 1,
        reason: 'exhausted',
      } as const;
      writeFileSync(`${desk.paths.dlq}/${formatDeadName(name)}`, '{}');
    }
    const { status, body } = await web.get('/dlq');
    assert.equal(status, 200);
    assert.match(body, /10000 dead; here are the 100 that were due last/);
    assert.match(body, /dlq retry a00000009999 /);
    assert.doesNotMatch(body, /a00000009899/);
    assert.ok(body.length < 200_000, String(body.length));
  });

  it('shows the end of a log of 100 MB, and says so', async () => {
    desk.shell('ledger', 'echo begun');
    await desk.ask('run', 'ledger');
    const [run] = desk.records().filter(({ cadence }) => cadence === 'ledger');
    truncateSync(run?.stdout_path ?? '', 100_000_000);
    appendFileSync(run?.stdout_path ?? '', '\nthe end\n');
    const { status, body } = await web.get(`/run/${run?.run_id}`);
    assert.equal(status, 200);
    assert.match(body, /stdout, the end of it; all of it: the command below/);
    assert.match(body, /the end\n<\/pre>/);
    assert.doesNotMatch(body, /<pre>begun/);
    assert.ok(body.includes(`cadence-bus logs ${run?.run_id} --root`));
    assert.ok(body.length < 500_000, String(body.length));
  });

  it('shows the end of one line without an end', async () => {
    desk.shell('talker', "head -c 1000000 /dev/zero | tr '\\0' x; echo");
    const { said } = await desk.ask('run', 'talker');
    const { body } = await web.get(`/run/${said.run_id}`);
    assert.match(body, /stdout, the end of it[^<]*<\/h2><pre>x{60000}/);
  });
});

describe('A46 web: as a command', () => {
  it('tells with --json in one flat object where it is', async () => {
    const desk = createDesk();
    const web = await openWeb(desk.root, { words: ['--json'] });
    const told = await web.end('SIGTERM');
    assert.equal(told.stderr, '');
    const { said } = parseAnswer(told);
    assert.deepEqual([told.code, said], [143, { ok: true, url: web.url, port: web.port, root: desk.root }]);
  });

  it('ends at once with connections open, and says what goes on; nothing in the root was changed', async () => {
    const desk = createDesk();
    desk.shell('ledger', 'true');
    const before = desk.tree();
    const web = await openWeb(desk.root);
    for (const path of ['/', '/cadences', '/cadence/ledger', '/runs', '/incidents', '/dlq']) assert.equal((await web.get(path)).status, 200, path);
    const news = web.news();
    const idle = connect(web.port, '127.0.0.1');
    idle.on('error', () => undefined);
    await eventually('it is told how it is', () => news.heard().includes('data: '));
    const { code, stdout, stderr } = await web.end('SIGINT');
    assert.deepEqual([code, stdout], [130, `${web.url}\n`]);
    assert.match(
      stderr,
      /^Open it in a browser.*Ctrl-C ends it.*\nleft: the page is gone, and the bus goes on as it did\n {6}Open it again: cadence-bus web --root /,
    );
    await assert.rejects(exchange(web.port, 'GET / HTTP/1.1\r\n\r\n'), /ECONNREFUSED/);
    assert.deepEqual(desk.tree(), before);
    idle.destroy();
  });

  it('names the next step where the port is taken, or none', async () => {
    const desk = createDesk();
    const web = await openWeb(desk.root);
    const loadWeb = () => import('../../lib/web/server.ts');
    const refused = async (port: string) => errorOf(parseAnswer(await call(['web', '--port', port, '--root', desk.root, '--json'], { loadWeb })));
    const taken = await refused(String(web.port));
    assert.deepEqual([taken.code, taken.message], [75, `port ${web.port} of this machine is taken`]);
    assert.match(taken.hint, /Leave --port away/);
    assert.equal((await refused('65536')).code, 64);
    assert.equal((await refused('none')).code, 64);
    assert.equal((await call(['web', '--root', pathToFileURL('/nowhere').pathname])).code, 66);
  });

  it('tells an answer that throws on the page, and goes on', async () => {
    const desk = createDesk();
    desk.shell('ledger', 'true');
    const web = await openWeb(desk.root, {
      serveBy: (serve) => (deps, port) =>
        serve(
          {
            ...deps,
            words: {
              ...deps.words,
              cadence() {
                throw new Error('<b>no</b> such luck');
              },
            },
          },
          port,
        ),
    });
    const { status, body } = await web.get('/cadences');
    assert.equal(status, 500);
    assert.match(body, /&lt;b&gt;no&lt;\/b&gt; such luck/);
    assert.equal((await web.get('/')).status, 200);
  });
});
