const SHOWN = 8;

/** Of those who may spend something while nobody knows how much, for the settings of the bus are wrong. */
export function waitForSettings(cadences: readonly string[]): string {
  const shown = cadences.slice(0, SHOWN).join(', ');
  const more = cadences.length > SHOWN ? ` and ${cadences.length - SHOWN} more` : '';
  return `While bus.yaml is wrong nobody knows what these may spend, and an owner that starts lets them wait: ${shown}${more}`;
}
