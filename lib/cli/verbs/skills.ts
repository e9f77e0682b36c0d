import { carryOutChanges, viewChange } from '../../app/definitions/file.ts';
import { listSkills, planSkills, SCOPES, type Scope, type SkillView, TOOLS } from '../../app/skills.ts';
import { CadenceError } from '../../core/error.ts';
import { nearest } from '../../core/text/nearest.ts';
import { tellChanges } from '../changes.ts';
import type { CommandContext } from '../command.ts';
import { table } from '../output.ts';

const VERBS = ['ls', 'install'] as const;

export async function run(context: CommandContext): Promise<number> {
  const { words, flags, root } = context;
  const [verb = 'ls'] = words;
  const said = flags.text('scope') ?? 'local';
  const scope = SCOPES.find((known) => known === said);
  if (scope === undefined) throw new CadenceError('usage', `--scope ${said.slice(0, 80)} is neither local nor global`, 'See cadence-bus skills --help.');
  const at = scope === 'local' ? await root() : context.cwd;
  switch (VERBS.find((known) => known === verb)) {
    case 'ls':
      return list(context, at, scope);
    case 'install':
      return install(context, at, scope);
    case undefined:
      throw new CadenceError('usage', `skills has no verb ${verb.slice(0, 80)}`, `Did you mean ${nearest(verb, VERBS) ?? VERBS.join(' or ')}?`);
  }
}

function list({ out }: CommandContext, root: string, scope: Scope): number {
  const skills = listSkills(root, scope);
  const color = (state: SkillView['state']): string =>
    state === 'installed' ? out.paint.green(state) : state === 'absent' ? out.paint.dim(state) : out.paint.yellow(state);
  out.result({ ok: true, skills }, () => table(skills.map(({ tool, path, state }) => [`  ${tool}`, color(state), path])));
  out.next('cadence-bus skills install --tool claude');
  return 0;
}

function install(context: CommandContext, root: string, scope: Scope): number {
  const tools = context.flags.texts('tool');
  if (tools.length === 0) throw new CadenceError('usage', 'skills install needs a tool', `--tool one of ${TOOLS.join(', ')}`);
  const changes = planSkills(root, tools, scope);
  if (!context.flags.has('dry-run')) carryOutChanges(root, changes);
  return tellChanges(context, {
    changes: changes.map((change) => viewChange(root, change)),
    nothing: `Installed already for ${tools.join(', ')}.`,
    next: ['cadence-bus capabilities --json'],
  });
}
