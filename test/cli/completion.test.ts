import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../lib/cli/commands.ts';
import { call, createDesk, errorOf, parseAnswer } from '../support/cli.ts';
import { CLI } from '../support/owner-cli.ts';

const PROJECT = join(import.meta.dirname, '../..');

describe('completion', () => {
  it('of bash knows commands, options, verbs of verbs, and the cadences that are there now', async () => {
    const desk = createDesk();
    for (const name of ['nightly', 'morning']) desk.shell(name, 'true');
    const cases = [
      ['cadence-bus', 'st'],
      ['cadence-bus', 'run', 'ni'],
      ['cadence-bus', '--root', '/x', 'status', 'mo'],
      ['cadence-bus', 'run', '--pa'],
      ['cadence-bus', 'dlq', 're'],
      ['cadence-bus', 'import', 'cr'],
      ['cadence-bus', 'new', 'ni'],
    ];
    const asks = cases.map((words) => `COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _cadence_bus; echo "\${COMPREPLY[*]}"`);
    const cli = `cadence-bus() { ${CLI.map((word) => `'${word}'`).join(' ')} "$@"; }`;
    const script = `${cli}\n${(await call(['completion', 'bash'])).stdout}\n${asks.join('\n')}`;
    const said = execFileSync('bash', ['-c', script], { cwd: desk.root, encoding: 'utf8' }).slice(0, -1).split('\n');
    assert.deepEqual(said, ['start status', 'nightly', 'morning', '--payload', 'retry', 'crontab', '']);
  });

  it('of zsh and fish names every command and every option of it', async () => {
    const [zsh, fish] = await Promise.all(['zsh', 'fish'].map(async (shell) => (await call(['completion', shell])).stdout));
    for (const { name, flags } of COMMANDS) {
      assert.match(zsh ?? '', new RegExp(`^ {4}'${name}:`, 'm'));
      assert.match(fish ?? '', new RegExp(`__fish_use_subcommand -a ${name} `));
      const [line] = new RegExp(`^ {4}${name}\\) _arguments .*`, 'm').exec(zsh ?? '') ?? [''];
      for (const flag of flags) {
        assert.ok(line.includes(`--${flag.name}`), `zsh: ${name} --${flag.name}`);
        assert.ok((fish ?? '').includes(`from ${name}' -l ${flag.name} `), `fish: ${name} --${flag.name}`);
      }
    }
  });

  it('of zsh and fish completes in the shells themselves, as far as they are here', async (t) => {
    const desk = createDesk();
    for (const name of ['nightly', 'morning']) desk.shell(name, 'true');
    desk.put('bin/cadence-bus', `#!/bin/sh\nexec ${CLI.map((word) => `'${word}'`).join(' ')} "$@"\n`);
    chmodSync(`${desk.root}/bin/cadence-bus`, 0o755);
    const env = {
      ...process.env,
      HOME: desk.root,
      XDG_CONFIG_HOME: `${desk.root}/config`,
      XDG_DATA_HOME: `${desk.root}/data`,
      PATH: `${desk.root}/bin:${process.env.PATH}`,
    };
    const ran: string[] = [];
    for (const [shell, complete] of [
      ['fish', fishCompletions],
      ['zsh', zshCompletions],
    ] as const) {
      if (spawnSync(shell, ['--version']).status !== 0) continue;
      ran.push(shell);
      const script = desk.put(`completion.${shell}`, (await call(['completion', shell])).stdout);
      const words = (line: string): readonly string[] => complete(line, script, { cwd: desk.root, env });
      assert.ok(words('cadence-bus stat').includes('status'), `${shell}: ${words('cadence-bus stat').join(' ')}`);
      assert.ok(words('cadence-bus dlq re').includes('retry'), JSON.stringify([shell, words('cadence-bus dlq re')]));
      const names = words('cadence-bus run ni');
      assert.ok(names.includes('nightly') && !names.includes('morning'), `${shell}: ${names.join(' ')}`);
      assert.ok(
        words('cadence-bus run --pa').some((word) => word.startsWith('--payload')),
        `${shell}: ${words('cadence-bus run --pa').join(' ')}`,
      );
    }
    t.diagnostic(`completed for real in: ${ran.join(', ') || 'none, for neither zsh nor fish is here'}`);
  });

  it('asks for names without loading a schema, so that Tab is answered at once', async () => {
    const desk = createDesk();
    desk.shell('one', 'true');
    desk.put('cadences/two.md', 'x');
    desk.put('cadences/broken.yaml', '[');
    assert.deepEqual((await desk.ask('completion', '--names')).said.names, ['broken', 'one', 'two']);
    const reached = staticImports('lib/app/definitions/names.ts');
    assert.ok(reached.has('lib/platform/files.ts'));
    assert.deepEqual(
      [...reached].filter((path) => path.startsWith('lib/wire/') || !(path.startsWith('lib/') || path.startsWith('node:'))),
      [],
    );
  });

  it('names the nearest shell', async () => {
    assert.equal(errorOf(parseAnswer(await call(['completion', 'zhs', '--json']))).hint, 'Did you mean zsh?');
    assert.match(errorOf(parseAnswer(await call(['completion', '--json']))).hint, /source <\(cadence-bus completion bash\)/);
  });
});

