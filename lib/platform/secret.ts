import { cryptography } from './cryptography.ts';

/** By chance, never used before, fit for an address. */
export function freshSecret(): string {
  return cryptography().randomBytes(24).toString('hex');
}

/** In the same time, however much of it is right. */
export function isSameSecret(given: string, secret: string): boolean {
  const { createHash, timingSafeEqual } = cryptography();
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

/** By which a policy of contents names one text. */
export function hashSource(text: string): string {
  return `'sha256-${cryptography().createHash('sha256').update(text).digest('base64')}'`;
}
