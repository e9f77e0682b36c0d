import { join } from 'node:path';
import type { RunRecord } from '../core/run.ts';
import { parseIso } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';

/**
 * claude keeps each session in a file under the name of its folder: with every character that is no letter and no digit
 * turned into a dash. Without that file there is nothing to go on with.
 */
export function hasTranscript(files: Pick<Files, 'info' | 'realPath'>, env: Readonly<Record<string, string>>, cwd: string, id: string): boolean {
  const config = env.CLAUDE_CONFIG_DIR ?? (env.HOME === undefined ? undefined : join(env.HOME, '.claude'));
  if (config === undefined) return false;
  const folders = [cwd, unlessRefused(cwd, () => files.realPath(cwd))].flatMap((folder) => [folder.replace(/[^A-Za-z0-9]/g, '-'), folder.replaceAll('/', '-')]);
  return folders.some((folder) => unlessRefused(undefined, () => files.info(join(config, 'projects', folder, `${id}.jsonl`)))?.kind === 'file');
}

/** Whoever edits the prompt wants it followed from its first word on. */
export function isPromptOlder(files: Pick<Files, 'info'>, promptPath: string, { started_at: startedAt }: RunRecord): boolean {
  const changedMs = unlessRefused(undefined, () => files.info(promptPath))?.mtimeMs;
  const startedMs = parseIso(startedAt);
  return changedMs !== undefined && startedMs !== undefined && changedMs <= startedMs;
}
