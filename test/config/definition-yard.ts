import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDefinitions, type LiveDefinitions } from '../../lib/config/definitions.ts';
import type { Cadence } from '../../lib/core/cadence.ts';
import { type Paths, pathsOf } from '../../lib/core/paths.ts';
import { createFiles } from '../../lib/platform/files.ts';
import type { Problem } from '../../lib/ports.ts';
import { tempRoot } from '../support/temp-root.ts';

/** Real files in a real folder. */
export interface Yard {
  readonly paths: Paths;
  put(file: string, text: string | Buffer): string;
  remove(file: string): void;
  load(): LiveDefinitions;
}

export const HOME = '/home/somebody';

export function createYard(): Yard {
  const paths = pathsOf(tempRoot('cadence-bus-definitions-'));
  mkdirSync(paths.cadences);
  return {
    paths,
    put(file, text) {
      const path = join(paths.cadences, file);
      writeFileSync(path, text);
      return path;
    },
    remove: (file) => rmSync(join(paths.cadences, file)),
    load: () => createDefinitions({ files: createFiles(), paths, home: HOME }),
  };
}

/** One definition, alone in its folder. */
export function loadOne(
  file: string,
  text: string | Buffer,
  prepare: (yard: Yard) => void = () => {},
): { readonly cadence: Cadence | undefined; readonly problems: readonly Problem[]; readonly yard: Yard } {
  const yard = createYard();
  prepare(yard);
  yard.put(file, text);
  const [definition] = yard.load().all();
  return { cadence: definition?.cadence, problems: definition?.problems ?? [], yard };
}

/** `3:1 timeout`, in the order of the file. */
export function placesOf(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ line, column, key }) => `${line}:${column} ${key}`.trimEnd());
}
