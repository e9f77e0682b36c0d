import type { Incident } from '../core/incident/incident.ts';
import { toVisible } from '../core/text/excerpt.ts';

/** `report.md`: first how the incident stands, which is written anew whenever that changes, then the evidence, which stays. */
const HERE_BEGINS_EVIDENCE = '\n<!-- evidence -->\n\n';

export function reportHead(incident: Incident): string {
  const { id, title, state, cadence, cadences, account, detector, occurrences, first_at, last_at, attempts, recurred } = incident;
  const whose = account === undefined ? cadence : `account ${account} (met by ${cadences.join(', ')})`;
  const { ignored_until: until } = incident;
  const ended =
    incident.resolved_at !== undefined
      ? `, ${incident.resolved_at}, by ${incident.resolved_by}`
      : state === 'ignored' && until !== undefined
        ? ` until ${until}`
        : '';
  const lines = [
    `# ${plain(title)}`,
    '',
    `- whose: ${whose}`,
    `- state: ${state}${ended}`,
    `- detector: ${detector}`,
    `- times: ${occurrences}, first ${first_at}, last ${last_at}`,
    `- tried: ${attempts === 0 ? 'nothing yet' : `${attempts} ${attempts === 1 ? 'fix' : 'fixes'}`}`,
    ...(recurred === undefined ? [] : [`- recurred: it came back within 7 days after ${recurred.source} (fix ${recurred.fix}) was kept, ${recurred.kept_at}`]),
    ...(incident.run_ids.length === 0 ? [] : [`- last runs: ${incident.run_ids.slice(-3).join(', ')}`]),
    `- id: ${id}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The head anew, the evidence as it was. */
export function withHead(report: string, head: string): string {
  const at = report.indexOf(HERE_BEGINS_EVIDENCE);
  return `${head}${HERE_BEGINS_EVIDENCE}${at < 0 ? report : report.slice(at + HERE_BEGINS_EVIDENCE.length)}`;
}

/** Words of a child: fenced, with a fence that is longer than any in them, so that nothing in it ends it. */
export function fenced(text: string, language = 'text'): string {
  const shown = toVisible(text).replace(/\n+$/, '');
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${shown}\n${fence}`;
}

/** In a line of markdown: no heading, link, tag or code of its own. */
export function plain(text: string): string {
  return toVisible(text)
    .replaceAll('\n', ' ')
    .replace(/[\\`*_[\]<>#|]/g, (char) => `\\${char}`);
}
