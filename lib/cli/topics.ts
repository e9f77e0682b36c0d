/** What a reader asks once, in a few paragraphs: `cadence-bus help <topic>`, and the end of the manual page. */
export interface Topic {
  readonly name: string;
  readonly summary: string;
  readonly text: string;
}

export const TOPICS: readonly Topic[] = [
  {
    name: 'keys',
    summary: 'the keys of a cadence file, what a command is given, what its exit code says',
    text: `Every key has a default; errors name file, line and column. An edit is taken up at once; a broken edit keeps the last good
version running and says so.

  key                    default                                         meaning
  run                    the .md itself                                  {command: [...]}, {inline: ./handler.mjs} or, in a .md, {claude: {...}}
  guard                  none                                            like grep: 0 run, 1 nothing to do, else an error
  retry                  {attempts: 2, delays: [30s, 2m], jitter: 0.25}  attempts are tries in all
  breaker                {failures: 3, open: 30m, max_open: 4h}          opens after so many failed tries in a row; one probe; doubles
  timeout, idle_timeout  5m (agents 30m), 30m                            then TERM, kill_grace (5s), then the whole process tree
  overlap                scheduled ticks coalesce, others queue          coalesce, queue or skip
  expires                never                                           a tick older than this is not run
  lane                   by kind                                         agent 1, command 4, inline 16 at a time (lanes: in cadences/bus.yaml)
  workspace              cwd, if given                                   no two runs in the same one at once
  required_env           none                                            held until these variables are set for the owner
  enabled                true

A command gets its payload as JSON on stdin and in the file $CADENCE_PAYLOAD_FILE, never as an argument, and
CADENCE_RUN_ID, CADENCE_NAME, CADENCE_ATTEMPT, CADENCE_KEY, CADENCE_ROOT in its environment. Its exit code
speaks: 0 done, 75 try again later (not charged; again and again, by retry.delays one after the other), 77 and 78 give up
at once, anything else a failure. An inline handler is export default async (tick, context) => answer; a string is its
summary, a throw is a failure.

A run may happen more than once: at-least-once is what a crash allows, exactly-once is not promised. key, run_id and
attempt are handed over so that a job can notice.

The JSON Schema of every key: cadence-bus schema cadence, and of bus.yaml: cadence-bus schema bus.`,
  },
  {
    name: 'agents',
    summary: 'sessions of claude, other agents, several that stand in for one another',
    text: `The prompt is the body of the .md, read at each run; a tick's payload follows it as fenced data and can add no argument.
run and logs -f tell a session line by line, each behind its cost so far (~: an estimate, until the result tells it).

A refused key ends a run at its first retry, and the account is held, not the cadence. A run that passes
run.claude.max_usd or budget.run_usd is stopped at once; claude's own check comes after a turn only.

A try that was cut short after work was done, by the account, the network or a halt, is gone on with: the next try is
claude --resume <session> with these words of ours in place of the prompt: "Your last try was cut short, and not by you:
<why>. Go on where you stopped. What is done already need not be done again." It begins anew where the session is gone,
where the prompt was edited since, or with run: {claude: {resume: false}}.

Any other agent: run: {agent: {command: [codex, exec, "-"], output: text, env: [OPENAI_API_KEY]}} in a .md. The prompt
is its stdin and its exit code is enough; with output: json its last line may say {ok, summary, cost_usd, session_id,
class, reset_at}. Its account bears the name of its program.

agent: {command: [codex, exec, "-"]} in cadences/bus.yaml makes it the agent of every bare .md, and
claude: {model: haiku, max_turns: 20} gives every session its defaults. Several agents stand in for one another, in this order:

  agents:                                             # in bus.yaml: for every bare .md
    - claude: { model: opus }
    - { name: spare, claude: { env: { CLAUDE_CONFIG_DIR: /home/me/.claude-spare } } }   # a login, so an account, of its own
    - agent: { command: [codex, exec, "-"], output: json }
    - { name: looker, agent: { command: [my-llm] }, only: diagnosis }   # runs cadences with diagnosis: true alone

A cadence names its own: agents: [spare, codex, {claude: {model: haiku}}]. One that cannot begin, or whose account is dead, is passed
over at once, and no try is charged; after three failures in a row it is passed over for half an hour, then one run is its
probe. show, breaker ls and each receipt tell which agent runs; breaker trip provider:codex passes one over by hand.`,
  },
  {
    name: 'schedules',
    summary: 'when a cadence is due, and what becomes of every instant',
    text: `schedule: weekdays 7:00 (or cron, or a list of both) makes the owner fire it; launchd or systemd may fire it too, and it
is still one run. Every scheduled instant ends as ran, skipped, missed, held or superseded, and
cadence-bus why <cadence> says why, also while nobody runs the bus.

timezone, catchup: latest | all | skip, window, stagger and jitter say the rest; cadence-bus check restates a
schedule in words with its next instants, cadence-bus next shows what comes, and cadence-bus simulate what would come of
a week of it, by the real scheduler and gate on a virtual clock: fires, overlaps, holds and cost. It begins with what is held and spent now (--fresh: nothing).`,
  },
  {
    name: 'installing',
    summary: 'launchd, systemd, or neither; several roots',
    text: `  cadence-bus install --dry-run        # the diff of every file, nothing changed
  cadence-bus install                  # launchd or systemd starts the owner and wakes it for its schedules
  cadence-bus install --list           # the owner, the watchman and each timer, as the system sees them
  cadence-bus doctor --inside          # the checks as a job of the system, and how its world differs from your shell's
  cadence-bus uninstall                # definitions, ticks, runs and logs stay

The owner is started at login and again after every failure; each cadence with a schedule gets a timer that only drops a tick,
and the watchman (cadence-bus heartbeat) goes his round once an hour. install ends with one real tick through a timer,
run by the owner; where that does not arrive, or anything is refused, all of it is taken back. enable, disable and edit
keep the timers in step. The owner has your shell's PATH of that moment, and no secret is written into any file. Several
roots on one machine do not meet. install --scheduler builtin needs neither: the owner wakes itself, and you start it.`,
  },
  {
    name: 'watchman',
    summary: 'who notices that nobody is at work',
    text: `Whoever is dead tells nothing, so the watchman is no part of the owner. cadence-bus install gives him a timer of his own; by
hand he comes when he is called. He looks at the owner, at the timers and at runs that are missing, by their own schedules;
he starts, wakes and reloads first, gives it 30 seconds, and tells what is left, once and then once a day or when its level
(twice, five times, ten times too late) changes; dead timers every four hours, and at once when there are others. Exit 1 is a
finding, not his failure.

  cadence-bus heartbeat                    # one round; --dry-run only looks
  cadence-bus probe                        # is somebody at work, and which incidents wait: JSON, exit 0 or 1
  cadence-bus hooks install                # a Claude Code session hears of them where it would stop; hooks remove

  # in cadences/bus.yaml; what is told goes to its notify: sinks, too
  heartbeat: { interval: 60m, wake_delay: 30s, ping_url: https://hc-ping.com/<uuid> }   # start, success, fail
  self_diagnosis: { enabled: true, max_usd: 1.00 }   # claude reads and says why a repair did not help; default: off

Timers notice an owner that died, the owner notices timers that do not come, and every command says so in one line.`,
  },
  {
    name: 'notices',
    summary: 'hooks, whom to tell and how often, orders from a chat',
    text: `  # more keys of cadences/nightly-backup.yaml
  on_failure: 'echo "$CADENCE_NAME: $CADENCE_SUMMARY" >> failures.txt'   # also on_success, on_complete; a line, a list, {command: [...]}
  notify: { on: [failure, recovery], discord: { webhook_url_env: DISCORD_WEBHOOK_URL } }   # or telegram, slack, webhook, ntfy, email, macos, shell, log

A hook is a run of its own: durable, retried, logged. It gets CADENCE_RUN_ID, _NAME, _STATUS, _EXIT_CODE, _SUMMARY,
_DETAILS_JSON, _LOG_PATH (and the DOCKET_* names), and the whole record on stdin. It never changes the run's own result.
Notices wait in state/cadence-bus/outbox/ until they are delivered, each sink with its own backoff and breaker; secrets stand
in environment variables only. notify: in cadences/bus.yaml holds for every cadence. What came of them is in the receipt.

  cadence-bus notify test                # one test notice to each sink
  cadence-bus hooks <run>                # what a run has set off, and whether it arrived
  cadence-bus exec --name backup --retries 3 --quiet-ok -- ./backup.sh    # around any line of a crontab, no file needed

cadences/health-check.yaml and cadences/backup.yaml (rclone, rsync, restic, any command) are there to be copied.

  # cadences/bus.yaml
  notify:
    after: 3                # ticks that failed in a row; 1: must never fail, 2-3: daily work, 3-5: runs often, 5+: shaky
    cooldown: 30m           # of one incident nothing more for so long
    remind: 6h              # while it stays open; 0: never
    slack: { token_env: SLACK_BOT_TOKEN, channel: C0123456789 }
    ntfy: { topic_env: NTFY_TOPIC }
  chat: { slack: [U0123456789] }      # who may answer with an order; default: nobody

One notice an incident, again when it gets worse (2, 5, 10 times what is allowed), one recovery. Of many at once five are told and
the rest in one summary; what always heals itself stands in a weekly digest. Whoever writes on: [failure] is told of the first
failure. No sink: it stands in the log. In the thread of an incident pause, resume, abort, approve, ignore, set NAME
VALUE and comment: … are orders, obeyed once, and answered; abort stops what its cadence runs by now. What was said a day before
it could be heard is not obeyed, but for a pause. A Discord bot needs the intent to read messages. A death between sending and
noting sends twice on Telegram, webhooks of Slack and Discord, and osascript; ntfy, Discord bots, notifiers with groups and mail know
a repetition again, Slack tokens say its id without a promise. Other sinks: log, macos, email, shell, webhook.`,
  },
  {
    name: 'failures',
    summary: 'incidents, and a ladder of what mends them',
    text: `Each failure is put on file before anything else is done about it: one *incident* for one bug, however often it comes (the same
cadence, the same error, the same functions of your own; never its ids, times, addresses or line numbers). Its folder reads well
in cat: report.md, the stack trace (Python, Node, Go, Rust, Java) with the source around each of your frames, the log
around the place, what the cadence was told to do without its secrets, what was tried. A run that ends well resolves it. What
the watchman finds is one, too: a missed slot (missed), a timer that the system does not run (disabled) or that lets its
slots pass (stale); a cadence with on_diagnose: {} has an agent asked about it once a repair did not help.

  cadence-bus incidents                              # what is open now; status and why name it too
  cadence-bus incidents show nightly-backup          # by its cadence, or by the beginning of its id
  cadence-bus incidents ignore nightly-backup --for 12h    # counted, told to nobody; approve and resolve are the other orders
  cadence-bus learn                                  # what 30 days say: persistent, chronic_cycle, intermittent, and why
  cadence-bus analyze --since 7d                     # what fails most, what mends it, what it costs
  cadence-bus vault                                  # all of it as linked Markdown notes, which Obsidian opens as a vault

What fails and heals by itself ten times in a row is noise: only the digest of learn tells of it, until it stops healing. What
needs a person and what is critically late is always told. Two hundred incidents that are over are kept. Where there is a vault, the owner keeps its notes true.

  # more keys of a cadence that trains something
  on_failure:
    - { when: { message: "resolve host" }, retry: true }                  # rules, top down: the first that fits; when: a detector, a regex, both
    - { when: { message: "out of memory" }, restart_with_env: { BATCH: half } }
    - { when: any, command: [./free-space.sh, "{error}"] }                # exit 0: it is mended, try again; 1: a person is needed
    - { agent: { max_usd: 2, allowed_tools: [Read, Edit], verify: 10m } } # claude, or command: [codex, exec, "-"], or session: true
    - { notify: true }

A rule acts on the first failure, an agent when rules did not hold, a person last. Who mends is a run like every other: budget, timeout, log,
cancel, halt. The next run decides: a fix is kept, or undone when the same failure comes back first; then an agent rests 6 h, twice as long
each time, and after five is asked no more until incidents approve. What programs wrote is data in its prompt, its tools are those named here, and no
usable answer means a person. All is in state/cadence-bus/attempts.tsv; a session answers with incidents respond.`,
  },
  {
    name: 'results',
    summary: 'output, evidence, what a run came to',
    text: `  # more keys of a cadence whose command prints JSON
  run: { command: [./tidy.sh], output: json, dry_run_args: [--dry-run] }   # text, json, jsonl (each line an event) or auto
  summary: "{tabs_archived} tabs archived"
  schema: { type: object, properties: { folder: { type: string } }, required: [folder] }   # of the payload, checked before anything runs
  verify: { newer: "out/*.md" }                                            # or {command: [...]}, or {schema: {...}} of the result

Success is evidence, not an exit code: a run that ended well and cannot show what verify: asks for has failed, and one whose
evidence could not be looked at is *unverified*, which closes no breaker. run --dry-run asks the command's own dry run where
it has one; run --force goes past guard, pause and breaker of that cadence, never past a budget or the emergency stop.`,
  },
  {
    name: 'budgets',
    summary: 'what may be spent, and what is set aside',
    text: `  # in the front matter of cadences/brief.md
  budget: { run_usd: 0.50, day_usd: 2, month_usd: 20 }
  # in cadences/bus.yaml, for all cadences together
  budget: { day_usd: 10, month_usd: 100 }

Before a run starts, what it is expected to cost is set aside: what 19 of 20 of its past runs did not exceed, the cap while there
are fewer than five, a dollar without a cap. What no longer fits waits until the next calendar day or month of local time,
and is charged no try; a larger number in the file frees it at once. A run that dies before it tells its cost is charged
what was set aside; one whose agent says auth or billing, nothing. For agents that tell no cost there are day_runs and month_runs.

  cadence-bus costs                        # this month, by cadence, with the budgets beside it
  cadence-bus costs --since 7d --by model  # or by day
  cadence-bus check                        # the most that each cadence may cost in a month`,
  },
];
