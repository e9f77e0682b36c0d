import { basename, isAbsolute, join, normalize } from 'node:path';
import { hotLines } from '../core/text/log-excerpt.ts';
import type { Redact } from '../core/text/redaction.ts';
import { ownFrames, type StackFrame, type StackTrace } from '../core/trace/stack-trace.ts';
import type { Files } from '../ports.ts';
import { type EvidenceFile, unlessRefused } from './evidence-file.ts';
import { fenced, plain } from './report.ts';

/**
 * `frames/NN-<file>.md`: the source around each frame of our own, its line marked; frames of libraries are stubs. What a log
 * names is not to be trusted: only files inside the folders of the cadence are opened, and none that holds secrets.
 */
const MOST_FRAMES = 20;
const AROUND = 10;
const MOST_BYTES = 2 * 1024 * 1024;
const SECRET_FILE = /^(?:\.env.*|.*\.(?:pem|key|p12|pfx|keystore)|id_[a-z0-9]+|\.netrc|\.npmrc|credentials.*)$/i;
const LANGUAGES: Readonly<Record<StackTrace['lang'], string>> = { python: 'python', node: 'js', go: 'go', rust: 'rust', java: 'java' };

export interface FrameDeps {
  readonly files: Pick<Files, 'info' | 'read' | 'realPath'>;
  /** The folders of the cadence: where it runs, and the root. */
  readonly folders: readonly string[];
  readonly redact: Redact;
}

export function explodeFrames(trace: StackTrace, deps: FrameDeps): readonly EvidenceFile[] {
  return chosen(trace).map(({ frame, isOwn }, n) => {
    const place = `${frame.file}:${frame.line}`;
    const head = `# ${n + 1}. ${plain(frame.fn ?? '(no function)')}\n\n${fenced(place)}\n`;
    const body = isOwn ? sourceOf(frame, trace.lang, deps) : 'A frame of a library.';
    return { name: `frames/${String(n + 1).padStart(2, '0')}-${safeName(frame.file)}.md`, text: deps.redact(`${head}\n${body}\n`) };
  });
}

/** In the order of the trace. Where there are too many, those of libraries stay behind. */
function chosen(trace: StackTrace): readonly { readonly frame: StackFrame; readonly isOwn: boolean }[] {
  const seen = new Set<string>();
  const all = trace.exceptions.flatMap(({ frames }) => {
    const own = new Set(ownFrames(trace, frames));
    return frames.map((frame) => ({ frame, isOwn: own.has(frame) }));
  });
  const distinct = all.filter(({ frame: { file, line, fn } }) => {
    const key = `${file}:${line}:${fn}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  });
  const room = MOST_FRAMES - Math.min(MOST_FRAMES, distinct.filter(({ isOwn }) => isOwn).length);
  let libraries = 0;
  return distinct.filter(({ isOwn }) => isOwn || ++libraries <= room).slice(0, MOST_FRAMES);
}

function sourceOf(frame: StackFrame, lang: StackTrace['lang'], deps: FrameDeps): string {
  const path = unlessRefused(() => locate(frame.file, deps));
  if (path === undefined) return 'Its source lies outside the folders of this cadence, or is not there.';
  const found = unlessRefused(() => deps.files.read(path, MOST_BYTES));
  const source = found?.kind === 'text' ? hotLines(found.text.split(/\r\n|\n/), frame.line, AROUND) : undefined;
  return source === undefined ? 'Its source could not be read, or has changed since.' : fenced(source, LANGUAGES[lang]);
}

/** As it is written; else by its longest end that is a file of ours, for compilers write paths of their own. */
function locate(file: string, { files, folders }: FrameDeps): string | undefined {
  if (SECRET_FILE.test(basename(file)) || file.includes('\0')) return undefined;
  const parts = normalize(file)
    .split('/')
    .filter((part) => part !== '' && part !== '..' && part !== '.');
  const candidates = isAbsolute(file) ? [normalize(file)] : folders.flatMap((folder) => parts.map((_part, n) => join(folder, ...parts.slice(n))));
  return candidates.find((path) => unlessRefused(() => files.info(path)?.kind === 'file' && isInside(files.realPath(path), files, folders)) === true);
}

function isInside(path: string, files: FrameDeps['files'], folders: readonly string[]): boolean {
  return !SECRET_FILE.test(basename(path)) && folders.some((folder) => files.info(folder) !== undefined && path.startsWith(`${files.realPath(folder)}/`));
}

function safeName(file: string): string {
  return (
    basename(file)
      .replaceAll(/[^\w.-]/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, 60) || 'file'
  );
}
