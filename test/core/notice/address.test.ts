import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isLinkLocal, isLoopback } from '../../../lib/core/notice/address.ts';

const hostOf = (url: string): string => new URL(url).hostname;

describe('where a message may go', () => {
  it('is no link-local address, however it is written', () => {
    const hidden = [
      ...['http://169.254.169.254/', 'http://0xa9fea9fe/', 'http://2852039166/', 'http://0251.0376.0251.0376/', 'http://169.254.1/'],
      ...['http://[fe80::1]/', 'http://[febf::1]/', 'http://[::ffff:169.254.169.254]/', 'http://[fd00:ec2::254]/', 'http://[::]/', 'http://0/'],
      ...['http://metadata.google.internal/', 'http://METADATA.google.internal./', 'http://metadata/', 'http://100.100.100.200/'],
    ];
    for (const url of hidden) assert.equal(isLinkLocal(hostOf(url)), true, url);
    for (const url of ['https://example.com/', 'http://127.0.0.1/', 'http://[::1]/', 'http://10.0.0.1/', 'http://169.255.0.1/', 'http://[fec0::1]/'])
      assert.equal(isLinkLocal(hostOf(url)), false, url);
  });

  it('every address of 169.254.0.0/16 is one, as IPv4 and within IPv6', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, (a, b) => {
        assert.ok(isLinkLocal(`169.254.${a}.${b}`));
        assert.ok(isLinkLocal(hostOf(`http://[::ffff:169.254.${a}.${b}]/`)));
      }),
    );
  });

  it('without encryption is this machine only', () => {
    for (const host of ['localhost', '[::1]', '127.0.0.1', '127.9.9.9']) assert.ok(isLoopback(host), host);
    for (const host of ['localhost.example.com', '127.0.0.1.example.com', '10.0.0.1', '[::2]']) assert.ok(!isLoopback(host), host);
  });
});
