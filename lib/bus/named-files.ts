/**
 * What hints have named since the last look. It is looked at before the listing that the hints ask for, which is put off until
 * that has begun to run; but it is put off once, so that a stream of named files keeps no other waiting.
 */
export interface NamedFiles {
  add(file: string): void;
  takeAll(): readonly string[];
  /** False: it was put off before. */
  putOffListing(): boolean;
  onListing(): void;
}

/** More are better listed. */
const FEW = 4;

export function createNamedFiles(): NamedFiles {
  let files: string[] = [];
  let isPutOff = false;
  return {
    add(file) {
      if (files.length < FEW && !files.includes(file)) files.push(file);
    },
    takeAll() {
      const all = files;
      files = [];
      return all;
    },
    putOffListing() {
      if (isPutOff) return false;
      isPutOff = true;
      return true;
    },
    onListing() {
      isPutOff = false;
    },
  };
}
