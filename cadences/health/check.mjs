import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { freemem, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OPTIONS = { timeout: 20_000, encoding: 'utf8' };

/** Looks at disks, memory and services; fails with everything that is wrong, in words. */
export default async function healthCheck(tick) {
  const { disk_percent = 90, memory_percent = 90, disks = ['/'], units = [] } = tick.payload ?? {};
  const checks = [...(await Promise.all(disks.map((disk) => checkDisk(disk, disk_percent)))), await checkMemory(memory_percent), await checkUnits(units)];
  const wrong = checks.filter(({ ok }) => !ok);
  const words = (some) => some.map(({ found }) => found).join(', ');
  const result = { checks, failed: wrong.length };
  return wrong.length === 0 ? { kind: 'ok', summary: words(checks), result } : { kind: 'fail', reason: words(wrong), result };
}

async function checkDisk(disk, limit) {
  try {
    const { blocks, bfree, bavail } = await statfs(disk);
    const used = blocks - bfree;
    // As df counts: what is kept for root is neither used nor free.
    const percent = blocks === 0 ? 0 : Math.ceil((100 * used) / Math.max(1, used + bavail));
    return judge(`disk ${disk}`, percent, limit);
  } catch (error) {
    return { name: `disk ${disk}`, ok: false, found: `disk ${disk} cannot be looked at (${error.code ?? error.message})` };
  }
}

async function checkMemory(limit) {
  return judge('memory', Math.round(await memoryPercent()), limit);
}

/** What can be had without pushing anything out counts as free; the plain number of free pages does not say that. */
async function memoryPercent() {
  if (platform() === 'linux') {
    const info = await readFile('/proc/meminfo', 'utf8');
    const kilobytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(info)?.[1]);
    const [total, available] = [kilobytes('MemTotal'), kilobytes('MemAvailable')];
    if (total > 0 && available >= 0) return 100 - (100 * available) / total;
  }
  const said = platform() === 'darwin' ? await output('memory_pressure', ['-Q']) : undefined;
  const free = /free percentage:\s*(\d+)%/.exec(said ?? '')?.[1];
  return free === undefined ? 100 - (100 * freemem()) / totalmem() : 100 - Number(free);
}

function judge(name, percent, limit) {
  return {
    name,
    ok: percent <= limit,
    percent,
    limit,
    found: percent <= limit ? `${name} ${percent} %` : `${name} is ${percent} % full, more than ${limit} %`,
  };
}

async function checkUnits(wanted) {
  const failed = platform() === 'darwin' ? await failedJobs(wanted) : await failedUnits(wanted);
  if (failed === undefined)
    return { name: 'units', ok: wanted.length === 0, found: wanted.length === 0 ? 'units not looked at' : 'units cannot be looked at here' };
  if (failed.length === 0) return { name: 'units', ok: true, failed, found: 'units fine' };
  return { name: 'units', ok: false, failed, found: `${failed.join(', ')} ${failed.length === 1 ? 'has' : 'have'} failed` };
}

/** undefined: there is no systemd, or it does not answer us. */
async function failedUnits(wanted) {
  if (wanted.length > 0) {
    const states = await Promise.all(wanted.map(async (unit) => [unit, (await output('systemctl', ['is-active', '--', unit], true))?.trim()]));
    return states.every(([, state]) => state === undefined) ? undefined : states.filter(([, state]) => state !== 'active').map(([unit]) => unit);
  }
  const lists = await Promise.all([[], ['--user']].map((scope) => output('systemctl', [...scope, '--failed', '--no-legend', '--plain'])));
  const known = lists.filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.flatMap((text) => text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []));
}

/** `launchctl list`: PID, last exit code, label. What belongs to the system is the system's. */
async function failedJobs(wanted) {
  const text = await output('launchctl', ['list']);
  const rows = text
    ?.split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const isOurs = (label = '') => (wanted.length > 0 ? wanted.includes(label) : !label.startsWith('com.apple.'));
  return rows?.filter(([pid, code, label]) => label && isOurs(label) && pid === '-' && code !== '0' && code !== '-').map(([, , label]) => label);
}

/** undefined: the program is not there or failed. `isAnswer`: its exit code is part of its answer. */
async function output(program, words, isAnswer = false) {
  try {
    return (await run(program, words, OPTIONS)).stdout;
  } catch (error) {
    return isAnswer && typeof error.code === 'number' && error.stdout !== '' ? error.stdout : undefined;
  }
}
