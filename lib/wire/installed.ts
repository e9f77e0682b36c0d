import * as z from 'zod';

/** `installed.json`: what `install` has handed to launchd or systemd, and with what. Names on disk. */
const installedSchema = z.looseObject({
  format: z.literal(1),
  scheduler: z.enum(['launchd', 'systemd']),
  stem: z.string().regex(/^cadence-bus\.[a-z0-9-]+$/),
  root: z.string(),
  /** The PATH of the owner. */
  path: z.string(),
  node: z.string(),
  program: z.string(),
  enqueue: z.string(),
  installed_at: z.string(),
  /** When a tick last came through a timer of this installation; null: never yet. */
  proven_at: z.string().nullable(),
  /** These cadences only; null: all that have a schedule. */
  only: z.array(z.string()).nullable(),
});

export type Installed = Readonly<z.infer<typeof installedSchema>>;

/** undefined: it is none of ours, or of a newer version. */
export function parseInstalled(value: unknown): Installed | undefined {
  const read = installedSchema.safeParse(value);
  return read.success ? read.data : undefined;
}
