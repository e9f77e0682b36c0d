'use strict';
/**
 * A text, and what V8 has made of it, in one file: to open and read two costs a short command a hundredth of its time. First stands, in
 * 32 characters, how many bytes each of the two has; then what V8 made, which it wants at an even place in memory; then the text.
 */
const HEAD_BYTES = 32;

exports.pack = (text, compiled = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from(`${compiled.length} ${text.length} `.padEnd(HEAD_BYTES)), compiled, Buffer.from(text, 'latin1')]);
