import type { RunRecord } from '../run.ts';
import { slotKey } from '../slot/slot.ts';
import { toVisible, truncate } from '../text/excerpt.ts';
import { type Ms, parseIso, toIso } from '../time/instant.ts';
import { type Finding, isOfTimer } from './finding.ts';

/**
 * One bug of one cadence, by its fingerprint; of an account, where the failure is the account's. Names on disk, so
 * snake_case. It lies in `incidents/<id>/`:
 *
 *     open ──────────────────────── proof, or an operator ──▶ resolved ── the same again within 7 days ──▶ open
 *      │  ▲                                                      ▲
 *      ▼  │ an operator approves                                 │
 *     healing (a rung of the ladder is at work) ─────────────────┤
 *     needs_human (nothing more is tried) ───────────────────────┤
 *     ignored (until a time; told to nobody) ────────────────────┘
 */
export interface Incident {
  readonly format: 1;
  readonly id: string;
  readonly fingerprint: string;
  /** The cadence that met it first. */
  readonly cadence: string;
  /** Set where it is the account's: every cadence that uses it met the same. */
  readonly account?: string;
  /** Set where it is that of an agent that several cadences may use. */
  readonly provider?: string;
  /** All that met it; more than one only where it is an account's or an agent's. */
  readonly cadences: readonly string[];
  readonly detector: string;
  readonly title: string;
  readonly state: IncidentState;
  readonly first_at: string;
  readonly last_at: string;
  readonly occurrences: number;
  /** The last time that it was found without a run that failed. */
  readonly found?: Omit<Finding, 'cadence'>;
  /** Slots whose loss it stands for; the last hundred. */
  readonly slots?: readonly string[];
  /** The last twenty. */
  readonly run_ids: readonly string[];
  readonly level: IncidentLevel;
  /** What was tried. */
  readonly attempts: number;
  /** Nothing more is tried: why a person is asked. */
  readonly asked?: { readonly at: string; readonly because: string; readonly sinks: readonly string[]; readonly chronic?: true };
  /** The last fix of it that was kept and did not last: the same came back within 7 days. */
  readonly recurred?: { readonly fix: number; readonly source: string; readonly kept_at: string };
  readonly approved_until?: string;
  readonly ignored_until?: string;
  readonly resolved_at?: string;
  readonly resolved_by?: ResolvedBy;
  /** The run that proved it resolved. */
  readonly proof_run_id?: string;
  /** From its opening to its end, and again each time it came back; the last fifty. */
  readonly episodes: readonly Episode[];
}

