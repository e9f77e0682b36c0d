import { type Check, fail, ok } from './check.ts';

const LEAST = [20, 19] as const;

export function createNodeVersionCheck({ version }: { readonly version: string }): Check {
  return {
    id: 'node-version',
    title: 'Node',
    async inspect() {
      const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
      const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
      return isEnough ? ok(version) : fail(`${version} is too old: the bus needs Node ${LEAST.join('.')} or later`, 'nvm install --lts');
    },
  };
}
