import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './packed.ts';

/** A block of README.md between its fences. */
export interface Block {
  readonly language: string;
  /** The heading that it stands under. */
  readonly section: string;
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

export interface Command {
  /** In README.md, from 1. */
  readonly line: number;
  readonly section: string;
  /** Without the comment behind it, its continued lines joined. */
  readonly text: string;
}

export function readmeBlocks(): readonly Block[] {
  const blocks: Block[] = [];
  let section = '';
  let open: { language: string; section: string; lines: { number: number; text: string }[] } | undefined;
  for (const [index, text] of readFileSync(join(PROJECT, 'README.md'), 'utf8').split('\n').entries()) {
    const fence = /^```(\w*)\s*$/.exec(text);
    if (open !== undefined && fence !== null) {
      blocks.push(open);
      open = undefined;
    } else if (open !== undefined) open.lines.push({ number: index + 1, text });
    else if (fence !== null) open = { language: fence[1] ?? '', section, lines: [] };
    else section = /^#+ (.*)$/.exec(text)?.[1] ?? section;
  }
  if (open !== undefined) throw new Error(`README.md: the block under "${section}" is never closed`);
  return blocks;
}

/** Every command of every ```sh block, in order. */
export function readmeCommands(): readonly Command[] {
  return readmeBlocks()
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ section, lines }) => {
      const commands: Command[] = [];
      let begun: Command | undefined;
      for (const { number, text } of lines) {
        const line = begun?.line ?? number;
        const whole = `${begun?.text ?? ''}${text}`;
        begun = whole.endsWith('\\') ? { line, section, text: whole.slice(0, -1) } : undefined;
        const plain = whole.replace(/(^|\s)#\s.*$/, '').trim();
        if (begun === undefined && plain !== '') commands.push({ line, section, text: plain });
      }
      return commands;
    });
}

/** Blocks that say in their first line which cadence they are, as the files that they show. */
export function readmeCadences(): readonly { readonly path: string; readonly text: string }[] {
  return readmeBlocks().flatMap(({ lines }) => {
    const path = /^(?:#|<!--) (cadences\/[\w.-]+\.(?:ya?ml|md))\b/.exec(lines[0]?.text ?? '')?.[1];
    return path === undefined ? [] : [{ path, text: `${lines.map(({ text }) => text).join('\n')}\n` }];
  });
}
