import { CadenceError } from '../core/error.ts';
import { hasSection, withSection } from '../core/text/marked-section.ts';
import { nearest } from '../core/text/nearest.ts';
import { createFiles } from '../platform/files.ts';
import { readMachine } from '../platform/machine.ts';
import type { PlannedChange } from './definitions/file.ts';
import { asSkill, SKILL } from './skill-text.ts';

export const SCOPES = ['local', 'global'] as const;
export type Scope = (typeof SCOPES)[number];

export interface SkillView {
  readonly tool: string;
  readonly scope: Scope;
  readonly path: string;
  readonly state: 'installed' | 'outdated' | 'absent' | 'foreign';
}

/** `section`: part of a file that others write, too. `skill`, `rule`, `plain`: a file of our own, with what its tool wants before it. */
interface Place {
  readonly kind: 'section' | 'skill' | 'rule' | 'plain';
  readonly local: string;
  /** Under the home folder; absent: this tool knows no such place. */
  readonly global?: string;
}

const PLACES: Readonly<Record<string, Place>> = {
  claude: { kind: 'skill', local: '.claude/skills/cadence-bus/SKILL.md', global: '.claude/skills/cadence-bus/SKILL.md' },
  'agents-md': { kind: 'section', local: 'AGENTS.md' },
  codex: { kind: 'section', local: 'AGENTS.md', global: '.codex/AGENTS.md' },
  opencode: { kind: 'section', local: 'AGENTS.md', global: '.config/opencode/AGENTS.md' },
  pi: { kind: 'section', local: 'AGENTS.md', global: '.pi/agent/AGENTS.md' },
  gemini: { kind: 'section', local: 'GEMINI.md', global: '.gemini/GEMINI.md' },
  copilot: { kind: 'section', local: '.github/copilot-instructions.md' },
  cursor: { kind: 'rule', local: '.cursor/rules/cadence-bus.mdc' },
  windsurf: { kind: 'plain', local: '.windsurf/rules/cadence-bus.md' },
  cline: { kind: 'plain', local: '.clinerules/cadence-bus.md' },
  roo: { kind: 'plain', local: '.roo/rules/cadence-bus.md' },
  continue: { kind: 'plain', local: '.continue/rules/cadence-bus.md' },
};

export const TOOLS: readonly string[] = Object.keys(PLACES);

export function listSkills(root: string, scope: Scope): readonly SkillView[] {
  return TOOLS.flatMap((tool) => {
    const path = pathOf(root, tool, scope);
    if (path === undefined) return [];
    const before = readIfThere(path);
    const state = before === undefined || !isOurs(tool, before) ? (before === undefined || isSection(tool) ? 'absent' : 'foreign') : undefined;
    return [{ tool, scope, path, state: state ?? (written(tool, before) === before ? 'installed' : 'outdated') }];
  });
}

/** Nothing to do where it is installed already. A file of that name that is not ours is left alone. */
export function planSkills(root: string, tools: readonly string[], scope: Scope): readonly PlannedChange[] {
  const changes = new Map<string, PlannedChange>();
  for (const tool of tools) {
    const path = pathOf(root, tool, scope);
    if (path === undefined) throw new CadenceError('bad_data', `${tool} has no place for all projects`, 'Install it here: leave --scope out.');
    const before = readIfThere(path);
    if (before !== undefined && !isSection(tool) && !isOurs(tool, before))
      throw new CadenceError('bad_data', `${path} is there and was not made by cadence-bus`, 'It is left alone. Move it away, or choose another tool.');
    const after = written(tool, before);
    if (after !== before) changes.set(path, { path, before, after });
  }
  return [...changes.values()];
}

function pathOf(root: string, tool: string, scope: Scope): string | undefined {
  const place = PLACES[tool];
  if (place === undefined) {
    const close = nearest(tool, TOOLS);
    throw new CadenceError(
      'usage',
      `nothing is known of the tool ${tool.slice(0, 80)}`,
      close === undefined ? `One of ${TOOLS.join(', ')}.` : `Did you mean ${close}?`,
    );
  }
  if (scope === 'local') return `${root}/${place.local}`;
  return place.global === undefined ? undefined : `${readMachine().home}/${place.global}`;
}

const isSection = (tool: string): boolean => PLACES[tool]?.kind === 'section';

function isOurs(tool: string, text: string): boolean {
  return isSection(tool) ? hasSection(text) : text.includes('Made by cadence-bus skills install');
}

function written(tool: string, before: string | undefined): string {
  const kind = PLACES[tool]?.kind ?? 'plain';
  return kind === 'section' ? withSection(before ?? '', SKILL) : asSkill(kind);
}

function readIfThere(path: string): string | undefined {
  const files = createFiles();
  const read = files.info(path) === undefined ? undefined : files.read(path);
  if (read === undefined || read.kind === 'text') return read?.text;
  throw new CadenceError('bad_data', `${path} is no text that can be changed`, 'Look at it with ls -la.');
}
