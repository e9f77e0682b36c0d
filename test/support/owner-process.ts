import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import { plain } from './plain.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/ownership/owner.ts', import.meta.url));

export interface OwnerProcess {
  readonly pid: number;
  /** What it said of itself. */
  readonly said: { readonly kind: 'owned' | 'taken'; readonly state?: string; readonly by?: number };
  readonly child: ChildProcess;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a real owner of a root, and resolves when it has said whether it is one. */
export async function startOwner(root: string, ...words: readonly string[]): Promise<OwnerProcess> {
  const child = spawn(process.execPath, [plain(FIXTURE), root, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const said = await Promise.race([once(createInterface(child.stdout), 'line'), exited]);
  if (typeof said[0] !== 'string') throw new Error(`the owner ended with ${JSON.stringify(said)} before it said anything`);
  return {
    pid: child.pid as number,
    said: JSON.parse(said[0]),
    child,
    async end(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

/** Stops it, and waits until the system says that it stands. */
export async function stopOwner(owner: OwnerProcess): Promise<void> {
  process.kill(owner.pid, 'SIGSTOP');
  await eventually('the owner is stopped', async () => {
    const ps = spawn('ps', ['-o', 'stat=', '-p', String(owner.pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [state] = (await once(ps.stdout, 'data')) as [Buffer];
    return state.toString().startsWith('T');
  });
}
