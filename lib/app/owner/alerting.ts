import type { Cadence } from '../../core/cadence.ts';
import type { Holds } from '../../core/holds.ts';
import type { Incident } from '../../core/incident/incident.ts';
import { type DigestEntry, digestOf, episodesOf, LEARNING_MS, type Learned, learn } from '../../core/incident/learning.ts';
import { alertPolicy } from '../../core/notice/policy.ts';
import { expectedIntervalMs } from '../../core/time/expected-interval.ts';
import type { Ms } from '../../core/time/instant.ts';
import { createDoc } from '../../doc.ts';
import type { Incidents } from '../../ports.ts';
import { type Announcing, createAnnouncer } from '../../services/announcer.ts';
import type { NoticeDesk } from '../../services/notice-desk.ts';
import { parseAlertBook } from '../../wire/alert.ts';
import type { Storage } from '../storage.ts';
import { readReloadsInVain } from '../watch/memory.ts';

interface Parts {
  readonly incidents: Incidents;
  readonly desk: NoticeDesk;
  readonly holds: () => Holds;
  readonly wake: () => void;
  readonly onBroken: (path: string) => void;
}

/** Who is told of incidents, for one owner. */
export function composeAnnouncer(storage: Storage, { incidents, desk, holds, wake, onBroken }: Parts): Announcing {
  const { clock, files, paths, definitions, history, machine } = storage;
  const book = createDoc({ files, clock, path: paths.alerts, parse: parseAlertBook, onBroken });
  return createAnnouncer({
    clock,
    definitions,
    history,
    incidents,
    book,
    desk,
    holds,
    host: machine.host,
    wake,
    intervalOf: createIntervals(storage),
    learnedOf: createLearning(storage, incidents),
    quietOf: createQuiet(storage, incidents),
  });
}

/** A calendar is counted out once; an edited cadence is another one. */
function createIntervals({ definitions }: Storage): (name: string) => Ms | undefined {
  const known = new WeakMap<Cadence, Ms | undefined>();
  return (name) => {
    const cadence = definitions.get(name)?.cadence;
    if (cadence?.schedule === undefined) return undefined;
    if (!known.has(cadence)) known.set(cadence, expectedIntervalMs(cadence.schedule));
    return known.get(cadence);
  };
}

/** Of failures that come and go by themselves only the digest tells. */
function createLearning({ clock: { nowMs }, files, paths }: Storage, incidents: Incidents): (incident: Incident, after: number) => Learned {
  return ({ cadence, account }, after) => {
    const key = account === undefined ? cadence : `account:${account}`;
    const episodes = episodesOf(incidents.since(nowMs() - LEARNING_MS), nowMs()).get(key) ?? [];
    return learn({ cadence: key, episodes, after, reloadsInVain: readReloadsInVain({ files, paths }, nowMs()).of(key) });
  };
}

/** What was suppressed, of every cadence that failed lately. */
function createQuiet({ definitions, files, paths }: Storage, incidents: Incidents): (nowMs: Ms) => readonly DigestEntry[] {
  return (nowMs) => {
    const reloads = readReloadsInVain({ files, paths }, nowMs);
    const learned = [...episodesOf(incidents.since(nowMs - LEARNING_MS), nowMs)].map(([cadence, episodes]) => {
      const { after } = alertPolicy(definitions.settings().notify, definitions.get(cadence)?.cadence?.followUps?.notify);
      return learn({ cadence, episodes, after, reloadsInVain: reloads.of(cadence) });
    });
    return digestOf(learned, nowMs);
  };
}
