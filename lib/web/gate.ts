/** Who may come in. Whatever runs in the browser of this person, and whoever else is on this machine, may send requests too. */
export interface Gate {
  readonly port: number;
  readonly isToken: (text: string) => boolean;
}

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export type Judgement =
  | { readonly kind: 'refused'; readonly status: 403 | 405 }
  /** It has brought the token: from here on a cookie stands for it, and it is seen no more. */
  | { readonly kind: 'enters' }
  | { readonly kind: 'open'; readonly path: string };

/** Of this port: the cookies of a name belong to all ports of a machine. */
export const cookieName = (port: number): string => `cadence_bus_${port}`;

/**
 * The name first: one that an attacker has pointed at this machine is not ours, though it leads here. Then the origin, where one is told,
 * the method, the token. Nothing of the bus is read before.
 */
export function judge({ method, target, headers }: Asked, { port, isToken }: Gate): Judgement {
  const hosts = ['127.0.0.1', 'localhost'].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
  const host = headers.host?.toLowerCase();
  if (host === undefined || !hosts.includes(host)) return { kind: 'refused', status: 403 };
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) return { kind: 'refused', status: 403 };
  if (method !== 'GET' && method !== 'HEAD') return { kind: 'refused', status: 405 };
  const [path = '', query = ''] = cut(target, '?');
  if (query.startsWith('token=')) return path === '/' && isToken(query.slice('token='.length)) ? { kind: 'enters' } : { kind: 'refused', status: 403 };
  return cookiesIn(headers.cookie, cookieName(port)).some(isToken) ? { kind: 'open', path } : { kind: 'refused', status: 403 };
}

function cookiesIn(header: string | undefined, name: string): readonly string[] {
  return (header ?? '').split(';').flatMap((one) => {
    const [key = '', value] = cut(one.trim(), '=');
    return key === name && value !== undefined ? [value] : [];
  });
}

function cut(text: string, at: string): readonly string[] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
