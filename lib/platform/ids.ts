import type { Ids } from '../ports.ts';
import { cryptography } from './cryptography.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LENGTH = 12;
/** Bytes from here on would make the first letters likelier than the others. */
const FAIR_BELOW = 256 - (256 % ALPHABET.length);
const POOL_BYTES = 4096;

export function createIds(): Ids {
  const pool = Buffer.alloc(POOL_BYTES);
  let next = POOL_BYTES;
  function freshByte(): number {
    if (next === POOL_BYTES) {
      cryptography().randomFillSync(pool);
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

/** A name for a sub-session, never used before: claude takes one only once. */
export function randomSessionId(): string {
  return cryptography().randomUUID();
}
