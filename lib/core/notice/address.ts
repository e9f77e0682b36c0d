/**
 * Addresses of the network, as far as it matters where a message may go. `host` is that of a URL, which has been brought
 * into its one form by then: `http://0xa9fea9fe/` is `169.254.169.254`.
 */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Names and addresses under which cloud machines are told about themselves, and their keys. */
const METADATA = ['metadata', 'metadata.google.internal', 'metadata.goog', '100.100.100.200', 'fd00:ec2::254', '192.0.0.192'];

/** Link-local, unspecified, or where a machine is told about itself; with brackets or without. */
export function isLinkLocal(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .replace(/%.*$/, '')
    .toLowerCase();
  if (METADATA.includes(bare) || /^169\.254(?:\.\d{1,3}){2}$/.test(bare) || /^0(?:\.\d{1,3}){3}$/.test(bare) || bare === '::') return true;
  if (/^fe[89ab][0-9a-f]:/.test(bare)) return true;
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(bare);
  if (mapped !== null) return isLinkLocal(dotted(Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16)));
  const written = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(bare);
  return written !== null && isLinkLocal(written[1] as string);
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
