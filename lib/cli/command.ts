import type { PageWords } from '../app/page-words.ts';
import type { CadenceError } from '../core/error.ts';

/** One verb, as data: from this table come parsing, help, completion and the description for agents. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** After the name: `<cadence> [--json]`. */
  readonly usage: string;
  /** So many words may follow the name; one more is a mistake, and is never dropped silently. */
  readonly maxWords: number;
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly string[];
  /** What a reader of the help must know besides, in lines. */
  readonly notes?: readonly string[];
  /** Exit codes beyond 0 and 64. */
  readonly exits: readonly (readonly [code: number, meaning: string])[];
  /** What it does to the world; absent: it only looks, unless it has --dry-run. `destroys`: what it removes or ends does not come back. */
  readonly effect?: 'changes' | 'destroys';
  readonly load: () => Promise<{ run(context: CommandContext): Promise<number> }>;
}

/** Verbs that help shows together. */
export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** What its value is called; absent: it has none. */
  readonly value?: string;
  /** May be said more than once. */
  readonly isRepeatable?: true;
  readonly summary: string;
}

export interface CommandContext {
  readonly spec: CommandSpec;
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly out: Output;
  /** The table of all verbs, for those that describe them, and the flags that every verb has. */
  readonly groups: readonly CommandGroup[];
  readonly everywhere: readonly FlagSpec[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** There is a screen to draw on, and whoever sits there asked for this himself. */
  readonly isScreen: boolean;
  /** The agent root, checked. Throws `not_found`. */
  root(): Promise<string>;
  /** From here on the first SIGINT or SIGTERM is heard as: whoever waits wants to leave. */
  leaving(said?: Said): Leaving;
  /** Another command line, in this very process: its exit code and what it would have said on stdout. */
  ask(words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string }>;
  readonly loadMcp?: World['loadMcp'];
  readonly loadWeb?: World['loadWeb'];
}

export interface Flags {
  has(name: string): boolean;
  text(name: string): string | undefined;
  /** Every value of a repeatable flag, in the order in which they were said. */
  texts(name: string): readonly string[];
  /** A duration such as `30s`, in milliseconds. Throws `usage`. */
  duration(name: string): number | undefined;
  /** A whole number of at least 1. Throws `usage`. */
  count(name: string, otherwise: number): number;
}

/** Who waits may leave by Ctrl-C, and hears then that what it waited for goes on. A second signal ends this process at once. */
export interface Leaving {
  readonly leave: AbortSignal;
  /** What the work comes to, or at the first signal, without waiting for it any longer, the error that tells what goes on. */
  orLeft<T>(work: Promise<T>, left: () => CadenceError): Promise<T>;
  /** 128 + n where a signal was the cause; every other error is thrown again. */
  exitCodeOf(error: unknown, out: Output): number;
  close(): void;
}

/** What `--json` says is one answer, or lines of a stream: whoever leaves a stream is not given one more that is none of it. */
export type Said = 'answer' | 'lines';

/** Where the signals are heard that are meant for this command: absent, where the process is there for more than that. */
export type Signals = Pick<NodeJS.Process, 'on' | 'off'>;

export interface McpSurface {
  /** Resolves when the other end has gone. */
  serve(deps: {
    readonly version: string;
    readonly ask: CommandContext['ask'];
    readonly redact: (text: string) => string;
    readonly complain: (words: string) => void;
  }): Promise<void>;
}

export interface WebSurface {
  /** Resolves when it listens, on this machine alone. Port 0 is a free one. */
  serve(
    deps: {
      readonly root: string;
      readonly words: PageWords;
      readonly redact: (text: string) => string;
      readonly nowMs: () => number;
    },
    port: number,
  ): Promise<{ readonly url: string; readonly port: number; close(): void }>;
}

/** What the program is started in, and where it speaks. */
export interface World {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** stdout is a terminal, wherever the words beside go; absent: it is none. */
  readonly isScreen?: boolean | undefined;
  readonly signals?: Signals | undefined;
  /** The surface for agents that speak MCP, loaded on use. */
  readonly loadMcp?: (() => Promise<McpSurface>) | undefined;
  /** The surface for a browser, loaded on use. */
  readonly loadWeb?: (() => Promise<WebSurface>) | undefined;
  /** `isLast`: what the command has left to say, and nothing of it goes on meanwhile. */
  readonly stdout: (text: string, isLast?: boolean) => void;
  readonly stderr: (text: string, isLast?: boolean) => void;
}

/**
 * stdout carries the result only; words for people go to stderr. Whatever text it is handed, nothing leaves it that a
 * terminal would obey but its own colours.
 */
export interface Output {
  readonly isJson: boolean;
  readonly isVerbose: boolean;
  readonly paint: Paint;
  /** The result: one flat object with `--json`, else the text. */
  result(answer: Readonly<Record<string, unknown>>, text: () => string): void;
  /** One line of a stream: JSON Lines with `--json`. */
  line(answer: unknown, text: string): void;
  /** A run's own words, as part of the result: no newline is added, and with `raw` no byte is changed. */
  words(text: string, raw: boolean): void;
  /** For people, on stderr. */
  note(text: string): void;
  /** A run's own words while it runs, for people. */
  live(text: string): void;
  /** The next useful command. */
  next(...commands: readonly string[]): void;
}

export type Paint = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan', (text: string) => string>>;

/** A dry run is done and nothing was changed. */
export const DRY_RUN = 2;
