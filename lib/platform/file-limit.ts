const stay = (): void => undefined;

/**
 * A file that may not grow (ulimit -f) is a fault of that write, EFBIG, as a full disk is. Node ignores the signal; libraries that tidy up
 * at signals do not, and would end an owner with it. So this comes before one of them is loaded.
 */
export function outliveFileLimit(): void {
  if (!process.listeners('SIGXFSZ').includes(stay)) process.on('SIGXFSZ', stay);
}
