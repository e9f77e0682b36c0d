import { parseJson } from '../text/json-text.ts';

/** What `claude auth status` says. Fields come and go with versions, so it is read loosely. */
export interface AuthStatus {
  readonly isLoggedIn: boolean;
  readonly method: string | undefined;
  readonly keySource: string | undefined;
  readonly configFolder: string | undefined;
  readonly expiresMs: number | undefined;
  /** What tells one login from another. */
  readonly marks: readonly string[];
}

const MARKS = ['loggedIn', 'authMethod', 'apiProvider', 'apiKeySource', 'email', 'orgId', 'orgName', 'subscriptionType', 'loginExpiresAt'] as const;

/** undefined: an older version, which does not know the question, or no claude at all. */
export function readAuthStatus(stdout: string): AuthStatus | undefined {
  const found = parse(stdout);
  if (found === undefined || typeof found.loggedIn !== 'boolean') return undefined;
  const text = (key: string): string | undefined => (typeof found[key] === 'string' ? found[key] : undefined);
  return {
    isLoggedIn: found.loggedIn,
    method: text('authMethod'),
    keySource: text('apiKeySource'),
    configFolder: text('configDirectory'),
    expiresMs: instantOf(found.loginExpiresAt),
    marks: MARKS.map((key) => `${key}=${JSON.stringify(found[key] ?? null)}`),
  };
}

/** Milliseconds, seconds, or text. */
function instantOf(value: unknown): number | undefined {
  const at = typeof value === 'number' ? (value < 100_000_000_000 ? value * 1000 : value) : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(at) ? at : undefined;
}

/** A notice may stand before it. */
function parse(stdout: string): Readonly<Record<string, unknown>> | undefined {
  const from = stdout.indexOf('{');
  if (from < 0) return undefined;
  const value = parseJson(stdout.slice(from, stdout.lastIndexOf('}') + 1));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
