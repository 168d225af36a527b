/** What a model or a rule thinks of an instrument. */
export interface Signal {
  readonly signalId: string;
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly direction: 'buy' | 'sell' | 'flat';
  /** 0 to 1. */
  readonly confidence: number;
  /** Wall time after which it no longer counts. */
  readonly expiresAtMs: number;
  readonly reasons: readonly string[];
}
