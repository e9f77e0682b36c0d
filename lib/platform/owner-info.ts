import { pathsOf } from '../core/paths.ts';
import type { OwnerInfo } from '../ports.ts';
import { identityOf } from './process-identity.ts';
import { readText } from './safe-read.ts';

const MAX_INFO_BYTES = 64 * 1024;
const TEXTS = ['identity', 'version', 'node', 'host', 'root', 'started_at'] as const;

/** What `owner.json` says; undefined where it says nothing that can be understood. Readers leave a broken one to its writer. */
export function readOwnerInfo(root: string): OwnerInfo | undefined {
  const found = readText(pathsOf(root).owner, MAX_INFO_BYTES);
  if (found?.kind !== 'text') return undefined;
  try {
    return parseOwnerInfo(JSON.parse(found.text));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

export function parseOwnerInfo(value: unknown): OwnerInfo | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = value as Record<string, unknown>;
  const isWhole = found.format === 1 && Number.isSafeInteger(found.pid) && TEXTS.every((key) => typeof found[key] === 'string');
  const isState = found.state === 'running' || found.state === 'stopped';
  const areOptional = ['stopped_at', 'because'].every((key) => found[key] === undefined || typeof found[key] === 'string');
  const isBefore = found.before === undefined || found.before === null || parseOwnerInfo(found.before) !== undefined;
  return isWhole && isState && areOptional && isBefore && areSurroundings(found.surroundings) ? (value as OwnerInfo) : undefined;
}

function areSurroundings(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { path, home, claude } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof home === 'string' && (claude === null || typeof claude === 'string');
}

/** The process that wrote it lives: not merely one that was given its pid since. */
export function isAlive(info: OwnerInfo | undefined): info is OwnerInfo {
  return info !== undefined && info.identity !== '' && identityOf(info.pid) === info.identity;
}
