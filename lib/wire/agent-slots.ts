import * as z from 'zod';
import type { SourceProblem } from './problem.ts';
import { agentKeys, claudeKeys } from './run-kind.ts';
import { choice, keys, list } from './value.ts';
import type { YamlSource } from './yaml-source.ts';

/** Agents of which one runs a cadence, the first that can: as they are written in a cadence and in bus.yaml. */
const NAME = 'the name of an agent (a-z, 0-9 and -)';
const agentName = z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/, { error: NAME });
const ACCOUNT = 'a word of a-z, 0-9 and -';
const SLOT = 'a map such as {name: codex, agent: {command: [codex, exec, "-"]}}';
const SLOTS = `a list of agents, each ${SLOT}`;
const CHOICE = 'the name of an agent of bus.yaml, or a map such as {claude: {model: haiku}}';
const CHOICES = `a list of agents, each ${CHOICE}`;

const agentSlot = keys(
  {
    name: agentName.optional().describe('What it is called in receipts, breakers and status. Default: claude, or the name of its program.'),
    claude: claudeKeys.nullable().optional().describe('A claude session. What it does not say is taken from run: {claude: …} of the cadence.'),
    agent: agentKeys.optional().describe('An agent of any make: {command: …}.'),
    account: z
      .string({ error: ACCOUNT })
      .regex(/^[a-z0-9][a-z0-9-]{0,48}[a-z0-9]$/, { error: ACCOUNT })
      .optional()
      .describe(
        'Failures of this account pass over all agents that use it. Default: its name where it has a login of its own in env or is run by a shell or the like, else claude or its program.',
      ),
    only: choice(['diagnosis']).optional().describe('diagnosis: it runs nothing but cadences that say diagnosis: true.'),
  },
  SLOT,
);

const ORDER =
  'In this order: one that is dead, or whose account is, is passed over at once and no try is charged for it; three failures in a row open its breaker';

export const cadenceAgents = list(z.union([agentName, agentSlot], { error: CHOICE }), CHOICES, 1)
  .optional()
  .describe(
    `Agents of which the first that can runs it: names of those in bus.yaml, or maps. ${ORDER}. Default for an .md file without run: those of bus.yaml.`,
  );

export const busAgents = list(agentSlot, SLOTS, 1).optional().describe(`The agents that run every .md file which names no other. ${ORDER}.`);

export type SlotFile = z.infer<typeof agentSlot>;

/** What no schema tells of a slot: it is one agent, and not two have one name. */
export function checkSlots(slots: readonly (string | SlotFile)[], source: YamlSource): readonly SourceProblem[] {
  const names = new Map<string, number>();
  return slots.flatMap((slot, index) => {
    const at = ['agents', index] as const;
    if (typeof slot !== 'string' && (slot.agent === undefined) === (slot.claude === undefined)) {
      const found = slot.agent === undefined ? 'names no program' : 'names claude and agent';
      return [source.problem(at, `${found}, expected one of claude, agent`, 'Write {claude: {model: haiku}} or {agent: {command: [codex, exec, "-"]}}.')];
    }
    const name = typeof slot === 'string' ? slot : nameOfSlot(slot);
    const first = names.get(name);
    if (first === undefined) {
      names.set(name, index);
      return [];
    }
    return [source.problem(at, `a second agent called ${name}, after the one at ${first + 1}`, 'Give it a name of its own: name: …')];
  });
}

/** `/opt/bin/codex` is called codex. */
export function nameOfSlot({ name, agent }: SlotFile): string {
  if (name !== undefined) return name;
  if (agent === undefined) return 'claude';
  const { command } = agent;
  const program = String(Array.isArray(command) ? command[0] : command.trim().split(/\s+/)[0]);
  const word = program.split('/').at(-1) ?? '';
  return agentName.safeParse(word).success ? word : 'agent';
}
