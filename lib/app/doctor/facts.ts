import { dirname, join } from 'node:path';
import { variantsOf } from '../../core/agent/slot.ts';
import type { BusSettings, Cadence, EnvSpec } from '../../core/cadence.ts';
import type { CircuitView } from '../../core/circuit-view.ts';
import { CadenceError } from '../../core/error.ts';
import { type Users, usersOf } from '../../core/hold-use.ts';
import type { Holds } from '../../core/holds.ts';
import type { PurseView } from '../../core/money/purse-view.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { parseJson } from '../../core/text/json-text.ts';
import { shellWord } from '../../core/text/shell-word.ts';
import { type Ms, parseIso } from '../../core/time/instant.ts';
import type { StateFile } from '../../doctor/state-file.ts';
import { readEvents } from '../../history/events.ts';
import { createClock } from '../../platform/clock.ts';
import { probeOwner } from '../../platform/control.ts';
import { createFiles } from '../../platform/files.ts';
import { type Machine, readMachine } from '../../platform/machine.ts';
import { parseOwnerInfo } from '../../platform/owner-info.ts';
import type { Clock, Files, OwnerInfo, OwnerState, Surroundings } from '../../ports.ts';
import { findClaude } from '../../runners/claude-binary.ts';
import { childEnvironment } from '../../runners/environment.ts';
import { parseAlertBook } from '../../wire/alert.ts';
import { parseChatBook } from '../../wire/chat.ts';
import { parseHealBook } from '../../wire/healing.ts';
import { parseWatchMemory } from '../../wire/heartbeat.ts';
import { parseInstalled } from '../../wire/installed.ts';
import { parseLateTimers } from '../../wire/late-timers.ts';
import { parseProbeCursor } from '../../wire/probe-cursor.ts';
import { parseCircuitView, parseHolds, parsePurse } from '../../wire/state.ts';
import { type Defined, definedBy, loadDefinitions } from '../definitions/defined.ts';
import { settingsFault } from '../owner/broken-edits.ts';
import { askOwnerWords, type OwnerWords } from '../owner/owner-words.ts';
import { createReading, type Reading } from '../reading.ts';
import { readSurroundings } from '../surroundings.ts';
import { lookingOnce } from './looking-once.ts';

/** What the checks ask for. State is read anew each time, for repairs change it; who owns the root and what is defined is asked once. */
export interface DoctorFacts {
  readonly reading: Reading;
  readonly clock: Clock;
  readonly machine: Machine;
  readonly platform: string;
  owner(): Promise<OwnerState>;
  /** What only a living owner knows. */
  words(): Promise<OwnerWords | undefined>;
  /** In doubt it is. */
  isOwned(): Promise<boolean>;
  /** What the owner says of a `bus.yaml` that is gone. */
  missed(): Promise<string | undefined>;
  holds(): StateFile<Holds>;
  circuit(): StateFile<CircuitView>;
  ownerInfo(): StateFile<OwnerInfo>;
  defined(): Defined;
  settings(): BusSettings;
  purse(): StateFile<PurseView>;
  /** By path, the other documents of the owner. */
  books(): Readonly<Record<string, StateFile<unknown>>>;
  /** By path, the documents that others write: the watchman, `install`, `probe`. */
  papers(): Readonly<Record<string, { readonly file: StateFile<unknown>; readonly mend: string }>>;
  /** Who is there to be held. */
  users(): Users;
  /** What may run. */
  cadences(): readonly Cadence[];
  /** The same, once for each agent that may run it. */
  variants(): readonly Cadence[];
  findClaude(): { readonly kind: 'found'; readonly path: string } | { readonly kind: 'missing'; readonly reason: string; readonly isSet: boolean };
  /** The PATH of a child with this environment. */
  searchPath(env: EnvSpec): string;
  newestMs(): readonly Ms[];
  /** What this shell sees. */
  surroundings(): Surroundings;
}

const MAX_STATE_BYTES = 16 * 1024 * 1024;

