/** `$12.40`, and for small amounts as many digits as tell them apart: `$0.0053`. */
export function formatUsd(usd: number): string {
  return `$${usd.toFixed(usd === 0 || usd >= 1 ? 2 : 4)}`;
}
