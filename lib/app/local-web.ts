export { freshSecret, hashSource, isSameSecret } from '../platform/secret.ts';
export { type Push, serveHere, type WebReply, type WebRequest } from '../platform/web-server.ts';
export type { Closeable } from '../ports.ts';
