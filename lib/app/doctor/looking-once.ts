import type { FileInfo, Files } from '../../ports.ts';

/**
 * As the files, but each path is looked at once: a dozen checks look at the same folders, and nothing is mended between them. What is listed
 * and read is so anew, for one check compares what others change meanwhile.
 */
export function lookingOnce(files: Files): Files {
  const seen = new Map<string, FileInfo | undefined>();
  return {
    ...files,
    info(path) {
      const known = seen.get(path);
      if (known !== undefined || seen.has(path)) return known;
      const info = files.info(path);
      seen.set(path, info);
      return info;
    },
  };
}
