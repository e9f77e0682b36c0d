import { fstatSync, type Stats, statSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * stdout or stderr. A stream of Node's takes a command three milliseconds before it has said a word, so it is made only where
 * it is needed: for a terminal, and for a pipe whose slow reader must not hold up what goes on meanwhile, such as an owner. To
 * a file and to nowhere is written at once, and so are the last words of a command, which has nothing left to do but to be
 * heard. Once there is a stream all goes through it, so nothing overtakes.
 */
export interface Voice {
  readonly isTerminal: boolean;
  /** `isLast`: nothing goes on that may not wait until this is heard. */
  say(text: string, isLast?: boolean): void;
  /** Resolves when all that was said has been handed over; it may not have been heard. */
  said(): Promise<void>;
}

export interface VoiceDeps {
  readonly fd: number;
  readonly stream: () => Writable & { readonly isTTY?: boolean };
  /** What was said could not be handed over. */
  readonly onRefusal: (error: NodeJS.ErrnoException) => void;
}

export function createVoice({ fd, stream: makeStream, onRefusal }: VoiceDeps): Voice {
  let made: ReturnType<VoiceDeps['stream']> | undefined;
  let kind: 'file' | 'pipe' | 'device' | undefined;

  const kindNow = (): typeof kind => {
    kind ??= kindOf(fstatSync(fd));
    return kind;
  };

  function stream(): ReturnType<VoiceDeps['stream']> {
    made ??= makeStream();
    return made;
  }

  function writeNow(text: string): void {
    let rest: Buffer = Buffer.from(text);
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      const fault = error as NodeJS.ErrnoException;
      // Somebody who has this pipe too does not want to be held up by it.
      if (fault.code === 'EAGAIN') stream().write(rest);
      else onRefusal(fault);
    }
  }

  return {
    get isTerminal() {
      return kindNow() === 'device' && stream().isTTY === true;
    },
    say(text, isLast = false) {
      if (made === undefined && (kindNow() === 'file' || (isLast && kindNow() === 'pipe'))) writeNow(text);
      else stream().write(text);
    },
    said: () =>
      new Promise((resolve) => {
        if (made === undefined) return resolve();
        made.write('', (error) => {
          if (error) onRefusal(error);
          resolve();
        });
      }),
  };
}

/** A file takes what it is given, and /dev/null takes all. */
function kindOf(info: Stats): 'file' | 'pipe' | 'device' {
  if (info.isFile() || (info.isCharacterDevice() && info.rdev === statSync('/dev/null').rdev)) return 'file';
  return info.isCharacterDevice() ? 'device' : 'pipe';
}

/**
 * Whoever makes the stream, such as a handler of the user's that writes there itself: what cannot be handed over is told, and is no
 * uncaught error that ends an owner.
 */
export function listenToStream(name: 'stdout' | 'stderr', onRefusal: VoiceDeps['onRefusal']): void {
  const descriptor = Object.getOwnPropertyDescriptor(process, name);
  const make = descriptor?.get;
  if (make === undefined) {
    process[name].on('error', onRefusal);
    return;
  }
  let stream: Writable | undefined;
  Object.defineProperty(process, name, {
    ...descriptor,
    get() {
      stream ??= (make.call(process) as Writable).on('error', onRefusal);
      return stream;
    },
  });
}
