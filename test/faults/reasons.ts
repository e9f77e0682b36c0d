/** The part in which node's reporter tells of failures again, each with its reason. */
const SUMMARY = '✖ failing tests:';
const TITLE = /^✖ (.*) \(\d[\d.]*ms\)$/;

/** Why tests failed, by what `run-tests.mjs` said: `<title>: <the first words of its error>`, and what it said itself. */
export function failuresIn(output: string): readonly string[] {
  const own = output.split('\n').filter((line) => line.startsWith('run-tests: '));
  const summary = output.split(SUMMARY)[1] ?? '';
  const failures: string[] = [];
  const lines = summary.split('\n');
  for (const [n, line] of lines.entries()) {
    const title = TITLE.exec(line)?.[1];
    if (title === undefined) continue;
    const reason = lines.slice(n + 1).find((next) => next.trim() !== '') ?? '';
    failures.push(`${title}: ${reason.trim()}`);
  }
  return [...failures, ...own];
}
