import { basename } from 'node:path';
import { isSecretName, type Redact } from '../core/text/redaction.ts';
import type { Files } from '../ports.ts';
import { type EvidenceFile, unlessRefused } from './evidence-file.ts';

/** `configs/<file>`: what the cadence was told to do when it failed, without its secrets. */
const MOST_BYTES = 64 * 1024;
const SETTING = /^(\s*(?:-\s+)?(?:export\s+)?["']?)([A-Za-z_][\w.-]*)(["']?\s*[:=]\s*)(\S.*)$/;

export function snapshotConfigs(files: Pick<Files, 'read'>, paths: readonly string[], redact: Redact): readonly EvidenceFile[] {
  const names = new Set<string>();
  return paths.flatMap((path) => {
    const found = unlessRefused(() => files.read(path, MOST_BYTES));
    if (found?.kind !== 'text') return [];
    let name = basename(path).replaceAll(/[^\w.-]/g, '_');
    while (names.has(name)) name = `_${name}`;
    names.add(name);
    return [{ name: `configs/${name}`, text: withoutSecrets(found.text, redact, /^\.env/.test(basename(path))) }];
  });
}

/** A setting whose name says that it is a secret keeps its name; where only the name of a variable stands, nothing is lost. Of a file of variables only names stay. */
function withoutSecrets(text: string, redact: Redact, isEnv: boolean): string {
  const lines = text.split('\n').map((line) => {
    const [, indent = '', name = '', by = '', value = ''] = SETTING.exec(line) ?? [];
    if (isEnv && name !== '') return `${indent}${name}${by}[redacted ${name}]`;
    return isSecretName(name) && !/^["']?\$\{?\w+\}?["']?$/.test(value) && !/^[|>&*#]/.test(value) ? `${indent}${name}${by}[redacted ${name}]` : line;
  });
  return redact(lines.join('\n'));
}
