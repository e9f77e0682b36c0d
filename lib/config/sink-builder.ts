import type { NotifyWords, SinkCommand } from '../core/notice/policy.ts';
import { type Sink, slug } from '../core/notice/sink.ts';
import { shortMark } from '../core/text/mark.ts';
import type { SinksFile } from '../wire/sink.ts';

type ShellFile = NonNullable<SinksFile['shell']>;

/** The sinks that stand in a file, and what those of the kind `shell` start. */
export function buildSinks(given: SinksFile, root: string): Pick<NotifyWords, 'sinks' | 'commands'> {
  const { log, macos, discord, telegram, slack, webhook, ntfy, email, shell } = given;
  const command = shell === undefined ? undefined : buildShell(shell, root);
  const sinks: readonly (Sink | false | undefined)[] = [
    log === true && { kind: 'log' },
    macos !== undefined && macos !== false && { kind: 'macos', ...(macos === true ? {} : macos) },
    discord && { kind: 'discord', ...discord },
    telegram && { kind: 'telegram', ...telegram, chat: String(telegram.chat) },
    slack && { kind: 'slack', ...slack },
    webhook && { kind: 'webhook', ...webhook },
    ntfy && { kind: 'ntfy', ...ntfy },
    email && { kind: 'email', ...email },
    command && { kind: 'shell', name: command.name },
  ] as readonly (Sink | false | undefined)[];
  return {
    sinks: sinks.filter((sink) => sink !== undefined && sink !== false),
    ...(command === undefined ? {} : { commands: { [command.name]: command.run } }),
  };
}

/** It runs in the root. Its name is that of its program: what is told of it must not hold its arguments, by whose mark it is known. */
function buildShell(given: ShellFile, root: string): { readonly name: string; readonly run: SinkCommand } {
  const isLine = typeof given === 'string';
  const argv = isLine ? [given] : given.command.map(String);
  const program = (isLine ? (given.trim().split(/\s+/)[0] ?? '') : (argv[0] ?? '')).split('/').at(-1) ?? '';
  const env = { names: isLine ? [] : (given.env ?? []), values: {} };
  const word = slug(program).slice(0, 30) || 'command';
  const isPlain = argv.length === 1 && env.names.length === 0 && PLAIN.test(argv[0] ?? '');
  const name = isPlain ? word : `${word}-${shortMark(JSON.stringify([argv, env.names]))}`;
  return { name, run: { kind: 'command', argv, shell: isLine, cwd: root, env, okCodes: [0] } };
}

/** A program of the PATH or of the root, and nothing else: no two of that name are different ones. */
const PLAIN = /^(\.\/)?[\w.-]+$/;
