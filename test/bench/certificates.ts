/**
 * Certificates beside its own are read by every node at its start, which may take twice as long as all the rest of it. Both
 * sides of a ratio would pay that, and ours would look small; who runs the product has none. So nothing that is measured has.
 */
const { NODE_EXTRA_CA_CERTS: file } = process.env;
delete process.env.NODE_EXTRA_CA_CERTS;

/** The environment of who fetches something: the network may be behind them. */
export const FETCHING: NodeJS.ProcessEnv = file === undefined ? process.env : { ...process.env, NODE_EXTRA_CA_CERTS: file };
