/**
 * Certificates beside its own are read by every node at its start, which may take twice as long as all the rest of it. Both
 * sides of a ratio would pay that, and ours would look small; who runs the product has none. So nothing that is measured has, but
 * where the target was set with them, and there it is measured without them too.
 */
const { NODE_EXTRA_CA_CERTS: file } = process.env;
delete process.env.NODE_EXTRA_CA_CERTS;

/** What this machine sets; undefined: nothing. */
export const CERTIFICATES = file === undefined ? undefined : { NODE_EXTRA_CA_CERTS: file };

/** The environment of who fetches something: the network may be behind them. */
export const FETCHING: NodeJS.ProcessEnv = { ...process.env, ...CERTIFICATES };
