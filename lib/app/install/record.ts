import type { Paths } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import { createFiles } from '../../platform/files.ts';
import { createIds } from '../../platform/ids.ts';
import type { Files } from '../../ports.ts';
import { stemOf } from '../../schedules/label.ts';
import { type Installed, parseInstalled } from '../../wire/installed.ts';

const MOST_BYTES = 1024 * 1024;

/** The stem of all labels of this root, whichever link leads to it. */
export function rootStem(root: string): string {
  const real = createFiles().realPath(root);
  return stemOf(real, createIds().keyed('root', real));
}

/** What was installed of this root; undefined: nothing, the owner wakes itself. A record that came with a copied or moved folder is none. */
export function readInstalled(files: Files, paths: Paths): Installed | undefined {
  const installed = readRecord(files, paths);
  return installed !== undefined && installed.stem === rootStem(paths.root) ? installed : undefined;
}

/** The stem under which this folder was installed where it lay before; undefined: it was not, or the folder there still is. */
export function stemBeforeMove(files: Files, paths: Paths): string | undefined {
  const record = readRecord(files, paths);
  return record === undefined || record.stem === rootStem(paths.root) || files.info(record.root) !== undefined ? undefined : record.stem;
}

function readRecord(files: Files, paths: Paths): Installed | undefined {
  const found = files.read(paths.installed, MOST_BYTES);
  return found?.kind === 'text' ? parseInstalled(parseJson(found.text)) : undefined;
}
