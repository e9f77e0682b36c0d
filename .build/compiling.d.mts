/** Keeps what V8 makes of the program in this folder. */
export function keepCompiled(bin: string): void;
