/** What an inline handler gets and may answer: `export default async (tick, context) => answer`. */

/** What a handler gets beside its tick. */
export interface HandlerContext {
  /** Aborted when the run is to end; a handler that does not heed it is abandoned after its grace. It is made when it is first
   *  asked for, so `{ ...context }` is without it: hand on `context` itself, or `context.signal`. */
  readonly signal: AbortSignal;
  /** One line into the stdout file of the run. */
  log(line: unknown): void;
  readonly runId: string;
  readonly attempt: number;
  readonly root: string;
  enqueue(cadence: string, options?: HandlerEnqueueOptions): Promise<unknown>;
}

/** What a handler may say of the tick that it asks for. */
export interface HandlerEnqueueOptions {
  readonly payload?: unknown;
  readonly key?: string;
  /** `10m`: due that much later. */
  readonly in?: string;
}

/** What an inline handler may answer; the module's default export is `async (tick, context) => answer`. */
export type HandlerAnswer =
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return shall have the type Promise<HandlerAnswer>
  | void
  | undefined
  | string
  | {
      readonly kind: 'ok' | 'skip' | 'defer' | 'fail' | 'give_up';
      readonly summary?: string;
      readonly reason?: string;
      readonly delay?: string;
      readonly result?: unknown;
    };
