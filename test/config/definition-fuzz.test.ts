import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { draftCadence } from '../../lib/config/cadence-draft.ts';
import { DEFAULT_SETTINGS } from '../../lib/core/cadence.ts';
import { createFiles } from '../../lib/platform/files.ts';
import { CADENCE_NOT_YET, cadenceSchema } from '../../lib/wire/cadence.ts';
import { claudeKeys, commandRun } from '../../lib/wire/run-kind.ts';

const files = createFiles();
const CONTEXT = { files, root: '/nowhere/root', home: '/nowhere/home' };

/** A draft is a cadence without problems, or problems without a cadence; whatever the text. */
function check(file: string, text: string): boolean {
  const draft = draftCadence('job', `/nowhere/root/cadences/${file}`, text, CONTEXT);
  assert.equal(draft.cadence === undefined, draft.problems.length > 0);
  const lines = text.split('\n').length + 1;
  for (const { line, column, message } of [...draft.problems, ...draft.missing(DEFAULT_SETTINGS.lanes).problems]) {
    assert.ok(line >= 1 && line <= lines && column >= 1 && message !== '');
  }
  return draft.cadence !== undefined;
}

const keys = [
  ...Object.keys(cadenceSchema.shape),
  ...Object.keys(commandRun.shape),
  ...Object.keys(claudeKeys.shape),
  ...Object.keys(CADENCE_NOT_YET),
  'inline',
  'claude',
  'constructor',
  'attempts',
  'delays',
  'open',
];
const words = fc.constantFrom<unknown>(
  '5m',
  '1h30m',
  '256MB',
  './x',
  '~',
  '~/x',
  'queue',
  'a b',
  'ls | wc',
  "it's",
  '',
  '\0',
  '-p',
  0,
  1,
  -1,
  0.5,
  1e300,
  true,
  false,
  null,
  'agent',
  'A_B',
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    words,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
  ),
}));
const names = fc.constantFrom('job.yaml', 'job.md');

describe('any text in the place of a definition', () => {
  it('is a cadence or a list of problems with places, never a throw, for random characters', () => {
    return fc.assert(
      fc.property(names, fc.string({ unit: 'binary', maxLength: 200, size: 'max' }), (file, text) => {
        check(file, text);
        check(file, `---\n${text}\n---\nhello`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a cadence or a list of problems with places, never a throw, for known keys with wild values', () => {
    const maps = fc.dictionary(fc.constantFrom(...keys), tree, { maxKeys: 6 });
    return fc.assert(
      fc.property(names, maps, (file, map) => {
        const text = stringify(map);
        check(file, file === 'job.md' ? `---\n${text}---\nhello` : text);
      }),
      { numRuns: 3_000 },
    );
  });

  it('never throws where a right one is cut off anywhere, or has one wrong character anywhere', () => {
    const whole = stringify({
      run: { command: ['a', 'b'], cwd: 'x', env: ['A', { B: 1 }] },
      retry: { attempts: 3, delays: ['1s'] },
      timeout: '5m',
      inputs: { a: 'b' },
    });
    assert.ok(check('job.yaml', whole));
    for (let cut = 0; cut <= whole.length; cut++) check('job.yaml', whole.slice(0, cut));
    for (let cut = 0; cut < whole.length; cut++) for (const char of '\t:[{"*&!') check('job.yaml', whole.slice(0, cut) + char + whole.slice(cut));
  });
});
