import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { takeAudit } from '../../lib/app/answers/audit.ts';
import { createProducer } from '../../lib/platform/producer.ts';
import { startCli } from '../support/owner-cli.ts';

export interface Soak {
  readonly ticks: number;
  readonly children: number;
  /** Handles open at the end of the first half, and at the end. */
  readonly handles: readonly [number, number];
  readonly mib: readonly [number, number];
  /** Growth in the second half, per 100,000 ticks. */
  readonly mibPer100k: number;
  readonly wrong: readonly string[];
}

const ROUNDS = 12;
const PATIENCE_MS = 600_000;

/** One owner under load for as long as it takes: what it holds open and what it remembers must not grow with what it has done. */
export async function soak(ticksARound: number): Promise<Soak> {
  const root = realpathSync.native(mkdtempSync(join(tmpdir(), 'cb-soak-')));
  mkdirSync(`${root}/cadences`);
  writeFileSync(`${root}/cadences/handler.yaml`, 'run: { inline: ./handler.mjs }\n');
  for (const dir of ['', 'cadences/']) writeFileSync(`${root}/${dir}handler.mjs`, 'export default async () => "done";\n');
  writeFileSync(`${root}/cadences/child.yaml`, 'run: { command: ["true"] }\n');
  const owner = startCli(['start', '--root', root]);
  try {
    const producer = createProducer({ root });
    const childrenARound = Math.round(ticksARound / 100);
    const seen: { readonly handles: number; readonly mib: number }[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const names = Array.from({ length: ticksARound }, (_, n) => (n < childrenARound ? 'child' : 'handler'));
      await Promise.all(names.map((name, n) => producer.enqueue(name, { source: 'soak', payload: n })));
      await untilFinished(root, round * ticksARound);
      seen.push(sample(owner.pid));
    }
    const [half, end] = [seen[ROUNDS / 2 - 1], seen[ROUNDS - 1]] as [(typeof seen)[number], (typeof seen)[number]];
    const mibPer100k = ((end.mib - half.mib) / ((ROUNDS / 2) * ticksARound)) * 100_000;
    const { missing, doubled } = takeAudit(root);
    const wrong = [...missing, ...doubled].map((id) => `${id} is missing or doubled`);
    const [ticks, children] = [ROUNDS * ticksARound, ROUNDS * childrenARound];
    return { ticks, children, handles: [half.handles, end.handles], mib: [half.mib, end.mib], mibPer100k, wrong };
  } finally {
    owner.kill('SIGTERM');
    await owner.ended;
    rmSync(root, { recursive: true, force: true });
  }
}

async function untilFinished(root: string, count: number): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { finished } = takeAudit(root);
    if (finished >= count) return;
    if (performance.now() > untilMs) throw new Error(`only ${finished} of ${count} ticks have ended`);
    await pause(200);
  }
}

function sample(pid: number): { readonly handles: number; readonly mib: number } {
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  return { handles: readdirSync(`/proc/${pid}/fd`).length, mib: kib / 1024 };
}
