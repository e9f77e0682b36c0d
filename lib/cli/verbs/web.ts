import type { PageWords } from '../../app/page-words.ts';
import { createRedacting } from '../../app/redacting.ts';
import { nowMs } from '../../app/root.ts';
import { CadenceError } from '../../core/error.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import type { CommandContext } from '../command.ts';
import { createOutput } from '../output.ts';
import { headOf } from '../top/picture.ts';
import { sectionsOf } from '../top/sections.ts';
import { incidentRow } from './incidents.ts';
import { describeRecord, runRow } from './runs.ts';
import { cadenceRow, nextSteps } from './status.ts';
import { nextStep, paintEnd } from './why.ts';

const LAST_PORT = 65_535;

/** Until a signal ends it. */
export async function run({ ask, loadWeb, root, env, flags, out, leaving }: CommandContext): Promise<number> {
  const at = await root();
  const port = flags.text('port') === undefined ? 0 : flags.count('port', 1);
  if (port > LAST_PORT) throw new CadenceError('usage', `${port} is no port`, `Say one from 1 to ${LAST_PORT}, or leave --port away.`);
  if (loadWeb === undefined) throw new CadenceError('usage', 'web is served by the program itself, not by this caller', 'Start it: cadence-bus web');
  const surface = await loadWeb();
  // Heard from before it listens: whoever reads the address may end it at once.
  const { orLeft } = leaving('lines');
  const served = await surface.serve({ root: at, words: wordsFor(at, ask), redact: createRedacting(env).ofOwner, nowMs }, port);
  try {
    out.result({ ok: true, url: served.url, port: served.port, root: at }, () => served.url);
    out.note('Open it in a browser on this machine; the token in it is for you alone. Ctrl-C ends it, and the bus goes on.');
    const forever = new Promise<never>(() => undefined);
    return await orLeft(forever, () => pageIsGone(at));
  } finally {
    served.close();
  }
}

function pageIsGone(root: string): CadenceError {
  return new CadenceError('timeout', 'the page is gone, and the bus goes on as it did', `Open it again: cadence-bus web --root ${shellWord(root)}`);
}

/** In the colours of a terminal, which the page turns into its own. */
function wordsFor(root: string, ask: CommandContext['ask']): PageWords {
  const { paint } = createOutput({ stdout: () => undefined, stderr: () => undefined }, { isJson: false, isVerbose: false, isColored: true });
  return {
    head: (view) => headOf({ view }, { columns: Number.POSITIVE_INFINITY, paint }),
    sections: ({ view, refused }, atMs) => sectionsOf(view, { nowMs: atMs, paint, isWide: true }, refused),
    steps: nextSteps,
    cadence: (cadence) => cadenceRow(cadence, paint),
    run: (run) => runRow(run, paint),
    record: describeRecord,
    incident: (incident) => incidentRow(incident, paint),
    slotEnd: (end) => paintEnd(end, paint),
    whyStep: nextStep,
    async definition(cadence) {
      const { code, stdout } = await ask(['show', `--root=${root}`, '--', cadence]);
      return code === 0 ? stdout.trimEnd() : '';
    },
  };
}
