import type { EnvSpec } from '../core/cadence.ts';
import type { Paths } from '../core/paths.ts';
import type { Job } from '../ports.ts';

/** The environment of this process, as far as it is set. */
export type OwnerEnv = Readonly<Record<string, string | undefined>>;

export type ChildEnv = { readonly kind: 'ready'; readonly env: Readonly<Record<string, string>> } | { readonly kind: 'unset'; readonly reason: string };

/** What every child gets of the owner's environment; all else is named by its cadence, so that no secret travels by chance. */
const ALLOWED = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ', 'TERM', 'TMPDIR', 'SSH_AUTH_SOCK'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
]);
const ALLOWED_PREFIX = /^(?:LC_|XDG_)/;

export function isAllowed(name: string): boolean {
  return ALLOWED.has(name) || ALLOWED_PREFIX.test(name);
}

/**
 * Allowed names, then named ones, then given values (`$VAR` and `${VAR}` stand for the owner's, `$$` for a dollar), then
 * what we say of the run, which nobody can override: the tag in it is how the run's processes are found.
 */
export function childEnvironment(owner: OwnerEnv, spec: EnvSpec, about: Readonly<Record<string, string>>, passed = passedOn(owner)): ChildEnv {
  const env: Record<string, string> = { __proto__: null, ...passed } as unknown as Record<string, string>;
  const unset = new Set<string>();
  const ownersValue = (name: string): string => {
    const value = owner[name];
    if (value === undefined) unset.add(name);
    return value ?? '';
  };
  for (const name of spec.names) env[name] = ownersValue(name);
  for (const [name, text] of Object.entries(spec.values)) env[name] = interpolate(text, ownersValue);
  if (unset.size > 0) {
    const names = [...unset].join(', ');
    return { kind: 'unset', reason: `not set in the environment of the bus: ${names} (its cadence asks for ${unset.size === 1 ? 'it' : 'them'} under env)` };
  }
  return { kind: 'ready', env: { ...env, ...about } };
}

/** What of the owner's is handed on by itself; whoever starts many children asks once. */
export function passedOn(owner: OwnerEnv, isPassed = isAllowed): Readonly<Record<string, string>> {
  const passed: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(owner)) if (value !== undefined && isPassed(name)) passed[name] = value;
  return passed;
}

const VARIABLE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

function interpolate(text: string, ownersValue: (name: string) => string): string {
  return text.replace(VARIABLE, (_all, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare;
    return name === undefined ? '$' : ownersValue(name);
  });
}

/** What a program may know of the run it is; facts that a tick does not have are not set. */
export function aboutRun(job: Job, paths: Paths, payloadPath: string | undefined): Readonly<Record<string, string>> {
  const { tick } = job;
  return {
    CADENCE_RUN_ID: job.runId,
    CADENCE_NAME: job.cadence.name,
    CADENCE_TICK: job.tickId,
    CADENCE_ATTEMPT: String(job.attempt),
    CADENCE_SOURCE: tick.source,
    CADENCE_ROOT: paths.root,
    ...(tick.key === undefined ? {} : { CADENCE_KEY: tick.key }),
    ...(tick.slot === undefined ? {} : { CADENCE_SLOT: tick.slot }),
    ...(payloadPath === undefined ? {} : { CADENCE_PAYLOAD_FILE: payloadPath }),
  };
}
