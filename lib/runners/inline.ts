import type { Outcome } from '../core/outcome.ts';
import type { StopSignal } from '../ports.ts';
import { describeThrow, failed } from './answer.ts';
import { unlessRefused } from './capture.ts';
import type { Handler } from './handler-life.ts';
import { createLives, stoppedFor } from './lives.ts';
import type { InlineKind, Phase, PhaseEnd, RunnerDeps, Work } from './phase.ts';

type Ready = { readonly kind: 'handler'; readonly handler: Handler };
type NotLoaded = { readonly kind: 'not_loaded'; readonly outcome: Outcome };
type Loaded = Ready | NotLoaded;

interface Version {
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  readonly url: string;
}

/**
 * A module of the user's, run in this process: microseconds instead of milliseconds, and no wall between it and the bus. A
 * handler that never gives the event loop back stops the bus; such work belongs into a command.
 *
 * The file is loaded again once its time or size has changed, under a name that carries both. Node never forgets a module,
 * so each edit leaves the earlier version in memory, and what the file itself imports is not loaded again.
 */
export function createInlineWork(deps: RunnerDeps, load: (url: string) => Promise<unknown> = (url) => import(url)): Work<InlineKind> {
  const known = new Map<string, { readonly url: string; readonly loaded: Ready }>();
  const urls = new Map<string, string | undefined>();
  const versions = new Map<string, Version>();
  let failures = 0;

  /** Looked at once a turn of the event loop, in which a thousand handlers may run. */
  function urlOf(file: string): string | undefined {
    if (urls.size === 0) void deps.clock.breathe().then(() => urls.clear());
    if (urls.has(file)) return urls.get(file);
    const url = unlessRefused(undefined, () => urlOfVersion(file));
    urls.set(file, url);
    return url;
  }

  function urlOfVersion(file: string): string | undefined {
    const seen = deps.files.info(file);
    const info = seen?.kind === 'symlink' ? deps.files.info(deps.files.realPath(file)) : seen;
    if (info === undefined) return undefined;
    const { mtimeMs, sizeBytes } = info;
    let version = versions.get(file);
    if (version?.mtimeMs !== mtimeMs || version.sizeBytes !== sizeBytes) {
      version = { mtimeMs, sizeBytes, url: `file://${file.split('/').map(encodeURIComponent).join('/')}?v=${mtimeMs}-${sizeBytes}` };
      versions.set(file, version);
    }
    return version.url;
  }

  async function handlerOf(file: string, url: string): Promise<Loaded> {
    // Node remembers failures too, but what was wrong may lie in a file that this one imports, and be right by now.
    const loaded = await loadHandler(file, failures === 0 ? url : `${url}-${failures}`, load);
    if (loaded.kind === 'handler') known.set(file, { url, loaded });
    else failures += 1;
    return loaded;
  }

  const lives = createLives(deps);

  async function loadAndRun(file: string, url: string, phase: Phase, stop: StopSignal): Promise<PhaseEnd> {
    const loaded = await handlerOf(file, url);
    return loaded.kind === 'handler' ? lives.run(loaded.handler, phase, stop) : unheard(loaded.outcome);
  }

  return {
    run({ file }, phase, stop) {
      if (stop.cause !== undefined) return Promise.resolve({ outcome: stoppedFor(deps, phase, stop.cause), ending: undefined });
      const url = urlOf(file);
      if (url === undefined) return Promise.resolve(unheard(notLoaded(`its handler ${file} is not there`).outcome));
      const before = known.get(file);
      return before?.url === url ? lives.run(before.loaded.handler, phase, stop) : loadAndRun(file, url, phase, stop);
    },
    adopt: async (_kind, phase): Promise<PhaseEnd> => ({ outcome: stoppedFor(deps, phase, 'lost'), ending: undefined }),
  };
}

/** Nothing of the user's has run. */
function unheard(outcome: Outcome): PhaseEnd {
  return { outcome, ending: undefined, isSilent: true };
}

async function loadHandler(file: string, url: string, load: (url: string) => Promise<unknown>): Promise<Loaded> {
  try {
    const module = (await load(url)) as { readonly default?: unknown };
    if (typeof module.default === 'function') return { kind: 'handler', handler: module.default as Handler };
    return notLoaded(`its handler ${file} has no default export that is a function: export default async (tick, context) => …`);
  } catch (thrown) {
    return notLoaded(`its handler ${file} could not be loaded: ${isUnknownTypeScript(thrown, file) ? TYPESCRIPT : describeLoad(thrown, file)}`);
  }
}

/** Where a text is no program, only Node's own report of an uncaught error says. */
function describeLoad(thrown: unknown, file: string): string {
  return thrown instanceof SyntaxError ? `${describeThrow(thrown)}; node ${file} shows where` : describeThrow(thrown);
}

const TYPESCRIPT = 'this Node does not load .ts (Node >= 22.18 does): write it as .mjs';

function isUnknownTypeScript(thrown: unknown, file: string): boolean {
  return /\.[cm]?ts$/.test(file) && (thrown as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION';
}

function notLoaded(reason: string): NotLoaded {
  return { kind: 'not_loaded', outcome: failed(reason) };
}
