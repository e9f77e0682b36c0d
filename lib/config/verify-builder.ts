import type { Cadence, RunKind, Verification, VerifyMeans } from '../core/cadence.ts';
import { parseDuration } from '../core/time/duration.ts';
import type { Ms } from '../core/time/instant.ts';
import type { CadenceFile } from '../wire/cadence.ts';
import type { SourceProblem } from '../wire/problem.ts';
import { schemaProblems, type VerifyFile, verifyProblems } from '../wire/verify.ts';
import { absolutePath } from './absolute-path.ts';
import { type BuildContext, buildRun } from './run-builder.ts';

const DEFAULT_VERIFY_TIMEOUT_MS: Ms = 60_000;

/** What a run is asked to take and to give: the schema of its payload, its summary, its evidence. */
export function buildPromises(file: CadenceFile, run: RunKind | undefined, context: BuildContext): Pick<Cadence, 'schema' | 'summary' | 'verify'> {
  const { schema, summary } = file;
  const verify = buildVerify(file.verify, context);
  if (schema !== undefined) context.problems.push(...schemaProblems(schema, ['schema'], context.source));
  context.problems.push(...wordsOnly(run, file, context));
  return { ...(schema === undefined ? {} : { schema }), ...(summary === undefined ? {} : { summary }), ...(verify === undefined ? {} : { verify }) };
}

/** The evidence that a cadence asks for. undefined: none, or the context's problems say what is wrong. */
function buildVerify(file: VerifyFile | undefined, context: BuildContext): Verification | undefined {
  if (file === undefined) return undefined;
  const problems = verifyProblems(file, context.source);
  context.problems.push(...problems);
  const means = problems.length > 0 ? undefined : buildMeans(file, context);
  return means === undefined ? undefined : { ...means, isRequired: file.required ?? true, counts: file.counts ?? 'proven' };
}

function buildMeans(file: VerifyFile, context: BuildContext): VerifyMeans | undefined {
  const { command, shell, cwd, env, timeout, newer, schema } = file;
  if (schema !== undefined) return { kind: 'schema', schema };
  if (newer !== undefined) return { kind: 'newer', patterns: [newer].flat().map((pattern) => absolutePath(pattern, context.root, context.home)) };
  if (command === undefined) return undefined;
  const run = buildRun({ command, shell, cwd, env }, 'verify', context);
  const timeoutMs = parseDuration(timeout ?? '') ?? DEFAULT_VERIFY_TIMEOUT_MS;
  return run?.kind === 'command' ? { kind: 'command', run, timeoutMs } : undefined;
}

/** What is asked of a result needs one: of a command that promises words only there is none. */
function wordsOnly(run: RunKind | undefined, { summary, verify }: Pick<CadenceFile, 'summary' | 'verify'>, { source }: BuildContext): readonly SourceProblem[] {
  if (run?.kind !== 'command' || (run.output ?? 'text') !== 'text') return [];
  const places = [...(summary === undefined ? [] : [['summary']]), ...(verify?.schema === undefined ? [] : [['verify', 'schema']])];
  return places.map((place) => source.problem(place, 'there is no result to look at: stdout is text', 'Set run.output to json or jsonl.', 'key'));
}
