import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Live, Shown } from '../../lib/app/live.ts';
import { newestTo } from '../../lib/platform/web-server.ts';
import { createNews } from '../../lib/web/news.ts';

function yard() {
  const watches: { show: (shown: Shown) => unknown; fail: (error: unknown) => void; isOpen: boolean }[] = [];
  const news = createNews({
    render: (shown) => ({ html: String(shown.refused), movesInMs: 7 }),
    watch(show): Live {
      let fail: (error: unknown) => void = () => undefined;
      const failed = new Promise<never>((_resolve, reject) => {
        fail = reject;
      });
      const watch = { show, fail, isOpen: true };
      watches.push(watch);
      return {
        redraw: () => undefined,
        failed,
        close() {
          watch.isOpen = false;
        },
      };
    },
  });
  const shown = (html: string): Shown => ({ view: {} as never, refused: html });
  return { news, watches, shown };
}

describe('A46 web: the news', () => {
  it('are looked for while somebody listens, once for all, and not told twice', () => {
    const { news, watches, shown } = yard();
    assert.equal(watches.length, 0, 'nothing runs while no page is open');
    const [one, two]: [string[], string[]] = [[], []];
    const first = news.open((text) => one.push(text));
    assert.equal(watches[0]?.show(shown('a\nb')), 7);
    watches[0]?.show(shown('a\nb'));
    const second = news.open((text) => two.push(text));
    watches[0]?.show(shown('c'));
    assert.deepEqual(
      [one, two],
      [
        ['data: a\ndata: b\n\n', 'data: c\n\n'],
        ['data: a\ndata: b\n\n', 'data: c\n\n'],
      ],
    );
    first.close();
    first.close();
    assert.deepEqual([news.count(), watches[0]?.isOpen], [1, true]);
    second.close();
    assert.deepEqual([news.count(), watches[0]?.isOpen, watches.length], [0, false, 1]);
    news.open(() => undefined);
    assert.equal(watches.length, 2);
    news.close();
    assert.equal(watches[1]?.isOpen, false);
  });

  it('end with what went wrong, and begin anew for whoever comes', async () => {
    const { news, watches } = yard();
    const heard: string[] = [];
    const open = news.open((text) => heard.push(text));
    watches[0]?.fail(new Error('the disk is\ngone'));
    await new Promise(setImmediate);
    assert.deepEqual([heard, news.count(), watches[0]?.isOpen], [['event: trouble\ndata: the disk is\ndata: gone\n\n'], 0, false]);
    open.close();
    news.open((text) => heard.push(text));
    assert.equal(watches.length, 2);
  });

  it('keep no more than the newest for whoever does not read', async () => {
    const taken: string[] = [];
    let take: () => void = () => undefined;
    const slow = new Writable({
      decodeStrings: false,
      highWaterMark: 16,
      write(text, _encoding, done) {
        taken.push(String(text));
        take = done;
      },
    });
    const push = newestTo(slow);
    for (let n = 0; n < 10_000; n += 1) push(`${n} ${'x'.repeat(10_000)}`);
    assert.ok(slow.writableLength < 20_000, String(slow.writableLength));
    take();
    await new Promise(setImmediate);
    assert.deepEqual(
      taken.map((text) => text.split(' ')[0]),
      ['0', '9999'],
    );
  });
});
