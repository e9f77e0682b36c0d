const ABOUT =
  'Run, watch and define background jobs and scheduled agents with cadence-bus. Use it when asked to run a task in the background, to schedule one, or to find out why a job failed or did not run.';

/** What an agent must know; everything else it is told by the program itself. */
export const SKILL = `## Background tasks: cadence-bus

${ABOUT}

Begin with \`cadence-bus capabilities --json\`: it lists every command (flags, exit codes, examples, whether it changes or
destroys something) and every cadence here (what it does, inputs, outputs, the schema of its payload, required_env and what
is missing of it, network, destructive, schedule, how it ended last). Do not guess: what is not in there does not exist.

1. Look: \`cadence-bus show <cadence> --json\`. Stop and ask a human before you run what says \`"destructive": true\`.
2. Rehearse: \`cadence-bus run <cadence> --dry-run --json\` (exit 2: nothing was changed).
3. Start: \`cadence-bus run <cadence> --async --json [--payload '{"…": …}']\`. The answer is a receipt on disk: keep its
   \`run_id\`, and use its status_command, wait_command and logs_command as they are.
4. Follow: \`cadence-bus wait <run_id> --timeout 10m --json\` (exit 0 well, 1 not well, 124 not over yet), \`logs\`, \`events\`.
5. Stop: \`cadence-bus cancel <run_id> --json\`.
6. Diagnose: \`cadence-bus status --json\`, \`runs <cadence> --status failed --json\`, \`dlq --json\`, \`doctor --json\`.

Every answer with --json is one object with \`ok\` first; a failure is \`{"ok": false, "error": {"code", "message", "hint"}}\`,
and the hint says what to do next. Exit 75 means held: do not retry in a loop, read why. Make and change cadences with
\`new\`, \`edit\`, \`enable\`, \`disable\` (each with --dry-run, which shows a diff), never by writing into state/.
\`cadence-bus schema <command>\` prints the JSON Schema of an answer.`;

const MARK = '<!-- Made by cadence-bus skills install; made anew by it. -->';

/** A file of its own, with the head that its tool looks for. */
export function asSkill(kind: 'skill' | 'rule' | 'plain'): string {
  const body = `${MARK}\n\n${SKILL}\n`;
  switch (kind) {
    case 'skill':
      return `---\nname: cadence-bus\ndescription: ${ABOUT}\n---\n\n${body}`;
    case 'rule':
      return `---\ndescription: ${ABOUT}\nalwaysApply: false\n---\n\n${body}`;
    case 'plain':
      return body;
  }
}
