import { takeAudit } from '../../app/answers/audit.ts';
import type { CommandContext } from '../command.ts';

export async function run({ out, root }: CommandContext): Promise<number> {
  const audit = takeAudit(await root());
  const isWhole = audit.missing.length === 0 && audit.doubled.length === 0;
  out.result({ ok: isWhole, ...audit }, () =>
    [
      `${audit.enqueued} enqueued = ${audit.waiting} waiting + ${audit.running} running + ${audit.finished} finished + ${audit.dead} dead${isWhole ? '' : ` + ${audit.missing.length} missing`}`,
      isWhole ? out.paint.green('Nothing is lost.') : '',
      ...audit.missing.map((id) => `missing  ${id}  (cadence-bus events ${id})`),
      ...audit.doubled.map((id) => `in two places  ${id}`),
    ]
      .filter((line) => line !== '')
      .join('\n'),
  );
  return isWhole ? 0 : 1;
}
