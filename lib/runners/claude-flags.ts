import { asksForFlags, type KnownFlags, parseHelp, unknownFlags } from '../core/agent/program-flags.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import { unlessRefused } from './capture.ts';

export interface ProgramQuestion {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly withinMs: Ms;
}

/** Asks a program one short question; never rejects. */
export type AskProgram = (
  question: ProgramQuestion,
) => Promise<{ readonly kind: 'said'; readonly text: string } | { readonly kind: 'failed'; readonly because: string }>;

export interface FlagCheck {
  /** Why these words cannot be handed to this program; undefined: they can, or it does not tell. */
  refusal(program: readonly [string, ...string[]], words: readonly string[], env: ProgramQuestion['env']): Promise<string | undefined>;
}

const ASKED_MS: Ms = 5_000;

/** A program is asked once, and again when its file has changed; one that does not answer is given the benefit of the doubt. */
export function createFlagCheck(files: Pick<Files, 'info' | 'realPath'>, ask: AskProgram): FlagCheck {
  const known = new Map<string, Promise<KnownFlags | undefined>>();

  async function askHelp(program: readonly [string, ...string[]], env: ProgramQuestion['env']): Promise<KnownFlags | undefined> {
    const answer = await ask({ argv: [...program, '--help'], env, withinMs: ASKED_MS });
    const flags = answer.kind === 'said' ? parseHelp(answer.text) : undefined;
    // What names hardly any option is no help.
    return flags !== undefined && flags.names.size >= 5 ? flags : undefined;
  }

  async function versionOf(program: readonly [string, ...string[]], env: ProgramQuestion['env']): Promise<string> {
    const answer = await ask({ argv: [...program, '--version'], env, withinMs: ASKED_MS });
    return (answer.kind === 'said' ? /\d+\.\d+[\w.-]*/.exec(answer.text)?.[0] : undefined) ?? 'of unknown version';
  }

  return {
    async refusal(program, words, env) {
      if (!asksForFlags(words)) return undefined;
      const path = program.at(-1) as string;
      const print = identityOf(files, path);
      for (const old of known.keys()) if (old.startsWith(`${path}\n`) && old !== print) known.delete(old);
      const asked = known.get(print) ?? askHelp(program, env);
      known.set(print, asked);
      const flags = await asked;
      if (flags === undefined) known.delete(print);
      const unknown = flags === undefined ? [] : unknownFlags(words, flags);
      if (unknown.length === 0) return undefined;
      const [it, them] = unknown.length === 1 ? ['this option', 'it'] : ['these options', 'them'];
      return `claude ${await versionOf(program, env)} (${path}) does not know ${unknown.join(', ')}, and its cadence asks for ${it}: remove ${them} from run.claude, or install a version that knows ${them}`;
    },
  };
}

function identityOf(files: Pick<Files, 'info' | 'realPath'>, path: string): string {
  return unlessRefused(`${path}\n`, () => {
    const real = files.realPath(path);
    const info = files.info(real);
    return `${path}\n${real} ${info?.mtimeMs} ${info?.sizeBytes}`;
  });
}
