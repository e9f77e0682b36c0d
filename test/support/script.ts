import { parseArgs } from 'node:util';

type Options = Readonly<Record<string, { readonly type: 'string' }>>;

interface Script<T extends Options> {
  readonly words: readonly string[];
  /** A whole number from `least` on; undefined where it is not given. */
  number(name: keyof T & string, least: number): number | undefined;
}

/** What a script of the tests was asked for. `--help` tells what there is; what there is not ends it with 64, and starts nothing. */
export function readScript<T extends Options>(name: string, help: string, options: T): Script<T> {
  const refuse = (because: string): never => {
    process.stderr.write(`${name}: ${because}\nSee npm run ${name} -- --help.\n`);
    process.exit(64);
  };
  const { values, positionals } = parsed(options, refuse);
  if (values.help === true) {
    process.stdout.write(help);
    process.exit(0);
  }
  return {
    words: positionals,
    number(option, least) {
      const given = (values as Readonly<Record<string, string | boolean | undefined>>)[option];
      if (given === undefined) return undefined;
      const value = given === '' ? Number.NaN : Number(given);
      return Number.isSafeInteger(value) && value >= least ? value : refuse(`--${option} takes a whole number from ${least} on`);
    },
  };
}

function parsed(options: Options, refuse: (because: string) => never) {
  try {
    return parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
  } catch (error) {
    if (error instanceof TypeError) return refuse(error.message.split('. ', 1)[0] ?? '');
    throw error;
  }
}
