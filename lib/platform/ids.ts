import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Ids } from '../ports.ts';
import { cryptography } from './cryptography.ts';
import { errnoOf } from './fault.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 12;
/** Bytes from here on would make the first letters likelier than the others. */
const FAIR_BELOW = 256 - (256 % ALPHABET.length);
const POOL_BYTES = 4096;

export function createIds(): Ids {
  // Most who have ids at hand make none.
  let pool: Buffer | undefined;
  let next = POOL_BYTES;
  function freshByte(): number {
    pool ??= Buffer.alloc(POOL_BYTES);
    if (next === POOL_BYTES) {
      fillByChance(pool);
      next = 0;
    }
    return pool[next++] as number;
  }
  return {
    fresh() {
      let id = '';
      while (id.length < LENGTH) {
        const byte = freshByte();
        if (byte < FAIR_BELOW) id += ALPHABET[byte % ALPHABET.length];
      }
      return id;
    },
    keyed(...words) {
      // As JSON no two lists of words are the same text: ['a', 'b'] is not ['ab'].
      const digest = cryptography().createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 32);
      let rest = BigInt(`0x${digest}`);
      let id = '';
      while (id.length < LENGTH) {
        id += ALPHABET[Number(rest % 36n)];
        rest /= 36n;
      }
      return id;
    },
  };
}

/** The kernel's own chance is as good, and there before an owner has loaded all of cryptography for its first id. */
function fillByChance(pool: Buffer): void {
  if (readChance(pool) < pool.length) cryptography().randomFillSync(pool);
}

/** How many bytes it gave: 0 where there is no such device, as in a bare chroot, or it cannot be opened now. */
function readChance(pool: Buffer): number {
  let fd: number | undefined;
  try {
    fd = openSync('/dev/urandom', 'r');
    // A file in its place would say the same each time.
    return fstatSync(fd).isCharacterDevice() ? readSync(fd, pool) : 0;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    return 0;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** A name for a sub-session, never used before: claude takes one only once. */
export function randomSessionId(): string {
  return cryptography().randomUUID();
}
