/** `purse.json`: the public face of the purse, for readers of files. There is none where no budget is set. */
export interface PurseView {
  readonly format: 1;
  readonly generated: string;
  /** Whose calendar days are counted. */
  readonly zone: string;
  /** By run: what is set aside until it has ended. */
  readonly reserved: Readonly<Record<string, { readonly cadence: string; readonly usd: number }>>;
  /** By cadence: why its next run has to wait, and until when at the latest. */
  readonly holds: Readonly<Record<string, PurseHold>>;
}

export interface PurseHold {
  /** Whose budget it is that is used up. */
  readonly scope: 'cadence' | 'bus';
  readonly until: string;
  readonly because: string;
}
