import type { Plugin } from 'esbuild';

/** Gives some packages a part of what they ask for, where that part is all that they use. */
export const light: Plugin;
