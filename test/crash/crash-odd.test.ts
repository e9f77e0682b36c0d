import { describe, it } from 'node:test';
import { cutAfterEverySecondCall } from '../support/crash-loop.ts';

describe('a crash after every changing call of odd number', () => {
  it('loses nothing, doubles nothing, and leaves no question open', { timeout: 340_000 }, () => cutAfterEverySecondCall(1));
});
