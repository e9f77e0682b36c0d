import { join } from 'node:path';
import { classOf } from '../../core/agent/account-advice.ts';
import { readAuthStatus } from '../../core/agent/auth-status.ts';
import { CLOSED } from '../../core/breaker.ts';
import { accountKey, breakerOf } from '../../core/holds.ts';
import { SETTINGS_FILE } from '../../core/paths.ts';
import { redactWords } from '../../core/text/redaction.ts';
import { VERSION } from '../../core/version.ts';
import { createAccessCheck } from '../../doctor/access.ts';
import { createBrokenFilesCheck } from '../../doctor/broken-files.ts';
import type { Check } from '../../doctor/check.ts';
import { type Checkup, checkUp } from '../../doctor/checkup.ts';
import { createCircuitFileCheck } from '../../doctor/circuit-file.ts';
import { createCircuitsCheck } from '../../doctor/circuits.ts';
import { createClaimsCheck } from '../../doctor/claims.ts';
import { createClaudeCheck } from '../../doctor/claude.ts';
import { createClaudeLoginCheck } from '../../doctor/claude-login.ts';
import { createDeadLettersCheck } from '../../doctor/dead-letters.ts';
import { createDefinitionsCheck } from '../../doctor/definitions.ts';
import { createFoldersCheck } from '../../doctor/folders.ts';
import { createFreeDiskCheck } from '../../doctor/free-disk.ts';
import { createIncidentsCheck } from '../../doctor/incidents.ts';
import { createKeptOutputCheck } from '../../doctor/kept-output.ts';
import { createLeftBehindCheck, type LeftBehindDeps } from '../../doctor/left-behind.ts';
import { createLeftoversCheck } from '../../doctor/leftovers.ts';
import { createNeighboursCheck } from '../../doctor/neighbours.ts';
import { createNodeVersionCheck } from '../../doctor/node-version.ts';
import { createOwnerCheck } from '../../doctor/owner.ts';
import { createOwnerSurroundingsCheck } from '../../doctor/owner-surroundings.ts';
import { createOwnerVersionCheck } from '../../doctor/owner-version.ts';
import { createPausesCheck } from '../../doctor/pauses.ts';
import { createPlaceCheck } from '../../doctor/place.ts';
import { createPossessionCheck } from '../../doctor/possession.ts';
import { createProducerCheck } from '../../doctor/producer.ts';
import { createProgramsCheck } from '../../doctor/programs.ts';
import { createRemoteDiskCheck } from '../../doctor/remote-disk.ts';
import { createRequiredEnvCheck } from '../../doctor/required-env.ts';
import { createRunFoldersCheck } from '../../doctor/run-folders.ts';
import { createRunLogCheck } from '../../doctor/run-log.ts';
import { createSinksCheck } from '../../doctor/sinks.ts';
import { createStaleHoldsCheck } from '../../doctor/stale-holds.ts';
import { createStateFilesCheck } from '../../doctor/state-files.ts';
import { createStraysCheck } from '../../doctor/strays.ts';
import { createSymlinksCheck } from '../../doctor/symlinks.ts';
import { createWallClockCheck } from '../../doctor/wall-clock.ts';
import { inspectRuns } from '../../history/audit-scan.ts';
import { remoteFileSystem } from '../../platform/file-system.ts';
import { createPermissions } from '../../platform/permissions.ts';
import { askProgram } from '../../platform/program-answer.ts';
import { lostZone } from '../../platform/uptime.ts';
import type { Closeable } from '../../ports.ts';
import { incidentHealth } from '../answers/incident-reading.ts';
import { createRedacting } from '../redacting.ts';
import { type DoctorFacts, gatherFacts, packageFolder } from './facts.ts';
import { mendedByService, timerChecks } from './timers.ts';

export { FIX } from '../../doctor/check.ts';
export type { Checkup, CheckView } from '../../doctor/checkup.ts';

const VERSION_WITHIN_MS = 5_000;

/** Looks at everything; with `isFix` mends what is safe to mend. Needs no owner, and does not disturb one. What it tells is fit to be pasted into a mail. */
export async function examine(root: string, isFix: boolean): Promise<Checkup> {
  const facts = gatherFacts(root, isFix);
  const checks = [
    ...placeChecks(facts),
    ...workChecks(facts),
    ...mendedByService(facts, ownerChecks(facts)),
    ...timerChecks(facts),
    ...stateChecks(facts),
    ...traceChecks(facts),
  ];
  const checkup = await checkUp({ checks, isFix, ownRoot: () => ownRoot(root) });
  return redactWords(checkup, createRedacting(facts.machine.env).ofOwner, NO_WORDS);
}

const NO_WORDS: ReadonlySet<string> = new Set(['id', 'title', 'level']);

/** For the time of the repairs we are the owner, one that runs nothing, so nobody else can begin to write. */
async function ownRoot(root: string): Promise<Closeable | undefined> {
  const { acquireOwnership } = await import('../../platform/ownership.ts');
  const acquired = await acquireOwnership({ root });
  return acquired.kind === 'owned' ? acquired.ownership : undefined;
}

/** Where it lies, and who may touch it. Folders stand before what lies in them, for so they are mended. */
function placeChecks({ reading: { files, paths }, clock, machine, platform, settings }: DoctorFacts): readonly Check[] {
  const { root } = paths;
  const { uid, setMode, isReadOnly } = createPermissions();
  return [
    createNodeVersionCheck({ version: machine.node, execPath: process.execPath, clock }),
    createPlaceCheck({ root, realRoot: () => files.realPath(root), home: machine.home, platform }),
    createRemoteDiskCheck({ root, remoteFileSystem }),
    createFreeDiskCheck({ root, isReadOnly, freeBytes: files.freeBytes, minFreeBytes: () => settings().minFreeBytes }),
    createFoldersCheck({ files, paths }),
    createSymlinksCheck({ files, paths }),
    createPossessionCheck({ files, paths, uid }),
    createAccessCheck({ files, paths, setMode }),
    createNeighboursCheck({ files, paths }),
  ];
}