export const INCIDENT_STATES = ['open', 'healing', 'needs_human', 'ignored', 'resolved'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const INCIDENT_LEVELS = ['none', 'warning', 'urgent', 'critical'] as const;
export type IncidentLevel = (typeof INCIDENT_LEVELS)[number];

export type ResolvedBy = 'proof' | 'operator';

export interface Episode {
  readonly opened_at: string;
  readonly occurrences: number;
  /** Absent: it goes on. */
  readonly ended_at?: string;
  readonly by?: ResolvedBy;
  /** Somebody had to be asked in it. */
  readonly asked_human?: true;
}

const RECURS_WITHIN_MS: Ms = 7 * 86_400_000;
const MOST_RUNS = 20;
const MOST_SLOTS = 100;
const MOST_EPISODES = 50;
const TITLE_WIDTH = 120;

const ID = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z-[a-z0-9][a-z0-9_-]{0,100}$/;

export function isIncidentId(text: string): boolean {
  return ID.test(text);
}

/** `2026-11-20T07-00-02Z-backup-exit`, and `-0002` where that is taken. */
export function formatIncidentId(atMs: Ms, cadence: string, detector: string, n: number): string {
  const stamp = `${toIso(atMs).slice(0, 19).replaceAll(':', '-')}Z`;
  return `${stamp}-${cadence}-${detector}${n < 2 ? '' : `-${String(n).padStart(4, '0')}`}`;
}

export function isOpen({ state }: Pick<Incident, 'state'>): boolean {
  return state !== 'resolved';
}

/** What kind of failure, in one word that may stand in a file's name. */
export function detectorOf(run: Pick<RunRecord, 'status' | 'class' | 'reason'>): string {
  if (run.status === 'expired') return 'missed';
  if (run.status === 'unverified') return 'unverified';
  if (run.class !== undefined && /^[a-z0-9_]{1,30}$/.test(run.class)) return run.class;
  if (/^timed out after /.test(run.reason)) return 'timeout';
  if (/^(?:stopped: no output|hung at its start)/.test(run.reason)) return 'stall';
  if (/^(?:the owner died|its process is gone)/.test(run.reason)) return 'lost';
  return 'exit';
}

/** Nothing of it ever was a run: the watchman tells of it, and goes on to. */
export function isFoundOnly({ run_ids, found }: Pick<Incident, 'run_ids' | 'found'>): boolean {
  return run_ids.length === 0 && found !== undefined;
}

export interface NewIncident {
  readonly id: string;
  readonly fingerprint: string;
  readonly detector: string;
  readonly title: string;
}

/** When a run ended, for the record's own time is what may be told again. */
export function endOf(run: Pick<RunRecord, 'started_at' | 'ended_at'>): string {
  return run.ended_at ?? run.started_at;
}

/** Whose failure it is where it is not its cadence's: every cadence that uses the same meets the same. */
export function sharedBy({ blame, account, provider }: Pick<RunRecord, 'blame' | 'account' | 'provider'>): Pick<Incident, 'account' | 'provider'> {
  if (blame === 'account' && account !== undefined) return { account };
  return blame === 'provider' && provider !== undefined ? { provider } : {};
}

/** Whether what this run shows may be held against it. A cadence that went on with another agent proves nothing of the first. */
export function concerns(
  incident: Pick<Incident, 'cadences' | 'account' | 'provider' | 'detector' | 'run_ids' | 'found'>,
  run: Pick<RunRecord, 'cadence' | 'account' | 'provider'>,
): boolean {
  if (isOfTimer(incident.detector) && isFoundOnly(incident)) return false;
  if (incident.provider !== undefined && run.provider !== undefined) return incident.provider === run.provider;
  return incident.cadences.includes(run.cadence) || (incident.account !== undefined && incident.account === run.account);
}

/** What shows that it came: a run that failed, or somebody who found it. */
interface Sign {
  readonly cadence: string;
  readonly at: string;
  readonly shared: Pick<Incident, 'account' | 'provider'>;
  readonly runIds: readonly string[];
  readonly slots: readonly string[];
  readonly found?: Incident['found'];
}

function signOfRun(run: RunRecord): Sign {
  const slots = run.status === 'expired' && run.slot !== undefined ? [slotKey(run.slot)] : [];
  return { cadence: run.cadence, at: endOf(run), shared: sharedBy(run), runIds: [run.run_id], slots };
}

function signOfFinding({ cadence, ...found }: Finding): Sign {
  return { cadence, at: found.at, shared: {}, runIds: [], slots: found.slot === undefined ? [] : [slotKey(found.slot)], found };
}

export function openIncident(run: RunRecord, about: NewIncident): Incident {
  return openWith(signOfRun(run), about);
}

/** Found without a run that failed. */
export function openFound(finding: Finding, about: NewIncident): Incident {
  return openWith(signOfFinding(finding), about);
}

function openWith({ cadence, at, shared, runIds, slots, found }: Sign, { id, fingerprint, detector, title }: NewIncident): Incident {
  return {
    format: 1,
    id,
    fingerprint,
    cadence,
    ...shared,
    cadences: [cadence],
    detector,
    title: titleOf(title),
    state: 'open',
    first_at: at,
    last_at: at,
    occurrences: 1,
    ...(found === undefined ? {} : { found }),
    ...(slots.length === 0 ? {} : { slots }),
    run_ids: runIds,
    level: 'none',
    attempts: 0,
    episodes: [{ opened_at: at, occurrences: 1 }],
  };
}

/** Whether the loss of this slot is on file in it, whoever saw it first. */
export function knowsSlot({ slots = [] }: Pick<Incident, 'slots'>, slot: string | undefined): boolean {
  return slot !== undefined && slots.includes(slotKey(slot));
}

/** A run that shows what is on file already. */
export function withRun(incident: Incident, run: RunRecord): Incident {
  return { ...incident, run_ids: [...incident.run_ids, run.run_id].slice(-MOST_RUNS) };
}

/** One line, nothing that a terminal would obey. */
function titleOf(text: string): string {
  return truncate(toVisible(text.split(/\r\n|\r|\n/)[0] ?? '').trim() || 'it failed', TITLE_WIDTH);
}

/** Once more. A resolved one opens again; one that is ignored no longer does, too. */
export function withOccurrence(incident: Incident, run: RunRecord): Incident {
  return withSign(incident, signOfRun(run));
}

export function withFinding(incident: Incident, finding: Finding): Incident {
  return withSign(incident, signOfFinding(finding));
}

function withSign(incident: Incident, { cadence, at, runIds, slots, found }: Sign): Incident {
  const isBack = incident.state === 'resolved';
  const { state } = standing(incident, parseIso(at) ?? 0);
  const { resolved_at: _at, resolved_by: _by, proof_run_id: _run, ...kept } = incident;
  const last = incident.episodes.at(-1);
  const episodes =
    isBack || last === undefined
      ? [...incident.episodes, { opened_at: at, occurrences: 1 }]
      : [...incident.episodes.slice(0, -1), { ...last, occurrences: last.occurrences + 1 }];
  return {
    ...kept,
    state: isBack ? 'open' : state,
    ...(isBack ? { level: 'none', attempts: 0 } : {}),
    cadences: incident.cadences.includes(cadence) ? incident.cadences : [...incident.cadences, cadence],
    last_at: at > incident.last_at ? at : incident.last_at,
    occurrences: incident.occurrences + 1,
    ...(found === undefined ? {} : { found }),
    ...(slots.length === 0 ? {} : { slots: [...(incident.slots ?? []), ...slots].slice(-MOST_SLOTS) }),
    run_ids: [...incident.run_ids, ...runIds].slice(-MOST_RUNS),
    episodes: episodes.slice(-MOST_EPISODES),
  };
}

export function resolve(incident: Incident, by: ResolvedBy, at: string, proofRunId?: string): Incident {
  const last = incident.episodes.at(-1);
  const ended = last === undefined || last.ended_at !== undefined ? incident.episodes : [...incident.episodes.slice(0, -1), { ...last, ended_at: at, by }];
  return {
    ...incident,
    state: 'resolved',
    resolved_at: at,
    resolved_by: by,
    ...(proofRunId === undefined ? {} : { proof_run_id: proofRunId }),
    episodes: ended,
  };
}

/** Nothing more is tried: a person is asked, which its episode remembers. */
export function askHuman(incident: Incident, asked: NonNullable<Incident['asked']>): Incident {
  const last = incident.episodes.at(-1);
  const episodes = last === undefined ? [] : [...incident.episodes.slice(0, -1), { ...last, asked_human: true as const }];
  return { ...incident, state: incident.state === 'ignored' ? 'ignored' : 'needs_human', asked, episodes };
}

/** Whether a failure now belongs to this one: it is open, or was resolved not long ago. */
export function takesUp(incident: Incident, atMs: Ms): boolean {
  return isOpen(incident) || atMs - (parseIso(incident.resolved_at) ?? 0) <= RECURS_WITHIN_MS;
}

/** An operator lets the machine go on with it, whatever was spent on it before. */
export function approve(incident: Incident, until: string): Incident {
  const { ignored_until: _ignored, ...kept } = incident;
  return { ...kept, state: incident.state === 'needs_human' || incident.state === 'ignored' ? 'open' : incident.state, approved_until: until };
}

/** It is counted, and told to nobody, until then. */
export function ignore(incident: Incident, until: string): Incident {
  return { ...incident, state: 'ignored', ignored_until: until };
}

/**
 * How it stands at this instant: to ignore it ends by itself, and then it is what it was before. `ignored_until` stays, and says
 * that it was.
 */
export function standing(incident: Incident, nowMs: Ms): Incident {
  if (incident.state !== 'ignored' || (parseIso(incident.ignored_until) ?? Number.POSITIVE_INFINITY) > nowMs) return incident;
  const { asked, approved_until = '' } = incident;
  return {
    ...incident,
    state: asked !== undefined && asked.at > approved_until && asked.at >= (incident.episodes.at(-1)?.opened_at ?? '') ? 'needs_human' : 'open',
  };
}

/** `incidents show 2026-11`: an id, the beginning of one, or a cadence that has just one that is open. */
export function chooseIncident<T extends Pick<Incident, 'id' | 'cadences' | 'state'>>(incidents: readonly T[], word: string): T | readonly T[] {
  const exact = incidents.find(({ id }) => id === word);
  if (exact !== undefined) return exact;
  const ofCadence = incidents.filter((incident) => isOpen(incident) && incident.cadences.includes(word));
  const found = word === '' ? [] : incidents.filter(({ id }) => id.startsWith(word));
  const candidates = ofCadence.length > 0 ? ofCadence : found;
  return candidates.length === 1 ? (candidates[0] as T) : candidates;
}
