import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { createDesk } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';

type Fields = Readonly<Record<string, unknown>>;

const README = join(import.meta.dirname, '../../README.md');
const BLOCK = /(## For agents\n[\s\S]*?```text\n)([\s\S]*?)(\n```)/;

/**
 * An agent that has read nothing but the answer to `capabilities --json`: every word that it says must be a command, an
 * option or a cadence that stands there, or an id that it was given. What it lives through is printed in README.md.
 */
it('D15 D16 D17 D21 D23 an agent that knows only capabilities discovers, rehearses, starts, follows, cancels and diagnoses a task', async () => {
  const desk = createDesk();
  const about = ['description: Fetch the invoices of an account', 'inputs: { account: which one }', 'required_env: [PATH]'];
  desk.shell('fetch', 'cat "$CADENCE_PAYLOAD_FILE" >&2; echo fetched 3 invoices', ...about);
  desk.shell('rebuild', 'sleep 600', 'description: Rebuild the index', 'kill_grace: 200ms');
  desk.shell('report', 'echo no such table >&2; exit 3', 'retry: { attempts: 1 }');
  await desk.start();

  const told: string[] = [];
  const ids = new Map<string, string>();
  const hidden = (text: string): string => [...ids].reduce((shown, [id, name]) => shown.replaceAll(id, name), text.replaceAll(desk.root, 'ROOT'));
  let known: ReadonlySet<string> | undefined;

  /** Says one command, and shows these fields of the answer. */
  async function say(shown: (answer: Fields) => Fields, ...words: readonly string[]): Promise<Fields> {
    for (const word of known === undefined ? [] : words) {
      const isData = word.startsWith('{') || [...ids.keys()].some((id) => word.startsWith(id));
      assert.ok(isData || known?.has(word), `nobody told the agent of ${word}`);
    }
    const { said } = await desk.ask(...words);
    const quoted = words.map((word) => (word.startsWith('{') ? `'${word}'` : word)).join(' ');
    told.push(hidden(`$ cadence-bus ${quoted} --json`), hidden(`${JSON.stringify(shown(said)).slice(0, -1)}, …}`));
    return said;
  }
  const pick =
    (...keys: readonly string[]) =>
    (answer: Fields): Fields =>
      Object.fromEntries(['ok', ...keys].map((key) => [key, answer[key]]));
  const receipt = pick('status', 'run_id', 'next_check_after_seconds', 'wait_command');
  function remember(answer: Fields, name: string): string {
    ids.set(String(answer.tick), name);
    told[told.length - 1] = hidden(told.at(-1) ?? '');
    return String(answer.run_id);
  }

  const capabilities = await say((answer) => {
    const [{ name, description, inputs, destructive, missing_env, last } = {}] = answer.cadences as Fields[];
    return { ...pick('agent_contract_version')(answer), cadences: [{ name, description, inputs, destructive, missing_env, last }] };
  }, 'capabilities');
  const commands = capabilities.commands as readonly { readonly name: string; readonly flags: readonly { readonly name: string }[]; readonly usage: string }[];
  const cadences = capabilities.cadences as readonly { readonly name: string }[];
  known = new Set([
    ...commands.flatMap(({ name, flags, usage }) => [name, ...flags.map((flag) => flag.name), ...usage.split(/[^a-z-]+/)]),
    ...cadences.map(({ name }) => name),
  ]);

  await say(pick('dry_run', 'would', 'cadence'), 'run', 'fetch', '--dry-run');
  const fetching = remember(await say(receipt, 'run', 'fetch', '--async', '--payload', '{"account":"main"}'), 'T1');
  const fetched = await say(pick('status', 'exit_code', 'summary'), 'wait', fetching);
  assert.deepEqual([fetched.status, fetched.summary], ['succeeded', 'fetched 3 invoices']);

  const rebuilding = remember(await say(pick('run_id'), 'run', 'rebuild', '--async'), 'T2');
  await eventually('it runs', () => desk.ls('running').length > 0);
  assert.equal((await say(pick('status', 'reason'), 'cancel', rebuilding)).status, 'cancelled');

  const failing = remember(await say(pick('run_id'), 'run', 'report', '--async'), 'T3');
  const failed = await say(pick('status', 'reason', 'stderr_path'), 'wait', failing);
  assert.deepEqual([failed.ok, failed.status, failed.reason], [false, 'dead', 'exit 3: no such table']);
  const dead = await say((answer) => ({ ...pick('reason')(answer), because: answer.because }), 'dlq', 'show', failing);
  assert.equal(dead.ok, true);

  const story = told
    .map((line) =>
      line
        .replace(/\d{4}-\d{2}-\d{2}(?=-report)/, 'DAY')
        .replace(/,"/g, ', "')
        .replace(/":(?=\S)/g, '": '),
    )
    .join('\n');
  const readme = readFileSync(README, 'utf8');
  const printed = BLOCK.exec(readme)?.[2];
  if (process.env.UPDATE_GOLDEN === '1')
    writeFileSync(
      README,
      readme.replace(BLOCK, (_all, head: string, _old, end: string) => head + story + end),
    );
  else assert.equal(printed, story, 'README.md tells another story; UPDATE_GOLDEN=1 writes it anew');
});
