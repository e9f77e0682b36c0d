import { parseDuration } from '../core/time/duration.ts';
import { DEFAULT_HEARTBEAT, DEFAULT_SELF_DIAGNOSIS, type HeartbeatSettings, type SelfDiagnosisSettings } from '../core/watch/settings.ts';
import type { HeartbeatFile, SelfDiagnosisFile } from '../wire/watch.ts';

export function buildHeartbeat(file: HeartbeatFile | undefined): HeartbeatSettings {
  const { enabled, interval, wake_delay, ping_url, ping_url_env } = file ?? {};
  return {
    enabled: enabled ?? DEFAULT_HEARTBEAT.enabled,
    intervalMs: parseDuration(interval ?? '') ?? DEFAULT_HEARTBEAT.intervalMs,
    wakeDelayMs: wake_delay === 0 ? 0 : (parseDuration(wake_delay ?? '') ?? DEFAULT_HEARTBEAT.wakeDelayMs),
    ping: ping_url !== undefined ? { url: ping_url } : ping_url_env !== undefined ? { env: ping_url_env } : DEFAULT_HEARTBEAT.ping,
  };
}

export function buildSelfDiagnosis(file: SelfDiagnosisFile | undefined): SelfDiagnosisSettings {
  return { enabled: file?.enabled ?? DEFAULT_SELF_DIAGNOSIS.enabled, maxUsd: file?.max_usd ?? DEFAULT_SELF_DIAGNOSIS.maxUsd };
}
