/** A part of a file of others that is ours, between two lines that say so. All around it is theirs and stays. */
const BEGIN = '<!-- cadence-bus: begin. Made by cadence-bus skills install; what you write here is overwritten. -->';
const END = '<!-- cadence-bus: end -->';
const SECTION = /<!-- cadence-bus: begin\b[^>]*-->[\s\S]*?<!-- cadence-bus: end -->/;

/** The same text with the section in it: where it stood, or at the end. */
export function withSection(text: string, section: string): string {
  const marked = `${BEGIN}\n${section.trim()}\n${END}`;
  if (SECTION.test(text)) return text.replace(SECTION, () => marked);
  const gap = text === '' || text.endsWith('\n\n') ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}${marked}\n`;
}

export function hasSection(text: string): boolean {
  return SECTION.test(text);
}
