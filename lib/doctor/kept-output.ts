import type { Paths } from '../core/paths.ts';
import type { Files } from '../ports.ts';
import { type Check, ok, warn } from './check.ts';
import { formatBytes, shellWord } from './wording.ts';

export interface KeptOutputDeps {
  readonly files: Pick<Files, 'list' | 'info'>;
  readonly paths: Pick<Paths, 'runs' | 'journal' | 'subsessions'>;
  /** `retention.size` */
  readonly mostBytes: () => number;
}

/** Removing output is for retention, or for whoever it belongs to. */
export function createKeptOutputCheck({ files, paths, mostBytes }: KeptOutputDeps): Check {
  const bytesIn = (dir: string): number =>
    files.list(dir).reduce((sum, file) => {
      const info = files.info(`${dir}/${file}`);
      return info?.kind === 'file' ? sum + info.sizeBytes : sum;
    }, 0);
  return {
    id: 'kept-output',
    title: 'Kept output',
    async inspect() {
      const bytes = [paths.subsessions, paths.runs, paths.journal].reduce((sum, dir) => sum + bytesIn(dir), 0);
      const told = `${formatBytes(bytes)} of at most ${formatBytes(mostBytes())} (retention.size)`;
      return bytes <= mostBytes() ? ok(told) : warn(told, `find ${shellWord(paths.subsessions)} -name '*.log' -mtime +7 -delete`);
    },
  };
}
