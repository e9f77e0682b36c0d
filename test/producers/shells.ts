import { spawnSync } from 'node:child_process';

const SHELLS: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'ash'], ['/bin/sh']];

/** The shells of this machine that `bin/enqueue` is made for. On macOS `bash` is 3.2. */
export const shells = SHELLS.filter(([program, ...options]) => spawnSync(program as string, [...options, '-c', ':']).status === 0);
