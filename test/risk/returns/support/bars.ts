import {
  ReturnHistory,
  type ReturnHistoryDeps,
  type ReturnHistoryOptions,
} from '../../../../src/risk/index.ts';
import type { Bar } from '../../../../src/trading/index.ts';

/** The bar of GOLD from 0 to 1,000 ms, closed at 100. */
export const barOf = (overrides: Partial<Bar> = {}): Bar => {
  const { closeMs = 1_000, close = 100 } = overrides;
  return {
    instrumentId: 'GOLD',
    openMs: closeMs - 1_000,
    closeMs,
    open: close,
    high: close,
    low: close,
    close,
    volume: 1,
    trades: 1,
    ...overrides,
  };
};

/** Bars of one second. */
export const historyOf = (
  overrides: Partial<ReturnHistoryOptions> = {},
  deps: ReturnHistoryDeps = {},
): ReturnHistory =>
  new ReturnHistory(
    { instrumentIds: ['GOLD', 'SILVER', 'WHEAT'], barMs: 1_000, window: 4, ...overrides },
    deps,
  );

/** Bars one after the other, from the slot given; `undefined` leaves one out. */
export function feed(
  history: ReturnHistory,
  instrumentId: string,
  closes: readonly (number | undefined)[],
  firstSlot = 1,
): void {
  for (const [i, close] of closes.entries()) {
    if (close !== undefined) history.add(barOf({ instrumentId, closeMs: (firstSlot + i) * 1_000, close }));
  }
}

/** Closes that have exactly these returns when they are powers of two, and nearly these otherwise; one more than returns. */
export const closesOf = (returns: readonly number[], first = 1_024): number[] =>
  returns.reduce<number[]>((closes, r) => [...closes, (closes.at(-1) ?? 0) * (1 + r)], [first]);
