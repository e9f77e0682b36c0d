import { type Check, ok, warn } from './check.ts';

export interface RemoteDiskDeps {
  readonly root: string;
  /** The kind of the network file system it lies on; undefined: local, or the system does not tell. */
  readonly remoteFileSystem: (path: string) => string | undefined;
}

/** The owner is known by a Unix socket, which another machine does not see: on a shared disk there could be two. */
export function createRemoteDiskCheck({ root, remoteFileSystem }: RemoteDiskDeps): Check {
  return {
    id: 'remote-disk',
    title: 'Disk kind',
    async inspect() {
      const kind = remoteFileSystem(root);
      return kind === undefined
        ? ok('no network file system is known here')
        : warn(`${root} lies on ${kind}: an owner on another machine would not be seen, and a flush may promise too much`, `df ${root}`);
    },
  };
}
