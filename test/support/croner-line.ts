/** A day and a weekday that must both be: one of the two begins with a star, which makes them so for cron, and none is just a star. */
export function wantsBothDays(line: string): boolean {
  const [, , days = '', , weekdays = ''] = line.split(' ');
  return (days.startsWith('*') || weekdays.startsWith('*')) && days !== '*' && weekdays !== '*';
}

/** The line as croner must be given it to mean that. */
export function cronerLine(line: string): string {
  const fields = line.split(' ');
  return wantsBothDays(line) ? [...fields.slice(0, 4), `+${fields[4]}`].join(' ') : line;
}
