import type { Live, Shown } from '../app/live.ts';
import type { Closeable, Push } from '../app/local-web.ts';
import type { Ms } from '../core/time/instant.ts';

export interface NewsDeps {
  readonly watch: (show: (shown: Shown) => Ms | undefined) => Live;
  /** HTML of what is shown, and after how long it is another one. */
  readonly render: (shown: Shown) => { readonly html: string; readonly movesInMs: Ms | undefined };
}

export interface News extends Closeable {
  /** Who listens now. */
  count(): number;
  open(push: Push): Closeable;
}

/** The root is watched while somebody listens, once for all of them; and nobody is told twice what has not changed. */
export function createNews({ watch, render }: NewsDeps): News {
  const listeners = new Set<Push>();
  let live: Live | undefined;
  let last: string | undefined;

  function begin(): void {
    const mine = watch((shown) => {
      const { html, movesInMs } = render(shown);
      if (html !== last) {
        last = html;
        for (const push of listeners) push(frame(html));
      }
      return movesInMs;
    });
    live = mine;
    mine.failed.catch((error: unknown) => {
      if (live !== mine) return;
      const words = error instanceof Error ? error.message : String(error);
      for (const push of listeners) push(`event: trouble\n${frame(words)}`);
      end();
    });
  }

  function end(): void {
    live?.close();
    listeners.clear();
    [live, last] = [undefined, undefined];
  }

  return {
    count: () => listeners.size,
    open(push) {
      listeners.add(push);
      if (live === undefined) begin();
      else if (last !== undefined) push(frame(last));
      return {
        close() {
          if (listeners.delete(push) && listeners.size === 0) end();
        },
      };
    },
    close: end,
  };
}

/** As Server-Sent Events have it: each line of it by itself. */
function frame(told: string): string {
  return `${told
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}
