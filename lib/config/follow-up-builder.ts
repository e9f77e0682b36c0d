import type { CommandRun, FollowUpPolicy, RunKind } from '../core/cadence.ts';
import { HOOKS, type HookName, noticeKindsOf } from '../core/notice/follow-up.ts';
import type { NotifyPolicy } from '../core/notice/policy.ts';
import { parseDuration } from '../core/time/duration.ts';
import type { HookFile, HooksFile, NotifyFile } from '../wire/follow-up.ts';
import type { OnFailureEntry } from '../wire/ladder.ts';
import type { KeyPath } from '../wire/problem.ts';
import { type BuildContext, buildCommand } from './run-builder.ts';
import { buildSinks } from './sink-builder.ts';

type FollowUpKeys = { readonly [K in Exclude<HookName, 'on_failure'>]?: HooksFile | undefined } & {
  readonly on_failure: readonly OnFailureEntry[];
  readonly notify?: NotifyFile | undefined;
};

/** undefined: nothing is said of what follows. */
export function buildFollowUps(file: FollowUpKeys, run: RunKind, context: BuildContext): FollowUpPolicy | undefined {
  const failing = file.on_failure.filter((entry) => 'hook' in entry);
  const given = { ...file, on_failure: failing.length === 0 ? undefined : failing };
  if (file.notify === undefined && HOOKS.every((hook) => given[hook] === undefined)) return undefined;
  const hooks = HOOKS.flatMap((hook) => {
    const written = hook === 'on_failure' ? undefined : given[hook];
    if (hook === 'on_failure' && given.on_failure !== undefined) {
      return [[hook, failing.flatMap((entry) => buildHook(entry.hook, entry.at === undefined ? [hook] : [hook, entry.at], run, context))] as const];
    }
    return written === undefined ? [] : [[hook, buildHooks(written, [hook], run, context)] as const];
  });
  return { hooks: Object.fromEntries(hooks), notify: buildNotify(file.notify, context.root) };
}

export function buildNotify(given: NotifyFile | undefined, root: string): NotifyPolicy {
  if (given === false) return 'none';
  const { on, message, after, cooldown, remind, ...sinks } = given ?? {};
  return {
    ...(on === undefined ? {} : { on: noticeKindsOf(on) }),
    ...(message === undefined ? {} : { message }),
    ...(after === undefined ? {} : { after }),
    ...(cooldown === undefined ? {} : { cooldownMs: parseDuration(String(cooldown)) ?? 0 }),
    ...(remind === undefined ? {} : { remindMs: parseDuration(String(remind)) ?? 0 }),
    ...buildSinks(sinks, root),
  };
}

function buildHooks(given: HooksFile, at: KeyPath, run: RunKind, context: BuildContext): readonly CommandRun[] {
  if (!Array.isArray(given)) return buildHook(given as HookFile, at, run, context);
  return given.flatMap((one, index) => buildHook(one, [...at, index], run, context));
}

/** A line of a shell runs in the root, and sees what the run itself sees of the environment. */
function buildHook(given: HookFile, at: KeyPath, run: RunKind, context: BuildContext): readonly CommandRun[] {
  if (typeof given === 'string') {
    const env = run.kind === 'inline' ? { names: [], values: {} } : run.env;
    return [{ kind: 'command', argv: [given], shell: true, cwd: context.root, env, okCodes: [0] }];
  }
  const built = buildCommand(given, at, context);
  return built === undefined ? [] : [built];
}
