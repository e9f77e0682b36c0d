import type { Files } from '../ports.ts';

/** What definitions need of the disk: ten thousand of them mostly need the same few programs and folders. */
export interface NeedLooks extends Pick<Files, 'info' | 'realPath'> {
  /** From here on everything is looked at again. */
  forget(): void;
}

export function createNeedLooks(files: Pick<Files, 'info' | 'realPath'>): NeedLooks {
  const infos = new Map<string, ReturnType<Files['info']>>();
  const realPaths = new Map<string, string>();
  return {
    info(path) {
      if (!infos.has(path)) infos.set(path, files.info(path));
      return infos.get(path);
    },
    realPath(path) {
      const known = realPaths.get(path) ?? files.realPath(path);
      realPaths.set(path, known);
      return known;
    },
    forget() {
      infos.clear();
      realPaths.clear();
    },
  };
}
