import type { OwnerView } from '../app/answers/status.ts';
import type { Paint } from './command.ts';

/** Who runs the bus, in one line. */
export function ownerLine(owner: OwnerView, paint: Paint): string {
  const who = `process ${owner.pid}, since ${owner.started_at}`;
  switch (owner.state) {
    case 'running':
      return owner.because === null ? `${paint.green('● owner running')}  ${who}` : `${paint.red('● owner running')}  ${who}; ${owner.because}`;
    case 'silent':
      return `${paint.yellow('● owner does not answer')}  ${who}; it is stopped or asleep (cadence-bus start --takeover ends it first)`;
    case 'stopped':
      return `${paint.dim('○ no owner')}  the last one stopped: ${owner.because ?? ''}`;
    case 'died':
      return `${paint.red('○ no owner')}  the last one (${who}) died${owner.because === null ? '' : `: ${owner.because}`}`;
    case 'never_started':
      return `${paint.dim('○ no owner')}  none has run here yet`;
  }
}
