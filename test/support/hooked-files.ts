import { createFiles } from '../../lib/platform/files.ts';
import type { Files } from '../../lib/ports.ts';

export interface HookedFiles extends Files {
  /** Called before every call that names a path: somebody else acts at this instant, or the disk refuses by a throw. */
  before: (call: keyof Files, path: string) => void;
}

/** The real disk, with somebody who acts between two calls. */
export function hookedFiles(): HookedFiles {
  const files = createFiles();
  const hooked =
    <A extends [string, ...unknown[]], R>(name: keyof Files, call: (...args: A) => R) =>
    (...args: A): R => {
      self.before(name, args[0]);
      return call(...args);
    };
  const self: HookedFiles = {
    before: () => undefined,
    list: hooked('list', files.list),
    listParts: hooked('listParts', files.listParts),
    info: hooked('info', files.info),
    read: hooked('read', files.read),
    readRange: hooked('readRange', files.readRange),
    open: hooked('open', files.open),
    write: hooked('write', files.write),
    create: hooked('create', files.create),
    rename: hooked('rename', files.rename),
    remove: hooked('remove', files.remove),
    removeTree: hooked('removeTree', files.removeTree),
    makeDir: hooked('makeDir', files.makeDir),
    flushDir: hooked('flushDir', files.flushDir),
    append: hooked('append', files.append),
    truncate: hooked('truncate', files.truncate),
    watch: hooked('watch', files.watch),
    freeBytes: hooked('freeBytes', files.freeBytes),
    realPath: hooked('realPath', files.realPath),
  };
  return self;
}
