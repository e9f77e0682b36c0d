import type { CommandRun, FollowUpPolicy, RunKind } from '../core/cadence.ts';
import { parseDuration } from '../core/duration.ts';
import { HOOKS } from '../core/follow-up.ts';
import type { NotifyPolicy } from '../core/notify-policy.ts';
import type { HooksFile, NotifyFile } from '../wire/follow-up.ts';
import type { KeyPath } from '../wire/problem.ts';
import { type BuildContext, buildCommand } from './run-builder.ts';
import { buildSinks } from './sink-builder.ts';

type FollowUpKeys = { readonly [K in (typeof HOOKS)[number]]?: HooksFile | undefined } & { readonly notify?: NotifyFile | undefined };

/** undefined: nothing is said of what follows. */
export function buildFollowUps(file: FollowUpKeys, run: RunKind, context: BuildContext): FollowUpPolicy | undefined {
  if (file.notify === undefined && HOOKS.every((hook) => file[hook] === undefined)) return undefined;
  const hooks = HOOKS.flatMap((hook) => {
    const given = file[hook];
    return given === undefined ? [] : [[hook, buildHooks(given, [hook], run, context)] as const];
  });
  return { hooks: Object.fromEntries(hooks), notify: buildNotify(file.notify, context.root) };
}

export function buildNotify(given: NotifyFile | undefined, root: string): NotifyPolicy {
  if (given === false) return 'none';
  const { on, message, after, cooldown, remind, ...sinks } = given ?? {};
  return {
    ...(on === undefined ? {} : { on }),
    ...(message === undefined ? {} : { message }),
    ...(after === undefined ? {} : { after }),
    ...(cooldown === undefined ? {} : { cooldownMs: parseDuration(String(cooldown)) ?? 0 }),
    ...(remind === undefined ? {} : { remindMs: parseDuration(String(remind)) ?? 0 }),
    ...buildSinks(sinks, root),
  };
}

function buildHooks(given: HooksFile, at: KeyPath, run: RunKind, context: BuildContext): readonly CommandRun[] {
  if (!Array.isArray(given)) return buildHook(given as Exclude<HooksFile, readonly unknown[]>, at, run, context);
  return given.flatMap((one, index) => buildHook(one, [...at, index], run, context));
}

/** A line of a shell runs in the root, and sees what the run itself sees of the environment. */
function buildHook(given: Exclude<HooksFile, readonly unknown[]>, at: KeyPath, run: RunKind, context: BuildContext): readonly CommandRun[] {
  if (typeof given === 'string') {
    const env = run.kind === 'inline' ? { names: [], values: {} } : run.env;
    return [{ kind: 'command', argv: [given], shell: true, cwd: context.root, env, okCodes: [0] }];
  }
  const built = buildCommand(given, at, context);
  return built === undefined ? [] : [built];
}
