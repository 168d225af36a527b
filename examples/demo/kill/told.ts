/** What the trading process tells on its standard output, a line of JSON each. */
export type Told =
  | {
      readonly at: 'replayed';
      readonly records: number;
      readonly inDoubt: number;
      readonly tradingState: string;
    }
  | { readonly at: 'reconciled'; readonly tookMs: number; readonly codes: readonly string[] }
  | ({ readonly at: 'stopped' } & Holdings);

/** Money and position as plain decimals. */
export interface Holdings {
  readonly position: string;
  readonly cash: string;
  readonly fees: string;
}
