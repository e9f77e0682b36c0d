import { toVisible, truncate } from './excerpt.ts';

/**
 * `{tabs_archived} tabs` over the result of a run: what stands in braces is a path of keys, `{pages.0.title}`; of events
 * the last one is asked first. `{{` and `}}` are braces. A key that is not there is told in words: a summary never fails a
 * run.
 */
const PLACE = /\{\{|\}\}|\{([^{}]*)\}/g;
const SUMMARY_WIDTH = 200;

export function fillSummary(template: string, result: unknown): string {
  const text = template.replace(PLACE, (all, path: string | undefined) => {
    if (path === undefined) return all.slice(1);
    const value = lookUp(result, path.trim().split('.'));
    return value === undefined ? `(no ${path.trim() || 'key'} in its result)` : inWords(value);
  });
  return truncate(toVisible(text).replaceAll('\n', ' '), SUMMARY_WIDTH);
}

function lookUp(result: unknown, path: readonly string[]): unknown {
  const last = ownOf(result, 'last_event');
  const inLast = last === undefined ? undefined : walk(last, path);
  return inLast === undefined ? walk(result, path) : inLast;
}

function walk(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => ownOf(at, key), value);
}

/** Only what the result itself holds: `constructor` is no key of it. */
function ownOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

function inWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
