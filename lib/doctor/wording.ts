import { toVisible, truncate } from '../core/text/excerpt.ts';

export { shellWord } from '../core/text/shell-word.ts';

/** Where the disk itself refuses: what is mounted how, and how full. */
export const LOOK_AT_DISK = 'mount; df -h';

/** `3 ticks`, `1 tick`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** The first few, and how many there are besides. Names come from a disk that others may write, so they are made fit to show. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map((name) => truncate(toVisible(name).replaceAll('\n', '\\n'), 200));
  const rest = names.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** `1.5 GB`; a K is 1024, as in the settings. */
export function formatBytes(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  for (; amount >= 1024 && unit < UNITS.length - 1; unit += 1) amount /= 1024;
  const digits = unit === 0 || amount >= 100 ? 0 : 1;
  return `${amount.toFixed(digits).replace(/\.0$/, '')} ${UNITS[unit]}`;
}
