import { writeFileSync } from 'node:fs';
import type { Result } from './results.ts';

/**
 * The ratios as a picture: one bar a workload, on a logarithmic scale round 1, where ours and theirs are equal. What is left
 * of the line we do in less time than what we are compared with.
 */

const WIDTH = 960;
const LABEL = 518;
const ROW = 22;
const HEAD = 48;
const DECADES = 3;

export function writePlot(path: string, results: readonly Result[], titleOf: (result: Result) => string): void {
  const shown = results.filter(({ isRatio, figure }) => isRatio && Number.isFinite(figure) && figure > 0);
  writeFileSync(path, plot(shown.map((one) => ({ label: `${one.id}  ${titleOf(one)}: ${one.workload}`, figure: one.figure, met: one.met }))));
}

export interface Bar {
  readonly label: string;
  readonly figure: number;
  readonly met: boolean;
}

export function plot(bars: readonly Bar[]): string {
  const height = HEAD + bars.length * ROW + 12;
  const decades = Array.from({ length: DECADES * 2 + 1 }, (_, n) => n - DECADES);
  const lines = decades.map(
    (n) =>
      `<line x1="${xOf(10 ** n)}" x2="${xOf(10 ** n)}" y1="${HEAD - 8}" y2="${height - 8}" stroke="${n === 0 ? '#57606a' : '#d8dee4'}"/>` +
      `<text x="${xOf(10 ** n)}" y="${HEAD - 14}" text-anchor="middle">${n === 0 ? 'equal' : `${10 ** n}x`}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="#24292f">`,
    '<title>How fast cadence-bus is beside others, as ratios</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="13">Time of ours divided by time of what it is compared with; less is better, light bars miss their target</text>`,
    ...lines,
    ...bars.map(bar),
    '</svg>',
    '',
  ].join('\n');
}

function bar({ label, figure, met }: Bar, n: number): string {
  const y = HEAD + n * ROW;
  const [from, to] = [Math.min(xOf(1), xOf(figure)), Math.max(xOf(1), xOf(figure))];
  const text = `<text x="8" y="${y + 12}">${escapeMarkup(label.length > 88 ? `${label.slice(0, 87)}…` : label)}</text>`;
  const box = `<rect x="${from}" y="${y + 2}" width="${Math.max(1, Math.round(to - from))}" height="${ROW - 8}" fill="${figure <= 1 ? '#1a7f37' : '#9a6700'}" opacity="${met ? 1 : 0.45}"/>`;
  const said = `${figure < 0.1 ? figure.toFixed(4) : figure.toFixed(2)}x`;
  const at = figure <= 1 ? `x="${from - 4}" text-anchor="end"` : `x="${to + 4}"`;
  return `${text}${box}<text ${at} y="${y + 12}">${said}</text>`;
}

/** Where a ratio stands; beyond the scale it stands at its end. */
function xOf(figure: number): number {
  const place = Math.max(-DECADES, Math.min(DECADES, Math.log10(figure)));
  return Math.round(LABEL + 50 + ((place + DECADES) / (2 * DECADES)) * (WIDTH - LABEL - 100));
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
