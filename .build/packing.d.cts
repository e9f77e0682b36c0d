/** A text, which is ASCII, and what V8 has made of it, as one file. */
export function pack(text: string, compiled?: Buffer): Buffer;
