import type { OutputKind } from './output.ts';

/** The ways to run something, every path absolute. */
export type RunKind =
  | { readonly kind: 'inline'; readonly file: string }
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly shell: boolean;
      readonly cwd: string;
      readonly env: EnvSpec;
      readonly okCodes: readonly number[];
      /** undefined: text. */
      readonly output?: OutputKind;
      /** What `run --dry-run` starts in its place; undefined: nothing. */
      readonly dryRunArgv?: readonly string[];
    }
  | {
      readonly kind: 'claude';
      readonly promptPath: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: EnvSpec;
      /** `max_usd`, which stands among the args too: an upper bound of what one run costs. */
      readonly maxUsd?: number;
      /** false: each try begins a session of its own, though the one before it was cut short with work done. */
      readonly resumes?: boolean;
    }
  /** An agent of any make, the prompt on its stdin. */
  | {
      readonly kind: 'agent';
      readonly promptPath: string;
      readonly argv: readonly string[];
      /** `json`: its last line is an object that says how it went. */
      readonly output: 'json' | 'text';
      readonly cwd: string;
      readonly env: EnvSpec;
    };

export type CommandRun = Extract<RunKind, { kind: 'command' }>;

/** Names are passed through from the owner's environment; values are given. An unset name is an error that names it. */
export interface EnvSpec {
  readonly names: readonly string[];
  readonly values: Readonly<Record<string, string>>;
}
