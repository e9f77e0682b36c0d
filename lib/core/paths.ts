/** Where everything lies under an agent root. One place for all names, so that no path is ever built from anything unchecked. */
export interface Paths {
  readonly root: string;
  readonly cadences: string;
  readonly state: string;
  readonly inbox: string;
  readonly waiting: string;
  readonly claimed: string;
  readonly dlq: string;
  readonly tmp: string;
  readonly running: string;
  readonly runs: string;
  readonly journal: string;
  readonly commands: string;
  readonly outbox: string;
  /** What was told of incidents. */
  readonly alerts: string;
  /** Threads of incidents in chats, and how far they have been read. */
  readonly chats: string;
  readonly incidents: string;
  /** Notes made of all that, for people. */
  readonly vault: string;
  readonly slots: string;
  readonly healing: string;
  readonly attempts: string;
  /** What the definitions were when they were last read, to be believed for as long as their files are the same. */
  readonly definitions: string;
  readonly holds: string;
  readonly circuit: string;
  readonly purse: string;
  readonly owner: string;
  readonly installed: string;
  readonly halt: string;
  /** The last round of the watchman. */
  readonly heartbeat: string;
  /** Empty: a person was told that the disk takes nothing, and is to hear when it is well again. A full disk may still take a name. */
  readonly diskTold: string;
  /** Cadences whose timer has let slots pass; there only as long as there are any. */
  readonly lateTimers: string;
  /** Left by a timer's `bin/enqueue` that found the owner dead; its age says since when ticks come in vain. */
  readonly ownerGone: string;
  /** Up to where `probe` has been told that incidents are seen. */
  readonly probeCursor: string;
  /** What the agent of the watchman is asked. */
  readonly watchPrompt: string;
  readonly logs: string;
  readonly subsessions: string;
}

export function pathsOf(root: string): Paths {
  const base = root.endsWith('/') ? root.slice(0, -1) : root;
  const state = `${base}/state/cadence-bus`;
  const logs = `${base}/logs/cadence-bus`;
  return {
    root: base === '' ? '/' : base,
    cadences: `${base}/cadences`,
    state,
    inbox: `${state}/inbox`,
    waiting: `${state}/waiting`,
    claimed: `${state}/claimed`,
    dlq: `${state}/dlq`,
    tmp: `${state}/tmp`,
    running: `${state}/running`,
    runs: `${state}/runs`,
    journal: `${state}/journal`,
    commands: `${state}/exec`,
    outbox: `${state}/outbox`,
    alerts: `${state}/alerts.json`,
    chats: `${state}/chats.json`,
    incidents: `${state}/incidents`,
    vault: `${state}/vault`,
    slots: `${state}/slots`,
    healing: `${state}/healing.json`,
    attempts: `${state}/attempts.tsv`,
    definitions: `${state}/definitions.cache`,
    holds: `${state}/holds.json`,
    circuit: `${state}/circuit-open.json`,
    purse: `${state}/purse.json`,
    owner: `${state}/owner.json`,
    installed: `${state}/installed.json`,
    halt: `${state}/halt`,
    heartbeat: `${state}/heartbeat.json`,
    diskTold: `${state}/disk-told`,
    lateTimers: `${state}/late-timers.json`,
    ownerGone: `${state}/owner-gone`,
    probeCursor: `${state}/probe-cursor.json`,
    watchPrompt: `${state}/watch-prompt.md`,
    logs,
    subsessions: `${logs}/subsessions`,
  };
}

/** Whose folder in `running/` it is: a guard and the look for evidence have one beside that of their run. */
export function runIdOfFolder(folder: string): string {
  return folder.replace(/\.(?:guard|verify)$/, '');
}

/** Settings of the bus, beside the cadences. */
export const SETTINGS_FILE = 'bus.yaml';

/** The log for people. */
export function busLogPath(logs: string, day: string): string {
  return `${logs}/bus-${day}.log`;
}

/** `logs/cadence-bus/subsessions/<day>-<cadence>-<run_id>.stdout.log` and its twin. */
export function outputPaths(paths: Paths, day: string, cadence: string, runId: string): { readonly stdout: string; readonly stderr: string } {
  const stem = `${paths.subsessions}/${day}-${cadence}-${runId}`;
  return { stdout: `${stem}.stdout.log`, stderr: `${stem}.stderr.log` };
}
