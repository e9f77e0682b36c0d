import { hasSameSlots, planOf, type SlotCursor, type SlotLine, type SlotPlan } from '../core/slot/line.ts';
import { formatSlot } from '../core/slot/slot.ts';
import { lastInstant } from '../core/time/calendar.ts';
import { type Ms, parseIso, toIso } from '../core/time/instant.ts';
import type { Clock, Definition, Definitions, Journal, SlotLedger, Uptime } from '../ports.ts';
import { advance, createEntry, dueSlots, type SlotEntry } from './slot-entry.ts';

/** The cadences with a schedule, kept in step with their definitions, the zone of the machine and the clock. */
export interface SlotPlans {
  entry(name: string): SlotEntry | undefined;
  entries(): readonly SlotEntry[];
  /** Definitions have changed: the next `changes` looks at them. */
  markChanged(): void;
  /** Lines that say what holds from now on. Once they are in the ledger, `adopt` them. */
  changes(isStart: boolean): Promise<PlanChanges>;
  adopt(names: readonly string[]): void;
  /** The ledger knows more of it, or not. */
  refresh(entry: SlotEntry): void;
  /** The clock was set back behind what is decided: from now on slots are due again, but for those that were fired. */
  rewound(): PlanChanges;
  /** The latest slot by this instant. */
  slotBy(entry: SlotEntry, untilMs: Ms): Ms | undefined;
}

export interface PlanChanges {
  readonly lines: readonly SlotLine[];
  readonly names: readonly string[];
}

export interface SlotPlansDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly uptime: Pick<Uptime, 'timezone'>;
  readonly ledger: SlotLedger;
  readonly journal: Pick<Journal, 'emit'>;
  readonly definitions: Definitions;
  readonly machine: string;
  readonly editedMs: (path: string) => Ms | undefined;
  /** It is to be looked at when its time comes. */
  readonly onEntry: (entry: SlotEntry) => void;
  /** Decides, under the plan that still holds, what has come due by then. */
  readonly settle: (entry: SlotEntry, untilMs: Ms) => Promise<readonly SlotLine[]>;
}

