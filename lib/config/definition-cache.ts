import type { BusSettings } from '../core/cadence.ts';
import { parseJson } from '../core/text/json-text.ts';
import type { Ms } from '../core/time/instant.ts';
import type { Files } from '../ports.ts';
import type { DraftFacts } from './cadence-draft.ts';
import { type Look, orFault } from './definition-text.ts';

/**
 * What the definitions said when they were last read: to parse and check them takes longer than most commands take for all
 * the rest. One file, that may be removed at any time:
 *
 *     {"format":1,"made_by":"0.1.0 …","check":"<mark of the second line>"}
 *     {"settings":…,"cadences":{"<name>":{"print":…,"mark":…,"facts":…}}}
 *
 * It is believed only for the very program, root and home that made it, only whole, and of each definition only as long as
 * its file has the same time of change, time of writing, size, inode and mode. A file that was changed just before it was read
 * might be changed again within one step of the clock of its disk and look the same: it is not kept until it has rested. What a
 * definition needs of the disk is never kept, but looked for each time.
 */
export interface DefinitionCache {
  read(): Kept;
  /** A disk that refuses, and a state folder that is not there or is another's, keep nothing. */
  write(kept: Kept): void;
  /** Whether a file that looks like this may be kept. */
  isRested(look: Look): boolean;
}

export interface Kept {
  /** Of bus.yaml; undefined: there is none. */
  readonly settings?: KeptSettings;
  /** By name. */
  readonly cadences: Readonly<Record<string, KeptCadence>>;
}

export interface KeptSettings {
  readonly print: string;
  readonly mark: string;
  readonly bus: BusSettings;
}

export interface KeptCadence {
  readonly print: string;
  readonly mark: string;
  readonly facts: DraftFacts;
}

export interface DefinitionCacheDeps {
  readonly files: Pick<Files, 'info' | 'read' | 'write'>;
  readonly path: string;
  /** Where it lies; never made for it. */
  readonly folder: string;
  /** Whatever besides the files decides what is read out of them. */
  readonly madeBy: string;
  /** undefined: this system knows no users. */
  readonly uid: number | undefined;
  readonly nowMs: () => Ms;
}

const NOTHING: Kept = { cadences: {} };
const MOST_BYTES = 128 * 1024 * 1024;
/** The coarsest clock of a disk, that of FAT, has steps of two seconds. */
const REST_MS: Ms = 3_000;

export function createDefinitionCache({ files, path, folder, madeBy, uid, nowMs }: DefinitionCacheDeps): DefinitionCache {
  function isOurs(): boolean {
    const info = files.info(folder);
    return info?.kind === 'folder' && (uid === undefined || info.uid === uid);
  }

  return {
    read() {
      const asked = orFault(() => files.read(path, MOST_BYTES));
      const found = 'fault' in asked ? undefined : asked.value;
      if (found?.kind !== 'text') return NOTHING;
      const end = found.text.indexOf('\n');
      const head = parseJson(found.text.slice(0, end)) as { readonly [field: string]: unknown } | null | undefined;
      const body = found.text.slice(end + 1);
      return head?.format === 1 && head.made_by === madeBy && head.check === wholeness(body) ? (JSON.parse(body) as Kept) : NOTHING;
    },
    write(kept) {
      const body = `${JSON.stringify(kept)}\n`;
      const head = JSON.stringify({ format: 1, made_by: madeBy, check: wholeness(body) });
      orFault(() => {
        if (isOurs()) files.write(path, `${head}\n${body}`, 0o600);
      });
    },
    isRested: ({ changedMs }) => nowMs() - changedMs >= REST_MS,
  };
}

/**
 * What a bad disk or a hand that edits makes of a text has another: each step keeps apart what was apart before it. Four bytes a step, for by the
 * letter it would take a command a hundredth of its time, in code that it runs once.
 */
function wholeness(text: string): string {
  const bytes = Buffer.from(text);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  let mark = 0x811c9dc5;
  for (const word of words) mark = Math.imul(mark ^ word, 0x01000193);
  for (const byte of bytes.subarray(words.byteLength)) mark = Math.imul(mark ^ byte, 0x01000193);
  return `${bytes.length.toString(36)}-${(mark >>> 0).toString(36)}`;
}
