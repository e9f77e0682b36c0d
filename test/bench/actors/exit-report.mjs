/** Loaded before a program that is measured: when it ends, what it took is written down. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const path = process.env.CADENCE_BENCH_REPORT;
  if (path === undefined) return;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const { active } = performance.eventLoopUtilization();
  writeFileSync(path, JSON.stringify({ cpuUs: userCPUTime + systemCPUTime, userUs: userCPUTime, peakRssKib: maxRSS, loopBusyMs: active }));
});
