import type { Entry, Seen } from './keeper.ts';
import { unknown } from './keeper.ts';

/** Properties of a unit, as `systemctl show` prints them. */
type Properties = ReadonlyMap<string, string>;

export const PROPERTIES = 'Id,LoadState,LoadError,ActiveState,SubState,UnitFileState,MainPID,NRestarts,ExecMainStatus,Result,LastTriggerUSec,NeedDaemonReload';

/** A block a unit, with blank lines between them; by its Id. */
export function readShow(text: string): ReadonlyMap<string, Properties> {
  const units = text.split(/\n{2,}/).map((block) => new Map(block.split('\n').flatMap((line) => pairOf(line) ?? [])));
  return new Map(units.flatMap((unit) => (unit.has('Id') ? [[unit.get('Id') as string, unit] as const] : [])));
}

function pairOf(line: string): readonly (readonly [string, string])[] | undefined {
  const at = line.indexOf('=');
  return at <= 0 ? undefined : [[line.slice(0, at), line.slice(at + 1)]];
}

/** What systemd says of an entry; a timer is two units. */
export function readUnits(units: ReadonlyMap<string, Properties>, { label, role }: Entry): Seen {
  const service = units.get(`${label}.service`);
  if (service?.get('ActiveState') === undefined) return unknown('systemctl show says nothing of it');
  if (role !== 'timer' && role !== 'heartbeat') return ofService(service);
  const timer = units.get(`${label}.timer`);
  return timer?.get('ActiveState') === undefined ? unknown('systemctl show says nothing of its timer') : ofTimer(timer, service);
}

function ofService(service: Properties): Seen {
  const about = { pid: positive(service.get('MainPID')), runs: null, lastExitCode: exitCode(service) };
  const unloaded = ofFile(service);
  if (unloaded !== undefined) return unloaded;
  const [active, sub] = [service.get('ActiveState'), service.get('SubState')];
  if (sub === 'auto-restart') return { state: 'failed', because: `${endOf(service)}; systemd starts it again`, ...about };
  if (active === 'active' || active === 'reloading' || active === 'deactivating' || active === 'activating') return { state: 'running', because: '', ...about };
  if (active === 'failed') return { state: 'failed', because: endOf(service), ...about };
  if (active !== 'inactive') return { ...unknown(`systemctl show says: ActiveState=${active}`), ...about };
  const isOff = service.get('UnitFileState') === 'disabled';
  return { state: isOff ? 'disabled' : 'idle', because: isOff ? 'systemctl disable was said of it' : 'it does not run', ...about };
}

function ofTimer(timer: Properties, service: Properties): Seen {
  const runs = neverFired(timer) ? 0 : null;
  const code = exitCode(service);
  // 0 is what systemd says of what was never started, too.
  const about = { pid: positive(service.get('MainPID')), runs, lastExitCode: runs === 0 && code === 0 ? null : code };
  const unloaded = ofFile(timer) ?? ofFile(service);
  if (unloaded !== undefined) return unloaded;
  const active = timer.get('ActiveState');
  if (active === 'failed') return { state: 'failed', because: `its timer failed (${timer.get('Result')})`, ...about };
  if (active === 'inactive') {
    const isOff = timer.get('UnitFileState') === 'disabled';
    return { state: isOff ? 'disabled' : 'not_loaded', because: isOff ? 'systemctl disable was said of its timer' : 'its timer is not started', ...about };
  }
  if (active !== 'active' && active !== 'activating') return { ...unknown(`systemctl show says: ActiveState=${active}`), ...about };
  if (service.get('ActiveState') === 'failed') return { state: 'failed', because: endOf(service), ...about };
  const isRunning = ['active', 'activating'].includes(service.get('ActiveState') ?? '');
  return { state: isRunning ? 'running' : 'idle', because: staleness(timer), ...about };
}

/** What is to be said before anything else: the file is not there, wrong, or masked. */
function ofFile(unit: Properties): Seen | undefined {
  const load = unit.get('LoadState');
  if (load === 'not-found') return { ...unknown('systemd does not know it'), state: 'not_loaded' };
  if (load === 'masked') return { ...unknown('systemctl mask was said of it'), state: 'disabled' };
  if (load === 'bad-setting' || load === 'error')
    return { ...unknown(`systemd finds its file wrong: ${/"(.*)"/.exec(unit.get('LoadError') ?? '')?.[1] ?? load}`), state: 'failed' };
  return load === 'loaded' ? undefined : unknown(`systemctl show says: LoadState=${load}`);
}

function staleness(unit: Properties): string {
  return unit.get('NeedDaemonReload') === 'yes' ? 'its file was changed, and systemd has not read it again' : '';
}

function neverFired(timer: Properties): boolean {
  const last = timer.get('LastTriggerUSec');
  return last === '' || last === 'n/a';
}

const CANNOT_EXEC = 203;

function endOf(service: Properties): string {
  const code = exitCode(service);
  const result = service.get('Result') ?? '';
  if (code === CANNOT_EXEC) return 'systemd could not start its program (203): it was moved, or may not be run';
  if (result === 'start-limit-hit') return 'it failed too often in a short time, and systemd has given it up';
  return result === 'exit-code' && code !== null ? `it ended with exit code ${code}` : `it failed (${result || 'no reason is given'})`;
}

function positive(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

function exitCode(service: Properties): number | null {
  const text = service.get('ExecMainStatus');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}
