import { commandRest } from '../../app/answers/holds.ts';
import { withHooks } from '../../app/answers/hook-results.ts';
import { commandFile, describeEnd, dropCommand, exitCodeOf, homeRoot } from '../../app/exec.ts';
import { refuseOwnEnd } from '../../app/nested.ts';
import { giveOrder } from '../../app/orders.ts';
import { type Hearer, runHere } from '../../app/run-here.ts';
import { CadenceError } from '../../core/error.ts';
import { commandName } from '../../core/text/command-name.ts';
import { toVisible } from '../../core/text/excerpt.ts';
import { type CommandContext, DRY_RUN, type Flags, type Output } from '../command.ts';
import { describeEvent } from '../event-words.ts';
import { waitingNote } from '../waiting-words.ts';

const HELD = 75;
/** Of a command that has to be quiet unless it fails, so much is kept to be shown then. */
const KEPT_CHARACTERS = 1_000_000;

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, out, cwd } = context;
  const [program] = words;
  if (program === undefined)
    throw new CadenceError('usage', 'exec needs a command behind --', 'For example: cadence-bus exec --name backup -- ./backup.sh --full');
  const root = await rootOf(context);
  const plan = {
    name: flags.text('name') ?? nameOf(words),
    argv: words,
    cwd,
    env: flags.texts('env'),
    retries: retriesOf(flags),
    delayMs: flags.duration('delay'),
    timeoutMs: flags.duration('timeout'),
    idleTimeoutMs: flags.duration('idle-timeout'),
  };
  const file = commandFile(root, plan);
  if (flags.has('dry-run')) {
    out.result(
      { ok: true, dry_run: true, would: 'exec', cadence: plan.name, root, path: file.path, content: JSON.parse(file.text) },
      () => `Would run as ${plan.name} in ${root}:\n${file.text}`,
    );
    return DRY_RUN;
  }
  await refuseOwnEnd(root, plan.name, 'Give the command inside a name of its own: --name.');
  const spoken = createWords(out, flags.has('quiet-ok'));
  const { leave } = context.leaving();
  const onWait = (earlier: string): void => spoken.hear(`${plan.name} waits for ${earlier}, another command of that name; --name tells them apart\n`, 'stderr');
  const end = await dropCommand(root, plan.name, file, { onWait, leave });
  if (end.kind === 'held') {
    if (out.isJson) out.result({ ok: false, status: 'held', cadence: plan.name, root, reason: end.because }, () => '');
    out.note(`${plan.name} is held: ${toVisible(end.because)}`);
    return HELD;
  }
  const { tick } = end;
  const record = await runHere(root, tick, undefined, hearerOf({ spoken, out, root, tick, name: plan.name, leave }), true).catch((error: unknown) => {
    spoken.end(false);
    throw error;
  });
  // Whoever called us calls again; what waited for that would pile up.
  if (record.status === 'waiting') await giveOrder(root, { order: 'cancel', id: tick });
  const code = exitCodeOf(record);
  spoken.end(code === 0);
  if (out.isJson) {
    const told = await withHooks(root, record);
    out.result({ ok: code === 0, ...told }, () => '');
  } else if (code !== 0) {
    out.note(describeEnd(record));
    out.next(`cadence-bus show ${record.run_id} --root ${root}`);
  }
  return code;
}

function retriesOf(flags: Flags): number {
  if (flags.text('retries') === '0') return 0;
  return flags.text('retries') === undefined ? 0 : Math.min(999, flags.count('retries', 1));
}

/** The nearest agent root; a command of nobody's has one in the home folder. */
async function rootOf({ flags, env, root }: CommandContext): Promise<string> {
  try {
    return await root();
  } catch (error) {
    const isNamed = flags.text('root') !== undefined || (env.CADENCE_ROOT ?? '') !== '' || (env.AGENT_ROOT ?? '') !== '';
    if (!(error instanceof CadenceError) || error.code !== 'not_found' || isNamed) throw error;
    return homeRoot(env.HOME ?? '');
  }
}

function nameOf(argv: readonly string[]): string {
  const name = commandName(argv);
  if (name !== undefined) return name;
  throw new CadenceError('usage', `no name can be made of ${argv.join(' ').slice(0, 80)}`, 'Give it one with --name.');
}

interface Awaited {
  readonly spoken: Words;
  readonly out: Output;
  readonly root: string;
  readonly tick: string;
  readonly name: string;
  readonly leave: AbortSignal;
}

/** It may be minutes until it begins, and between two tries; whoever looks on shall know. */
function hearerOf({ spoken, out, root, tick, name, leave }: Awaited): Hearer {
  const waits = (because: string): void => spoken.hear(`${waitingNote(out, name, because)}\n`, 'stderr');
  const rest = commandRest(root, name);
  if (rest !== undefined) waits(rest);
  return {
    leave,
    output: spoken.hear,
    waits,
    event(event) {
      const line = event.stage === 'retry_scheduled' && event.tick === tick ? describeEvent(event, out.paint, root) : undefined;
      if (line !== undefined) spoken.hear(`${line}\n`, 'stderr');
    },
  };
}

interface Words {
  hear(text: string, stream: 'stdout' | 'stderr'): void;
  end(isWell: boolean): void;
}

/** The command's words go where they always went: its stdout to ours, its stderr to ours. */
function createWords(out: Output, isQuiet: boolean): Words {
  const kept: { readonly text: string; readonly stream: 'stdout' | 'stderr' }[] = [];
  let size = 0;
  const say = (text: string, stream: 'stdout' | 'stderr'): void => {
    if (out.isJson) return;
    if (stream === 'stdout') out.words(text, true);
    else out.live(text);
  };
  function hear(text: string, stream: 'stdout' | 'stderr'): void {
    if (!isQuiet) {
      say(text, stream);
      return;
    }
    kept.push({ text, stream });
    size += text.length;
    while (size > KEPT_CHARACTERS && kept.length > 1) size -= kept.shift()?.text.length ?? 0;
  }
  return {
    hear,
    end(isWell: boolean): void {
      if (!isWell) for (const { text, stream } of kept) say(text, stream);
    },
  };
}
