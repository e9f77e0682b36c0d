import type { Schedule } from '../../lib/core/time/schedule.ts';
import { parseSchedule } from '../../lib/core/time/schedule-words.ts';
import type { Job } from '../../lib/schedules/job.ts';

export function scheduleOf(lines: string | readonly string[], timezone?: string): Schedule {
  const rules = [lines].flat().flatMap((line) => {
    const read = parseSchedule(line);
    if (read.kind === 'fault') throw new Error(`${line}: ${read.message}`);
    return read.rule;
  });
  return { rules, timezone };
}

export function ownerJob(changes: Partial<Job> = {}): Job {
  return {
    name: 'owner',
    role: 'owner',
    label: 'cadence-bus.writer-1a2b3c4d.owner',
    description: 'cadence-bus: the owner of /home/ada/writer',
    argv: ['/usr/bin/true', '/opt/cadence-bus/dist/bin/cadence-bus.js', 'start', '--json', '--root', '/home/ada/writer'],
    when: { kind: 'always' },
    searchPath: '/opt/node/bin:/usr/local/bin:/usr/bin:/bin',
    workFolder: '/home/ada/writer',
    logStem: '/home/ada/writer/logs/cadence-bus/owner',
    ...changes,
  };
}

export function timerJob(lines: string | readonly string[], changes: Partial<Job> = {}, timezone?: string): Job {
  return {
    name: 'backup',
    role: 'timer',
    label: 'cadence-bus.writer-1a2b3c4d.timer.backup',
    description: 'cadence-bus: backup of /home/ada/writer',
    argv: ['/bin/sh', '/opt/cadence-bus/bin/enqueue', 'backup', '--once', '--source', 'systemd', '--root', '/home/ada/writer'],
    when: { kind: 'slots', schedule: scheduleOf(lines, timezone), machineZone: 'Europe/Vienna' },
    searchPath: '/usr/bin:/bin',
    logStem: '/home/ada/writer/logs/cadence-bus/timers/backup',
    ...changes,
  };
}
