import { statfsSync } from 'node:fs';
import { attempt } from './fault.ts';

/** The `f_type` of Linux for what is served by another machine, or by a program that may be. */
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xfe534d42: 'SMB',
  0xff534d42: 'SMB (CIFS)',
  0x5346414f: 'AFS',
  0x6b414653: 'AFS',
  0x00c36400: 'Ceph',
  0x0bd00bd0: 'Lustre',
  0x01161970: 'GFS2',
  0x01021997: '9P',
  0x65735546: 'FUSE',
};

/**
 * The kind of a network file system by its name; undefined: it is local, or this system does not say (elsewhere than on
 * Linux the number means something else on every machine).
 */
export function remoteFileSystem(path: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return attempt('look at', path, () => REMOTE[statfsSync(path).type >>> 0]);
}
