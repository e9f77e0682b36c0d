import type { Ms } from './time/instant.ts';

/** What the system says of a name in a folder. */
export interface FileInfo {
  readonly kind: 'file' | 'folder' | 'symlink' | 'other';
  readonly sizeBytes: number;
  readonly mtimeMs: Ms;
  /** When anything of it was last changed, its name, its owner or its text; nobody can set it. */
  readonly ctimeMs: Ms;
  readonly inode: number;
  readonly uid: number;
  readonly mode: number;
}

/** What reading a file may come to. */
export type FileText =
  | { readonly kind: 'text'; readonly text: string; readonly info: FileInfo }
  | { readonly kind: 'too_large' | 'not_a_file' | 'not_utf8' | 'unreadable'; readonly info: FileInfo | undefined };
