/** One verb, as data: from this table come parsing, help, completion and the description for agents. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** After the name: `<cadence> [--json]`. */
  readonly usage: string;
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly string[];
  /** Exit codes beyond 0 and 64. */
  readonly exits: readonly (readonly [code: number, meaning: string])[];
  readonly load: () => Promise<{ run(context: CommandContext): Promise<number> }>;
}

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** What its value is called; absent: it has none. */
  readonly value?: string;
  readonly summary: string;
}

export interface CommandContext {
  readonly spec: CommandSpec;
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly out: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The agent root, checked. Throws `not_found`. */
  root(): Promise<string>;
}

export interface Flags {
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** A duration such as `30s`, in milliseconds. Throws `usage`. */
  duration(name: string): number | undefined;
  /** A whole number of at least 1. Throws `usage`. */
  count(name: string, otherwise: number): number;
}

/** stdout carries the result only; words for people go to stderr. */
export interface Output {
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly paint: Paint;
  /** The result: one flat object with `--json`, else the text. */
  result(answer: Readonly<Record<string, unknown>>, text: () => string): void;
  /** One line of a stream: JSON Lines with `--json`. */
  line(answer: unknown, text: string): void;
  /** For people, on stderr. */
  note(text: string): void;
  /** The next useful command. */
  next(...commands: readonly string[]): void;
}

export type Paint = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan', (text: string) => string>>;

/** A dry run is done and nothing was changed. */
export const DRY_RUN = 2;
