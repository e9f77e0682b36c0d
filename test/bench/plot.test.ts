import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plot } from './plot.ts';

/** Left edge and width of the bars, without the ground. */
function barsOf(svg: string): readonly { readonly x: number; readonly width: number; readonly opacity: number }[] {
  return [...svg.matchAll(/<rect x="(\d+)" y="\d+" width="(\d+)" height="\d+" fill="#\w+" opacity="([\d.]+)"/g)].map(([, x, width, opacity]) => ({
    x: Number(x),
    width: Number(width),
    opacity: Number(opacity),
  }));
}

describe('the picture of the ratios', () => {
  it('draws what is faster to the left of equal and what is slower to the right, a decade as long everywhere', () => {
    const [fast, faster, slow] = barsOf(
      plot([
        { label: 'a', figure: 0.1, met: true },
        { label: 'b', figure: 0.01, met: true },
        { label: 'c', figure: 10, met: false },
      ]),
    );
    assert.ok(fast && faster && slow);
    assert.equal(fast.x + fast.width, slow.x);
    assert.equal(faster.width, fast.width * 2);
    assert.equal(slow.width, fast.width);
    assert.deepEqual([fast.opacity, slow.opacity], [1, 0.45]);
  });

  it('keeps what a label says out of the markup, and a ratio beyond the scale inside the picture', () => {
    const svg = plot([{ label: '1 <script>&', figure: 1e-9, met: true }]);
    assert.match(svg, /1 &lt;script&gt;&amp;/);
    assert.ok(barsOf(svg).every(({ x, width }) => x >= 0 && x + width <= 960));
  });
});
