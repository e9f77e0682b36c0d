/** `probe-cursor.json`: up to where incidents are seen. Readers are in a hurry, so no schema is loaded for it. */
export function parseProbeCursor(value: unknown): string | undefined {
  const seen = typeof value === 'object' && value !== null && 'seen' in value ? value.seen : undefined;
  return typeof seen === 'string' ? seen : undefined;
}
