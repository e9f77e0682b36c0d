import { type Check, ok, warn } from './check.ts';
import { counted, listed } from './wording.ts';

export interface SinksDeps {
  readonly sinks: () => Promise<readonly { readonly sink: string; readonly pending: number; readonly lost: number; readonly last_error: string | null }[]>;
}

/** What is told to nobody is what everything else here is told by. */
export function createSinksCheck({ sinks }: SinksDeps): Check {
  return {
    id: 'sinks',
    title: 'Notices',
    async inspect() {
      const all = await sinks();
      const ill = all.filter(({ lost, last_error }) => lost > 0 || last_error !== null);
      if (ill.length === 0) return ok(all.length === 0 ? 'nobody is told of anything' : `${counted(all.length, 'sink')}, none of them known to be ill`);
      const words = ill.map(({ sink, pending, lost, last_error }) => {
        const parts = [pending > 0 ? `${counted(pending, 'notice')} not told yet` : '', lost > 0 ? `${counted(lost, 'notice')} told to nobody` : ''];
        return `${sink}: ${parts.filter((part) => part !== '').join(', ')} (${last_error ?? 'no reason is known'})`;
      });
      return warn(listed(words), `cadence-bus notify test${ill.length === 1 ? ` ${ill[0]?.sink}` : ''}`);
    },
  };
}
