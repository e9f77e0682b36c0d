import type { Cadence } from '../core/cadence.ts';
import { type Check, fail, ok, warn } from './check.ts';
import { counted, shellWord } from './wording.ts';

export interface ClaudeDeps {
  readonly cadences: () => readonly Cadence[];
  readonly settingsFile: string;
  readonly platform: string;
  /** `isSet`: `bus.yaml` names the path. */
  readonly find: () => { readonly kind: 'found'; readonly path: string } | { readonly kind: 'missing'; readonly reason: string; readonly isSet: boolean };
  /** Asks the program for its version; never rejects. */
  readonly askVersion: (path: string) => Promise<{ readonly kind: 'said'; readonly text: string } | { readonly kind: 'failed'; readonly because: string }>;
}

/** Started by launchd with a login in the keychain, these hang before their first word. */
const HANGING: readonly (readonly [first: number, last: number])[] = [
  [197, 201],
  [203, 204],
];

function hangs(version: string): boolean {
  const patch = Number(/^2\.1\.(\d+)\b/.exec(version)?.[1]);
  return HANGING.some(([first, last]) => patch >= first && patch <= last);
}

/** Asking for the version costs nothing and needs no network. */
export function createClaudeCheck({ cadences, settingsFile, platform, find, askVersion }: ClaudeDeps): Check {
  return {
    id: 'claude',
    title: 'claude',
    async inspect() {
      const users = new Set(cadences().flatMap(({ name, run }) => (run.kind === 'claude' ? [name] : []))).size;
      if (users === 0) return ok('no cadence asks for it');
      const found = find();
      if (found.kind === 'missing')
        return fail(found.reason, found.isSet ? `\${EDITOR:-vi} ${shellWord(settingsFile)}` : 'npm install -g @anthropic-ai/claude-code');
      const answer = await askVersion(found.path);
      if (answer.kind === 'failed') return fail(`${found.path} does not say its version: ${answer.because}`, `${shellWord(found.path)} --version`);
      const [version = ''] = answer.text.split('\n');
      if (platform === 'darwin' && hangs(version))
        return warn(
          `${found.path}, ${version}: this version hangs where launchd starts it and its login is in the keychain`,
          `${shellWord(found.path)} update`,
        );
      return ok(`${found.path}, ${version === '' ? 'of no version that it would tell' : version}, for ${counted(users, 'cadence')}`);
    },
  };
}
