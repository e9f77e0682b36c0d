import { CadenceError } from '../../core/error.ts';
import type { TimerView } from '../../core/slot/timer.ts';
import { SCHEDULERS, type SchedulerKind } from '../../core/time/schedule.ts';
import { createFiles } from '../../platform/files.ts';
import { type ChangeView, changeDefinitions, type PlannedChange, viewChange } from '../definitions/file.ts';
import { crontabLine } from './builtin-start.ts';
import { carryOutInstall, carryOutUninstall, type InstallReport } from './installing.ts';
import { chooseScheduler, planInstall } from './plan.ts';
import { planScheduler } from './scheduler-setting.ts';
import { composeTimers, viewTimers } from './timers.ts';
import { planUninstall } from './uninstall-plan.ts';

export interface InstallOptions {
  readonly scheduler: string | undefined;
  readonly names: readonly string[];
  readonly isDry: boolean;
}

/** What was done, or in a dry run would be. */
export interface InstallView {
  readonly scheduler: SchedulerKind;
  readonly changes: readonly ChangeView[];
  readonly timers: readonly TimerView[];
  readonly proof: InstallReport['proof'] | null;
  readonly warnings: readonly string[];
  /** How the owner is started, where nobody but the user does. */
  readonly crontab: string | null;
}

export async function install(root: string, options: InstallOptions): Promise<InstallView> {
  const kind = await chooseScheduler(root, kindOf(options.scheduler));
  return kind === 'builtin' ? installBuiltin(root, options) : installKept(root, kind, options);
}

function kindOf(given: string | undefined): SchedulerKind | undefined {
  const kind = SCHEDULERS.find((one) => one === given);
  if (given !== undefined && kind === undefined)
    throw new CadenceError('usage', `"${given.slice(0, 40)}" is no scheduler`, `There are ${SCHEDULERS.join(', ')}.`);
  return kind;
}

async function installKept(root: string, kind: 'launchd' | 'systemd', { names, isDry }: InstallOptions): Promise<InstallView> {
  const other = await planUninstall(root);
  if (other !== undefined && other.keeper.kind !== kind)
    throw new CadenceError('bad_data', `${root} is installed with ${other.keeper.kind}`, 'Take that back first: cadence-bus uninstall');
  const plan = await planInstall(root, kind, names);
  const setting = planScheduler(root, kind);
  const changes = viewAll(root, [...setting, ...plan.changes]);
  const advice = await plan.keeper.advice();
  const view = { scheduler: kind, changes, warnings: [...plan.warnings, ...(advice === '' ? [] : [advice])], crontab: null };
  if (isDry) return { ...view, timers: await viewTimers(createFiles(), plan.keeper, plan.jobs), proof: null };
  return { ...view, ...(await carryOutInstall(plan)) };
}

/** It needs nobody: the owner wakes itself, as long as it is started. What another scheduler has is taken back. */
async function installBuiltin(root: string, { names, isDry }: InstallOptions): Promise<InstallView> {
  if (names.length > 0) throw new CadenceError('usage', 'the builtin scheduler keeps the time of all cadences', 'Leave out the names.');
  const kept = await planUninstall(root);
  const changes = viewAll(root, [...planScheduler(root, 'builtin'), ...(kept?.changes ?? [])]);
  if (!isDry && kept !== undefined) await carryOutUninstall(kept);
  if (!isDry) await changeDefinitions(root, false, () => planScheduler(root, 'builtin'));
  return { scheduler: 'builtin', changes, timers: [], proof: null, warnings: [], crontab: crontabLine(root) };
}

export interface UninstallView {
  readonly scheduler: SchedulerKind;
  readonly changes: readonly ChangeView[];
}

export async function uninstall(root: string, isDry: boolean): Promise<UninstallView> {
  const plan = await planUninstall(root);
  const changes = viewAll(root, [...planScheduler(root, 'builtin'), ...(plan?.changes ?? [])]);
  if (!isDry && plan !== undefined) await carryOutUninstall(plan);
  if (!isDry) await changeDefinitions(root, false, () => planScheduler(root, 'builtin'));
  return { scheduler: plan?.keeper.kind ?? 'builtin', changes };
}

function viewAll(root: string, changes: readonly PlannedChange[]): readonly ChangeView[] {
  return changes.map((change) => viewChange(root, change));
}

export async function listInstalled(root: string): Promise<{ readonly scheduler: SchedulerKind; readonly timers: readonly TimerView[] }> {
  const timers = composeTimers(root);
  return { scheduler: timers.scheduler, timers: await timers.list() };
}
