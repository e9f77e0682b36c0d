import { viewFolder } from '../../config/cadence-folder.ts';
import { CadenceError } from '../../core/error.ts';
import { pathsOf, SETTINGS_FILE } from '../../core/paths.ts';
import { createFiles } from '../../platform/files.ts';
import { findRoot } from '../../platform/root.ts';
import type { Files } from '../../ports.ts';
import { SCHEMA_LINE, schemaFile, schemaText } from './editor-schema.ts';
import type { PlannedChange } from './file.ts';

export interface InitPlan {
  readonly root: string;
  readonly changes: readonly PlannedChange[];
  /** What was there already, and stays as it is. */
  readonly kept: readonly string[];
  /** What was found beside it, and what may be done with it. */
  readonly found: readonly { readonly what: string; readonly path: string; readonly suggest: string }[];
}

const EXAMPLE = `${SCHEMA_LINE}
# A cadence is a file: this one is called "example", and \`cadence-bus run example\` runs it. Every key but run has a
# default; \`cadence-bus show example\` prints them all. Remove this file when you have seen it work.
description: Says hello, to see the bus at work
run: { command: [echo, "hello from the bus"] } # or { shell: true, command: "a | b" }, or { inline: ./handler.mjs }
timeout: 1m # then it is asked to end, and after kill_grace killed with all that it started
# retry: { attempts: 3, delays: [30s, 2m] }           # tries in all, and the waits between them
# breaker: { failures: 3, open: 30m, max_open: 4h }   # stop trying for a while after so many failures in a row
# required_env: [API_TOKEN]                           # held until this is set for the owner
# enabled: false                                      # its ticks wait
`;

/** Everything that git shall not see, itself included. */
const IGNORE_ALL = '*\n';

/**
 * What makes a folder an agent root. Nothing that is there is overwritten, but for the schema files, which are ours and
 * are made anew where this version says more; so it may be run again at any time.
 */
export function planInit(root: string, isForced: boolean): InitPlan {
  const files = createFiles();
  const paths = pathsOf(root);
  refuseNesting(files, root, isForced);
  const changes: PlannedChange[] = [];
  const kept: string[] = [];
  const want = (path: string, text: string, isOurs = false): void => {
    const read = files.info(path) === undefined ? undefined : files.read(path);
    const before = read?.kind === 'text' ? read.text : undefined;
    if (read !== undefined && (!isOurs || before === text || before === undefined)) kept.push(path);
    else changes.push({ path, before, after: text });
  };
  const isEmpty = viewFolder(files.list(paths.cadences), (file) => file).cadences.size === 0;
  for (const name of SCHEMAS) want(schemaFile(root, name), schemaText(name), true);
  if (isEmpty) want(`${paths.cadences}/example.yaml`, EXAMPLE);
  want(`${paths.state}/.gitignore`, IGNORE_ALL);
  want(`${paths.logs}/.gitignore`, IGNORE_ALL);
  return { root, changes, kept, found: lookAround(files, root) };
}

/** A file that nobody edits: it is made anew where this version says more. */
export function isMadeByUs(root: string, path: string): boolean {
  return SCHEMAS.some((name) => schemaFile(root, name) === path);
}

const SCHEMAS = ['cadence', 'bus'] as const;

/** A root inside a root would take the commands that were meant for the outer one. */
function refuseNesting(files: Files, root: string, isForced: boolean): void {
  const outer = files.info(root) === undefined ? undefined : findRoot(root, {});
  if (outer === undefined || outer === root || isForced) return;
  throw new CadenceError('bad_data', `${root} lies in the agent root ${outer}`, 'Use that one, or say --force to make a root inside it.');
}

const NEIGHBOURS: readonly (readonly [file: string, what: string, suggest: string])[] = [
  ['config.yaml', 'a configuration that may be of pinglet or docket', 'cadence-bus import pinglet config.yaml --dry-run'],
  ['AGENTS.md', 'instructions for agents', 'cadence-bus skills install --tool agents-md'],
  ['.claude', 'Claude Code', 'cadence-bus skills install --tool claude'],
  ['.cursor', 'Cursor', 'cadence-bus skills install --tool cursor'],
  [`cadences/${SETTINGS_FILE}`, 'settings of the bus', 'cadence-bus check'],
];

function lookAround(files: Files, root: string): InitPlan['found'] {
  return NEIGHBOURS.filter(([file]) => files.info(`${root}/${file}`) !== undefined).map(([file, what, suggest]) => ({
    what,
    path: `${root}/${file}`,
    suggest,
  }));
}