export function createSlotPlans(deps: SlotPlansDeps): SlotPlans {
  const { clock, ledger, definitions, journal } = deps;
  const entries = new Map<string, SlotEntry>();
  let isChanged = true;
  let zone = deps.uptime.timezone();
  /** Definitions whose plan the ledger has: one that is edited is another object. */
  let settled = new WeakSet<Definition>();
  let settledBy: string | undefined;
  let looked: readonly Definition[] = [];

  const lineOf = (cadence: string, fromMs: Ms, plan: SlotPlan | null, because: string): SlotLine => ({
    ts: toIso(clock.nowMs()),
    kind: 'plan',
    cadence,
    from: formatSlot(fromMs),
    plan,
    was: ledger.cursor(cadence)?.plan ?? null,
    because,
  });

  function wantedPlan({ cadence }: Definition): SlotPlan | null {
    const schedule = cadence?.schedule;
    return schedule === undefined ? null : planOf(schedule, schedule.timezone ?? zone, definitions.settings().scheduler);
  }

  function lookAtZone(): void {
    const now = deps.uptime.timezone();
    if (now === zone) return;
    journal.emit({ level: 'warn', stage: 'zone_changed', from: zone, to: now });
    zone = now;
    settled = new WeakSet();
    isChanged = true;
  }

  /** Those that nobody has looked at since they were edited; all of them, where others are to fire from now on. */
  function unsettled(known: readonly Definition[]): readonly Definition[] {
    const { scheduler } = definitions.settings();
    if (scheduler !== settledBy) settled = new WeakSet();
    settledBy = scheduler;
    return known.filter((definition) => !settled.has(definition));
  }

  /** When the definition was edited: the plan before holds until then. */
  function editMs(definition: Definition, cursor: SlotCursor, isStart: boolean): Ms {
    const nowMs = clock.nowMs();
    const editedMs = isStart ? (deps.editedMs(definition.path) ?? nowMs) : nowMs;
    return Math.max(parseIso(cursor.through) ?? 0, Math.min(editedMs, nowMs));
  }

  async function changeOf(definition: Definition, isStart: boolean): Promise<readonly SlotLine[]> {
    const { name } = definition;
    const cursor = ledger.cursor(name);
    const wanted = wantedPlan(definition);
    const before = cursor?.plan ?? null;
    if (wanted === null) return before === null || cursor === undefined ? [] : retire(name, cursor, 'it has no schedule any more');
    if (before === null || cursor === undefined) return [lineOf(name, clock.nowMs(), wanted, 'the owner has seen its schedule for the first time')];
    if (JSON.stringify(before) === JSON.stringify(wanted)) return [];
    if (hasSameSlots(before, wanted)) return [lineOf(name, parseIso(cursor.through) ?? 0, wanted, 'what becomes of its slots was edited')];
    const fromMs = editMs(definition, cursor, isStart);
    const entry = entries.get(name) ?? createEntry(name, cursor, deps.machine);
    const decided = entry === undefined ? [] : await deps.settle(entry, fromMs);
    return [...decided, lineOf(name, fromMs, wanted, before.zone === wanted.zone ? 'its schedule was edited' : `its time zone was ${before.zone}`)];
  }

  /** Slots that have come since, if any, are explained by the same edit. */
  function retire(name: string, cursor: SlotCursor, because: string): readonly SlotLine[] {
    const nowMs = clock.nowMs();
    const entry = entries.get(name) ?? createEntry(name, cursor, deps.machine);
    const due = entry === undefined ? undefined : dueSlots(entry, nowMs, nowMs);
    const last = due?.newest.at(-1);
    const ended: readonly SlotLine[] =
      due === undefined || last === undefined
        ? []
        : [
            {
              ts: toIso(nowMs),
              kind: 'end',
              cadence: name,
              end: 'skipped',
              slot: formatSlot(due.firstMs),
              ...(due.count === 1 ? {} : { last: formatSlot(last.slotMs), count: due.count }),
              because,
            },
          ];
    return [...ended, lineOf(name, nowMs, null, because)];
  }

  /** Slots fired ahead of now, as the ledger has them. */
  function firedAhead(name: string, cursor: SlotCursor, nowMs: Ms): readonly string[] {
    const fired = new Set(cursor.ahead.filter((slot) => (parseIso(slot) ?? 0) > nowMs));
    for (const line of ledger.lines(name, nowMs)) if (line.kind === 'fired' && (parseIso(line.slot) ?? 0) > nowMs) fired.add(line.slot);
    return [...fired].sort();
  }

  async function allChanges(isStart: boolean): Promise<PlanChanges> {
    const lines: SlotLine[] = [];
    const known = definitions.all();
    const fresh = unsettled(known);
    for (const definition of fresh) {
      // One that never was right says nothing; what held before it broke goes on to hold.
      if (definition.cadence !== undefined) lines.push(...(await changeOf(definition, isStart)));
    }
    const names = new Set(known.map(({ name }) => name));
    for (const name of ledger.cadences()) {
      const cursor = ledger.cursor(name);
      if (!names.has(name) && cursor !== undefined && cursor.plan !== null) lines.push(...retire(name, cursor, 'its definition is gone'));
    }
    const touched = lines.flatMap((line) => ('cadence' in line ? [line.cadence] : []));
    looked = fresh;
    return { lines, names: isStart ? [...new Set([...names, ...touched])] : [...new Set(touched)] };
  }

  return {
    entry: (name) => entries.get(name),
    entries: () => [...entries.values()],
    markChanged() {
      isChanged = true;
      looked = [];
    },
    async changes(isStart) {
      lookAtZone();
      if (!isChanged) return { lines: [], names: [] };
      // What is edited while we decide is marked anew.
      isChanged = false;
      try {
        return await allChanges(isStart);
      } catch (error) {
        isChanged = true;
        throw error;
      }
    },
    adopt(names) {
      for (const definition of looked) settled.add(definition);
      looked = [];
      for (const name of names) {
        const cursor = ledger.cursor(name);
        const entry = cursor === undefined ? undefined : createEntry(name, cursor, deps.machine);
        if (entry === undefined) entries.delete(name);
        else {
          entries.set(name, entry);
          deps.onEntry(entry);
        }
      }
    },
    refresh(entry) {
      if (entries.get(entry.name) !== entry) return;
      advance(entry, parseIso(ledger.cursor(entry.name)?.through) ?? 0);
      deps.onEntry(entry);
    },
    rewound() {
      const nowMs = clock.nowMs();
      const lines = ledger.cadences().flatMap((name): readonly SlotLine[] => {
        const cursor = ledger.cursor(name);
        // Also where no plan holds: its definition may come back before the clock has.
        if (cursor === undefined || (parseIso(cursor.through) ?? 0) <= nowMs) return [];
        return [{ ts: toIso(nowMs), kind: 'rewound', cadence: name, from: formatSlot(nowMs), fired: firedAhead(name, cursor, nowMs) }];
      });
      return { lines, names: lines.flatMap((line) => ('cadence' in line ? [line.cadence] : [])) };
    },
    slotBy: ({ schedule, zone: at }, untilMs) => lastInstant(schedule, at, untilMs),
  };
}
