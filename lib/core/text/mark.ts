/**
 * Tells texts apart that need not be at hand: 64 bits and the length, from two runs of FNV-1a. No secret and no proof against whoever
 * wants two texts to look alike; what edits, torn writes and bad disks make of a text bears another mark.
 */
export function textMark(text: string): string {
  let [some, other] = [0x811c9dc5, 0x01234567];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    some = Math.imul(some ^ code, 0x01000193);
    other = Math.imul(other ^ code, 0x5bd1e995) ^ (other >>> 15);
  }
  return `${text.length.toString(36)}-${(some >>> 0).toString(36)}-${(other >>> 0).toString(36)}`;
}

/** FNV-1a, in seven letters and digits: for names that people read. */
export function shortMark(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(36).padStart(7, '0').slice(-7);
}
