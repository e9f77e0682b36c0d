import { readScript } from '../support/script.ts';
import { MUTANTS } from './list.ts';
import { createMutationYard } from './mutation.ts';

const HELP = `Examples
  npm run mutants                 break every rule of the list, one at a time, in a copy of the project
  npm run mutants -- breaker      only those whose rule, file or tests hold this word

Exit 1 where a broken rule is noticed by no test.
`;

const { words } = readScript('mutants', HELP, {});
const chosen = MUTANTS.filter(({ rule, file, tests }) => words.every((word) => `${rule} ${file} ${tests.join(' ')}`.includes(word)));
if (chosen.length === 0) {
  process.stderr.write(`mutants: no rule holds ${words.join(' and ')}\n`);
  process.exit(64);
}
const yard = createMutationYard();
try {
  const unbroken = [...new Set(chosen.flatMap(({ tests }) => tests))];
  if (!(await yard.passes(unbroken))) throw new Error(`The tests fail while nothing is broken: npm test -- ${unbroken.join(' ')}`);
  let survivors = 0;
  for (const mutant of chosen) {
    const verdict = await yard.verdictOn(mutant);
    if (verdict === 'SURVIVES') survivors += 1;
    process.stdout.write(`${verdict.padEnd(9)} ${mutant.file.padEnd(32)} ${mutant.rule}\n`);
  }
  process.stdout.write(`mutants: ${chosen.length - survivors} of ${chosen.length} caught\n`);
  process.exitCode = survivors === 0 ? 0 : 1;
} finally {
  yard.remove();
}
