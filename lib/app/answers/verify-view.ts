import type { Verification } from '../../core/cadence.ts';
import { formatDuration } from '../../core/time/duration.ts';

/** The evidence that a cadence asks for, in the names of its file. */
export function viewVerify(verify: Verification | undefined): Readonly<Record<string, unknown>> | null {
  if (verify === undefined) return null;
  const common = { required: verify.isRequired, counts: verify.counts };
  switch (verify.kind) {
    case 'command':
      return { kind: verify.kind, argv: verify.run.argv, shell: verify.run.shell, cwd: verify.run.cwd, timeout_ms: verify.timeoutMs, ...common };
    case 'newer':
      return { kind: verify.kind, newer: verify.patterns, ...common };
    case 'schema':
      return { kind: verify.kind, schema: verify.schema, ...common };
  }
}

/** The same in words. */
export function describeVerify(verify: Verification | undefined): string {
  if (verify === undefined) return 'nothing but its own word';
  const more = `${verify.isRequired ? '' : ', not required'}${verify.counts === 'ended' ? ', without it a run counts as proof too' : ''}`;
  switch (verify.kind) {
    case 'command':
      return `${verify.run.argv.join(' ')}, for at most ${formatDuration(verify.timeoutMs)}${more}`;
    case 'newer':
      return `${verify.patterns.join(', ')} changed since it began${more}`;
    case 'schema':
      return `a result that fits its schema${more}`;
  }
}
