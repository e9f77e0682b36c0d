import type { KeeperDeps, Said } from '../../lib/schedules/keeper.ts';

export interface Reply {
  readonly code: number | null;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly because?: string;
}

/** launchctl or systemctl that says what is written down here: the longest beginning of the words behind `launchctl` or `--user` counts. */
export function keeperDeps(replies: Readonly<Record<string, Reply | (() => Reply)>>): {
  readonly deps: KeeperDeps;
  readonly asked: readonly string[];
  readonly limits: readonly number[];
} {
  const asked: string[] = [];
  const limits: number[] = [];
  const deps: KeeperDeps = {
    home: '/Users/ada',
    uid: 501,
    env: {},
    nowMs: () => 0,
    pause: async () => undefined,
    async hear(argv, withinMs): Promise<Said> {
      const line = argv.join(' ');
      asked.push(line);
      limits.push(withinMs);
      const words = line.replace(/^(launchctl|systemctl --user|loginctl) /, '');
      const isMeant = (key: string): boolean => key === '' || words === key || words.startsWith(`${key} `);
      const [best] = Object.keys(replies)
        .filter(isMeant)
        .sort((a, b) => b.length - a.length);
      const reply = best === undefined ? { code: 1, stderr: `nothing is written down for ${line}` } : replies[best];
      const { code, stdout = '', stderr = '', because = '' } = typeof reply === 'function' ? reply() : (reply as Reply);
      return { code, stdout, stderr, because };
    },
  };
  return { deps, asked, limits };
}
