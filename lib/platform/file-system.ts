import { statfsSync } from 'node:fs';
import { attempt } from './fault.ts';

/** The `f_type` of Linux for what is served by another machine, or by a program that may be. */
const REMOTE: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4266872130: 'SMB',
  4283649346: 'SMB (CIFS)',
  1397113167: 'AFS',
  1799439955: 'AFS',
  12805120: 'Ceph',
  198183888: 'Lustre',
  18225520: 'GFS2',
  16914839: '9P',
  1702057286: 'FUSE',
};

/**
 * The kind of a network file system by its name; undefined: it is local, or this system does not say (elsewhere than on
 * Linux the number means something else on every machine).
 */
export function remoteFileSystem(path: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return attempt('look at', path, () => REMOTE[statfsSync(path).type >>> 0]);
}