it('the man page names every command and option, and is roff that a reader takes without a warning', async () => {
  const { code, stdout } = await call(['help', '--man']);
  assert.equal(code, 0);
  assert.match(stdout, /^\.TH CADENCE-BUS 1 /);
  for (const { name, flags } of COMMANDS) {
    assert.ok(stdout.includes(`.B cadence\\-bus ${name.replaceAll('-', '\\-')}`), name);
    for (const flag of flags) assert.ok(stdout.includes(`\\-\\-${flag.name.replaceAll('-', '\\-')}`), `${name} --${flag.name}`);
  }
  const lines = stdout.split('\n').filter((line) => /^[.']/.test(line));
  for (const line of lines) assert.match(line, /^\.(TH|SH|TP|B|I|br|PP|RS|RE|nf|fi)( |$)/, 'text never becomes an order');
});

/** Every module that is loaded with this one, by its static imports. */
function staticImports(start: string): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const path of reached) {
    if (!path.startsWith('lib/')) continue;
    const text = readFileSync(join(PROJECT, path), 'utf8');
    for (const [, isType, from = ''] of text.matchAll(/^(?:import|export)( type)? [^;]*?from '([^']+)';/gm)) {
      if (isType === undefined) reached.add(from.startsWith('.') ? join(dirname(path), from) : from);
    }
  }
  return reached;
}

interface Where {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** fish says itself what it would complete. */
function fishCompletions(line: string, script: string, where: Where): readonly string[] {
  const { stdout, stderr, status } = spawnSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], { encoding: 'utf8', ...where });
  assert.deepEqual([status, stderr], [0, '']);
  return stdout.split('\n').flatMap((one) => one.split('\t')[0] || []);
}

/** zsh completes in a terminal only, so it is given one of its own; what it shows there is read. The quotes in the marks keep the echo of the order from being one; its prompt says that it edits the line now. */
function zshCompletions(line: string, script: string, where: Where): readonly string[] {
  const steps = [
    'zmodload zsh/zpty',
    "zpty shell 'TERM=dumb zsh -f -i'",
    `zpty -w shell "autoload -U compinit; compinit -u -D; source ${script}; LISTMAX=9999; PS1='REA''DY '"`,
    "zpty -r -m shell got '*READY*'",
    `zpty -w -n shell $'${line}\\t'`,
    "zpty -w -n shell $'\\C-uprint DO\\'\\'NE\\n'",
    "zpty -r -m shell got '*DONE*'",
    'print -r -- "$got"',
  ];
  const { stdout } = spawnSync('zsh', ['-f', '-c', steps.join('\n')], { encoding: 'utf8', timeout: 30_000, ...where });
  return stdout.split(/[\s=]+/);
}
