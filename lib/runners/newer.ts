import type { Evidence } from '../core/evidence.ts';
import type { Ms } from '../core/time/instant.ts';
import type { FileInfo, Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';

/**
 * Looks for a file that matches a pattern and was changed since an instant. `*` and `?` stand for letters of one name,
 * `**` for any folders; a name with a leading dot is meant only where the pattern has that dot.
 */
export interface NewerSearch {
  readonly patterns: readonly string[];
  readonly sinceMs: Ms;
  readonly nowMs: Ms;
}

type Look = Pick<Files, 'list' | 'info' | 'realPath'>;

/** A folder with more in it is no place for evidence: what was not looked at is told as unknown, never as missing. */
const MOST_ENTRIES = 50_000;
/** A file's time is that of the kernel's last tick, up to so much before the clock's. */
const TICK_MS: Ms = 10;

export function findNewer(files: Look, { patterns, sinceMs, nowMs }: NewerSearch): Pick<Evidence, 'outcome' | 'because'> {
  if (nowMs < sinceMs) return { outcome: 'unknown', because: 'the clock was set back while it ran, so the times of files tell nothing' };
  const seen = { left: MOST_ENTRIES, isNewer: undefined as string | undefined, newest: undefined as string | undefined, newestMs: 0 };
  const consider = (path: string): void => {
    const info = followed(files, path);
    if (info?.kind !== 'file' || seen.isNewer !== undefined) return;
    if (isSince(info.mtimeMs, sinceMs)) seen.isNewer = path;
    if (info.mtimeMs >= seen.newestMs) [seen.newest, seen.newestMs] = [path, info.mtimeMs];
  };
  for (const pattern of patterns) walk(files, '/', pattern.split('/').filter(Boolean), seen, consider);
  const { isNewer, newest, newestMs, left } = seen;
  if (isNewer !== undefined) return { outcome: 'proven', because: `${isNewer} was changed` };
  const named = patterns.join(', ');
  if (left <= 0) return { outcome: 'unknown', because: `${named} leads through more than ${MOST_ENTRIES} files` };
  if (newest === undefined) return { outcome: 'not_proven', because: `no file matches ${named}` };
  return { outcome: 'not_proven', because: `no file that matches ${named} was changed; the newest is ${newest}, of ${new Date(newestMs).toISOString()}` };
}

/** Some file systems keep whole seconds only. */
function isSince(mtimeMs: Ms, sinceMs: Ms): boolean {
  return mtimeMs % 1000 === 0 ? mtimeMs >= Math.floor(sinceMs / 1000) * 1000 : mtimeMs >= sinceMs - TICK_MS;
}

function walk(files: Look, dir: string, parts: readonly string[], seen: { left: number; isNewer: string | undefined }, consider: (path: string) => void): void {
  const [part, ...rest] = parts;
  if (part === undefined || seen.isNewer !== undefined || seen.left <= 0) return;
  const isLast = rest.length === 0;
  if (part === '**') {
    walk(files, dir, isLast ? ['*'] : rest, seen, consider);
    for (const name of namesIn(files, dir, seen)) {
      if (name.startsWith('.') || unlessRefused(undefined, () => files.info(join(dir, name)))?.kind !== 'folder') continue;
      walk(files, join(dir, name), parts, seen, consider);
    }
    return;
  }
  const step = (name: string): void => (isLast ? consider(join(dir, name)) : walk(files, join(dir, name), rest, seen, consider));
  if (!/[*?]/.test(part)) {
    seen.left -= 1;
    step(part);
    return;
  }
  const shape = shapeOf(part);
  for (const name of namesIn(files, dir, seen)) if (shape.test(name) && (!name.startsWith('.') || part.startsWith('.'))) step(name);
}

function namesIn(files: Look, dir: string, seen: { left: number }): readonly string[] {
  const names = unlessRefused<readonly string[]>([], () => files.list(dir));
  seen.left -= names.length + 1;
  return seen.left <= 0 ? [] : [...names].sort();
}

function shapeOf(part: string): RegExp {
  const letters = [...part].map((letter) => (letter === '*' ? '.*' : letter === '?' ? '.' : letter.replace(/[.+^${}()|[\]\\]/, '\\$&')));
  return new RegExp(`^${letters.join('').replace(/(?:\.\*)+/g, '.*')}$`, 'su');
}

const join = (dir: string, name: string): string => (dir === '/' ? `/${name}` : `${dir}/${name}`);

/** A link to a file, such as `latest`, is as new as what it leads to. */
function followed(files: Look, path: string): FileInfo | undefined {
  return unlessRefused(undefined, () => {
    const info = files.info(path);
    return info?.kind === 'symlink' ? files.info(files.realPath(path)) : info;
  });
}
