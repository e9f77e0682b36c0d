import { fieldsOf, parseEvents, textOf } from '../session/stream.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { type EnvChanges, isSettable, parseEnvChange } from './env-change.ts';

/** What an agent, a session or a person says should be done about an incident. */
export interface HealAnswer {
  readonly kind: HealKind;
  readonly set: EnvChanges;
  readonly diagnosis: string;
}

/**
 * `restart`: it is fixed, try again. `pause`: hold the cadence until somebody resumes it. `abort`: give the tick up, and
 * hold the cadence. `none`: a person is needed.
 */
export const HEAL_KINDS = ['restart', 'restart_with_env', 'pause', 'abort', 'none'] as const;
export type HealKind = (typeof HEAL_KINDS)[number];

/** Other words that say the same. */
const SAME: Readonly<Record<string, HealKind>> = { retry: 'restart', fixed: 'restart', human: 'none', needs_human: 'none' };

const DIAGNOSIS_WIDTH = 2_000;
const MOST_SET = 20;
const VALUE_WIDTH = 1_000;

/** What `--json-schema` asks an agent for. */
export const HEAL_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'diagnosis'],
  properties: {
    kind: { enum: [...HEAL_KINDS], description: 'restart: you fixed it, try again. none: a person is needed.' },
    set: {
      type: 'object',
      additionalProperties: { type: ['string', 'number'] },
      description: 'With restart_with_env: variables for the next runs; "half" and "double" stand for half and double of the present value.',
    },
    diagnosis: { type: 'string', description: 'What was wrong, and what you did, in a few sentences.' },
  },
} as const;

/**
 * The answer in what an agent said. In this order: its structured output, an object that is all it said, and of these two
 * what it said last: an object in a code block, an `ACTION:` line with the `SET:` lines around it. Before it comes what it
 * quotes, which may be the words of a program that would like to be the answer. undefined: there is no usable answer,
 * which never means "restart".
 */
export function readAnswer(structured: unknown, text: string): HealAnswer | undefined {
  const whole = answerOf(fieldsOf(structured)) ?? answerOf(wholeObject(text));
  if (whole !== undefined) return whole;
  const lines = text.split(/\r\n|\r|\n/);
  const block = blocksOf(lines).findLast(({ fields }) => kindIn(fields) !== undefined);
  const at = lines.findLastIndex((line) => ACTION.test(line));
  return block !== undefined && block.at > at ? answerOf(block.fields) : lineAnswer(lines, at);
}

function wholeObject(text: string): Readonly<Record<string, unknown>> | undefined {
  return fieldsOf(jsonIn(text.trim()));
}

const OPENS = /(`{3,})[ \t]*([\w-]*)[ \t]*$/;

/** The objects in code blocks, and the line that each ends at. What stands in a block of more backticks is quoted there. */
function blocksOf(lines: readonly string[]): readonly { readonly fields: Readonly<Record<string, unknown>>; readonly at: number }[] {
  const blocks: { readonly fields: Readonly<Record<string, unknown>>; readonly at: number }[] = [];
  let open: { readonly ticks: number; readonly word: string; readonly at: number } | undefined;
  for (const [at, line] of lines.entries()) {
    const [, { length: ticks } = '', word = ''] = OPENS.exec(line) ?? [];
    if (ticks === 0 || (open !== undefined && ticks < open.ticks)) continue;
    if (open === undefined || word !== '') {
      // Within a block of more backticks it is a line like every other.
      if (open === undefined || ticks === open.ticks) open = { ticks, word: word.toLowerCase(), at };
      continue;
    }
    const fields = open.word === '' || open.word === 'json' ? fieldsOf(jsonIn(lines.slice(open.at + 1, at).join(' '))) : undefined;
    if (fields !== undefined) blocks.push({ fields, at });
    open = undefined;
  }
  return blocks;
}

function jsonIn(text: string): unknown {
  return parseEvents(text.replaceAll('\n', ' '))?.at(-1);
}

function answerOf(fields: Readonly<Record<string, unknown>> | undefined): HealAnswer | undefined {
  if (fields === undefined) return undefined;
  const kind = kindIn(fields);
  const given = fieldsOf(fields.set) ?? {};
  const words = Object.entries(given).flatMap(([name, value]) =>
    typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ? [[name, String(value)] as const] : [undefined],
  );
  return finished(kind, words, textOf(fields.diagnosis) ?? '');
}

const ACTION = /^[ \t>*_`#-]*ACTION:[ \t]*[`*_]*([a-z_]+)[`*_]*[ \t]*$/i;
const SET = /^[ \t>*_`#-]*SET:[ \t]*`?([A-Za-z_][A-Za-z0-9_]*)=(.*?)`?[ \t]*$/i;

/** A26: the last `ACTION:` holds, with the `SET:` lines that follow it, or stand right above it. */
function lineAnswer(lines: readonly string[], at: number): HealAnswer | undefined {
  if (at < 0) return undefined;
  let from = at;
  while (from > 0 && SET.test(lines[from - 1] as string)) from -= 1;
  const words = lines.slice(from).flatMap((line) => {
    const found = SET.exec(line);
    return found === null ? [] : [[found[1] as string, (found[2] as string).trim()] as const];
  });
  return finished(kindOf(ACTION.exec(lines[at] as string)?.[1]), words, lines.slice(0, from).join('\n').trim());
}

function kindIn(fields: Readonly<Record<string, unknown>>): HealKind | undefined {
  return kindOf(textOf(fields.kind) ?? textOf(fields.action));
}

function kindOf(word: string | undefined): HealKind | undefined {
  const lower = word?.toLowerCase() ?? '';
  return HEAL_KINDS.find((known) => known === lower) ?? (Object.hasOwn(SAME, lower) ? SAME[lower] : undefined);
}

/** An answer of which one part makes no sense is none: half of what was meant may be worse than nothing. */
function finished(kind: HealKind | undefined, words: readonly (readonly [string, string] | undefined)[], diagnosis: string): HealAnswer | undefined {
  if (kind === undefined || words.length > MOST_SET) return undefined;
  const known = words.filter((word) => word !== undefined);
  const isSound = known.length === words.length && known.every(([name, value]) => isSettable(name) && value.length <= VALUE_WIDTH && !/[\0\r\n]/.test(value));
  if (!isSound) return undefined;
  if ((kind === 'restart_with_env') !== known.length > 0 && kind !== 'restart') return undefined;
  const set = Object.fromEntries(known.map(([name, value]) => [name, parseEnvChange(value)]));
  return { kind: known.length > 0 ? 'restart_with_env' : kind, set, diagnosis: truncate(toVisible(diagnosis), DIAGNOSIS_WIDTH) };
}