/** What it should do, and whether it can. */
function workChecks(facts: DoctorFacts): readonly Check[] {
  const { files, paths } = facts.reading;
  const { env } = facts.machine;
  return [
    createDefinitionsCheck(facts),
    createRequiredEnvCheck({ cadences: facts.cadences, env }),
    createProgramsCheck({ files, cadences: () => facts.variants(), searchPath: facts.searchPath }),
    createClaudeCheck({
      cadences: () => facts.variants(),
      settingsFile: join(paths.cadences, SETTINGS_FILE),
      platform: facts.platform,
      find: facts.findClaude,
      askVersion: (path) => askProgram({ argv: [path, '--version'], env: { ...env, DISABLE_AUTOUPDATER: '1' }, withinMs: VERSION_WITHIN_MS }),
    }),
    createClaudeLoginCheck({
      clock: facts.clock,
      cadences: () => facts.variants(),
      isThere: () => facts.findClaude().kind === 'found',
      async ask(run) {
        const { askAuthStatus } = await import('../owner/probing.ts');
        const said = await askAuthStatus({ files, env, claudePath: facts.settings().claudePath }, run);
        return said === undefined ? undefined : readAuthStatus(said.stdout);
      },
      refused(account) {
        const book = facts.holds();
        const breaker = book.kind === 'whole' ? breakerOf(book.value, accountKey(account)) : CLOSED;
        return classOf(breaker) === 'auth' && 'because' in breaker ? breaker.because : undefined;
      },
    }),
    createProducerCheck({ files, path: join(packageFolder(files, import.meta.dirname), 'bin', 'enqueue'), version: VERSION }),
  ];
}

/** Who does it, and what waits for it. */
function ownerChecks({ reading, clock, owner, words, isOwned, holds, surroundings, settings }: DoctorFacts): readonly Check[] {
  const { files, paths, names } = reading;
  return [
    createOwnerCheck({
      clock,
      owner,
      storage: async () => (await words())?.storage,
      pending: () => [...names('inbox'), ...names('waiting')],
      foreign: () => reading.foreign().length,
    }),
    createOwnerVersionCheck({ owner, version: VERSION }),
    createOwnerSurroundingsCheck({ owner, here: surroundings, isClaudeSet: () => settings().claudePath !== undefined }),
    createPausesCheck({ clock, files, paths, holds }),
    createClaimsCheck({ claimed: () => names('claimed'), isOwned }),
    createDeadLettersCheck({ dead: reading.dead }),
    createSinksCheck({ sinks: async () => (await import('../notices.ts')).readSinks(paths.root) }),
    createStraysCheck({ leftAlone: reading.leftAlone, inbox: paths.inbox }),
  ];
}

function stateChecks({
  reading: { files, paths },
  clock,
  owner,
  isOwned,
  holds,
  circuit,
  ownerInfo,
  purse,
  books,
  papers,
  users,
}: DoctorFacts): readonly Check[] {
  return [
    createStateFilesCheck({ owner, files: () => ({ [paths.holds]: holds(), [paths.owner]: ownerInfo(), [paths.purse]: purse(), ...books() }), others: papers }),
    createBrokenFilesCheck({ files, paths }),
    createIncidentsCheck({ paths, incidents: () => incidentHealth({ files, paths }) }),
    createStaleHoldsCheck({ files, paths, holds, users, isOwned }),
    createCircuitFileCheck({ clock, files, paths, holds, circuit, isOwned }),
    createCircuitsCheck({ clock, circuit, isOwned }),
  ];
}

/** Of so many it is looked whether they have left something alive. */
const NEWEST_RUNS = 500;

type Left = Parameters<LeftBehindDeps['living']>[0];

async function livingOf(left: Left): ReturnType<LeftBehindDeps['living']> {
  if (left.length === 0) return new Map();
  return (await import('../../platform/left-behind.ts')).livingOf(left);
}

/** What past lives have left. */
function traceChecks({ reading: { files, paths, names, history }, clock, platform, isOwned, settings, newestMs }: DoctorFacts): readonly Check[] {
  // Loaded where there is something to ask about: mostly nothing of a run is left.
  const isAlive = async (runId: string, runDir: string): Promise<boolean> => {
    const { createProcesses } = await import('../../platform/processes.ts');
    return createProcesses({ clock, files }).isAlive(runId, runDir);
  };
  const runLogBytes = (): number =>
    files.list(paths.runs).reduce((sum, file) => sum + (file.endsWith('.jsonl') ? (files.info(`${paths.runs}/${file}`)?.sizeBytes ?? 0) : 0), 0);
  return [
    createRunFoldersCheck({ clock, files, paths, claimed: () => names('claimed'), isAlive, isOwned }),
    createLeftBehindCheck({ runs: () => history.runs({ limit: NEWEST_RUNS }), living: livingOf }),
    createLeftoversCheck({ clock, files, paths }),
    createRunLogCheck({ sizeBytes: runLogBytes, read: () => inspectRuns({ files, paths }) }),
    createKeptOutputCheck({ files, paths, mostBytes: () => settings().retentionBytes }),
    createWallClockCheck({ clock, newestMs, platform, lostZone }),
  ];
}
