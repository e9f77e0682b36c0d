import type { Ms } from '../time/instant.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import type { Delivery, Notice } from './notice.ts';

/** Messages on their way, one whole file each (`outbox/<key>.json`), and how each ended (`outbox/delivered/<day>.jsonl`). */
export interface Outbox {
  /** On disk when it returns. false: it lies there, or has ended, already. */
  put(notice: Notice): boolean;
  /** Oldest first; those that this cadence of the program's own delivers, or all. */
  pending(cadence?: string): readonly Notice[];
  /** A try that failed is written down in the notice itself. */
  keep(notice: Notice): void;
  /** Delivered: it is removed. Dead: it lies in `outbox/dead/` from now on. The line that says so is on disk first. */
  end(notice: Notice, end: Delivery): Promise<void>;
  /** How the notices of this run, or all, ended, in their order. */
  ended(runId: string | undefined, sinceMs: Ms): readonly Delivery[];
}

/** The network. Never rejects: what may happen is an answer. */
export interface Http {
  post(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
}