/** `isFix`: repairs come between one look and the next. */
export function gatherFacts(root: string, isFix: boolean): DoctorFacts {
  const reading = createReading(root, isFix ? createFiles() : lookingOnce(createFiles()));
  const { files, paths, history } = reading;
  const machine = readMachine();
  let ownerState: OwnerState | undefined;
  // What could not be asked may be asked again: a repair may have opened the way. During the repairs we own the root ourselves.
  const owner = async (): Promise<OwnerState> => {
    ownerState ??= await probeOwner(root);
    return ownerState;
  };
  const words = async (): Promise<OwnerWords | undefined> => {
    try {
      return (await owner()).kind === 'answers' ? await askOwnerWords(root) : undefined;
    } catch (error) {
      // Whoever cannot be asked is told of by other checks.
      if (error instanceof CadenceError) return undefined;
      throw error;
    }
  };
  const loaded = once(() => loadDefinitions(root));
  const defined = once(() => definedBy(loaded(), reading));
  const settings = (): BusSettings => loaded().settings();
  return {
    reading,
    clock: createClock(),
    machine,
    platform: process.platform,
    owner,
    words,
    async isOwned() {
      try {
        return (await owner()).kind !== 'none';
      } catch (error) {
        if (error instanceof CadenceError) return true;
        throw error;
      }
    },
    async missed() {
      const isToldByFile = settingsFault(defined().problems) !== undefined;
      return isToldByFile ? undefined : (await words())?.brokenEdits.find(({ name }) => name === SETTINGS_FILE)?.because;
    },
    holds: () => readState(files, paths.holds, parseHolds),
    circuit: () => readState(files, paths.circuit, parseCircuitView),
    ownerInfo: () => readState(files, paths.owner, parseOwnerInfo),
    purse: () => readState(files, paths.purse, parsePurse),
    books: () => ({
      [paths.alerts]: readState(files, paths.alerts, parseAlertBook),
      [paths.chats]: readState(files, paths.chats, parseChatBook),
      [paths.healing]: readState(files, paths.healing, parseHealBook),
      [paths.lateTimers]: readState(files, paths.lateTimers, parseLateTimers),
    }),
    papers: () => ({
      [paths.heartbeat]: { file: readState(files, paths.heartbeat, parseWatchMemory), mend: 'cadence-bus heartbeat' },
      [paths.installed]: { file: readState(files, paths.installed, parseInstalled), mend: 'cadence-bus install' },
      // What was seen is asked again: that is all it costs.
      [paths.probeCursor]: { file: readState(files, paths.probeCursor, parseProbeCursor), mend: `rm ${shellWord(paths.probeCursor)}` },
    }),
    users: () => usersOf(defined().definitions, (name) => loaded().get(name) !== undefined),
    defined,
    settings,
    cadences: () => defined().definitions.flatMap(({ cadence }) => (cadence?.enabled === true ? [cadence] : [])),
    variants() {
      return this.cadences().flatMap(variantsOf);
    },
    findClaude() {
      const { claudePath } = settings();
      const found = findClaude(files, machine.env, claudePath);
      return found.kind === 'found' ? found : { ...found, isSet: claudePath !== undefined };
    },
    searchPath(env) {
      const child = childEnvironment(machine.env, env, {});
      return (child.kind === 'ready' ? child.env.PATH : machine.env.PATH) ?? '';
    },
    surroundings: () => readSurroundings(files, machine),
    newestMs: () => [
      ...[history.runs({ limit: 1 })[0]?.ended_at, [...readEvents({ files, paths }, { limit: 1 })][0]?.ts].flatMap((iso) => parseIso(iso) ?? []),
      ...[paths.holds, paths.circuit, paths.owner].flatMap((path) => files.info(path)?.mtimeMs ?? []),
    ],
  };
}

function once<T>(ask: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => {
    answer ??= { value: ask() };
    return answer.value;
  };
}

function readState<T>(files: Files, path: string, parse: (value: unknown) => T | undefined): StateFile<T> {
  const found = files.read(path, MAX_STATE_BYTES);
  if (found === undefined) return { kind: 'absent' };
  // What we may not read may be whole.
  if (found.kind === 'unreadable') throw new CadenceError('permission', `cannot read ${path}`, 'Give the user who runs the bus access to this file.');
  if (found.kind !== 'text') return { kind: 'broken', because: `it cannot be read (${found.kind.replaceAll('_', ' ')})` };
  try {
    const value = parse(JSON.parse(found.text.replace(/^\uFEFF/, '')));
    return value === undefined ? { kind: 'broken', because: 'it is none of ours, or of a newer version' } : { kind: 'whole', value };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'broken', because: 'it is no JSON' };
    throw error;
  }
}

const MANIFEST_BYTES = 64 * 1024;

/** The folder of this package, whether it runs from its sources or from dist/, where a package.json of its own says how files are to be read. */
export function packageFolder(files: Pick<Files, 'read'>, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = files.read(join(folder, 'package.json'), MANIFEST_BYTES);
    const manifest = found?.kind === 'text' ? parseJson(found.text) : undefined;
    if ((manifest as { readonly name?: unknown } | null | undefined)?.name === 'cadence-bus' || folder === dirname(folder)) return folder;
  }
}
