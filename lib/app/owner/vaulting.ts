import { CadenceError } from '../../core/error.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Runner } from '../../ports.ts';
import type { Storage } from '../storage.ts';
import { makeVault } from '../vault.ts';

/** The work of `bus-vault`. It is derived, so a fault is told, and left for the next time. */
export function createVaultRunner({ clock, files, paths, journal }: Pick<Storage, 'clock' | 'files' | 'paths' | 'journal'>): Runner {
  async function make(): Promise<Outcome> {
    try {
      // Somebody may have thrown it away since it was asked for.
      if (files.info(paths.vault)?.kind !== 'folder') return { kind: 'skip', reason: 'there is no vault' };
      const { notes, written, unchanged, removed } = await makeVault(paths.root, false, { files, clock });
      return { kind: 'ok', summary: `${notes} notes: ${written.length} written, ${unchanged} unchanged, ${removed.length} removed` };
    } catch (error) {
      if (!(error instanceof CadenceError)) throw error;
      journal.emit({ level: 'warn', stage: 'vault', because: error.message });
      return { kind: 'skip', reason: error.message };
    }
  }

  const run: Runner['run'] = async () => ({ outcome: await make(), ending: undefined, stdoutPath: null, stderrPath: null });
  return { run, adopt: run };
}

/** What its runs do may change what the notes tell. */
export function tellingOf(runner: Runner, change: () => void): Runner {
  const told =
    (act: Runner['run']): Runner['run'] =>
    async (job, stop) => {
      const end = await act(job, stop);
      change();
      return end;
    };
  return { run: told(runner.run), adopt: told(runner.adopt) };
}
