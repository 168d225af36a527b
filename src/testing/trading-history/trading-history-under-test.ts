import { HistoryProjector } from '../../portfolio/history/history-projector.ts';
import type { TradingHistory } from '../../portfolio/history/trading-history.ts';
import { contractCase } from '../contract-case.ts';
import {
  HISTORY_INSTRUMENTS,
  executed,
  opened,
  standingEvent,
  submitted,
} from '../trading-history-events.ts';

/** One history under test. Each case gets a fresh one. */
export interface TradingHistoryUnderTest {
  /** Empty, never used before. */
  readonly history: TradingHistory;
  /** Closes the history and opens it anew. */
  readonly reopen?: () => Promise<TradingHistory>;
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}

export const contract = contractCase<TradingHistoryUnderTest>;
/** Brings events to it. */
export const over = (history: TradingHistory): HistoryProjector =>
  new HistoryProjector({ history, instruments: HISTORY_INSTRUMENTS });

export const T0 = Date.UTC(2026, 0, 2);
export const FEE = { amount: '0.0123456789', currency: 'USD' };

/** One order, bought in two fills. */
export const bought = () => [
  opened(T0),
  submitted(T0 + 1),
  standingEvent('order.accepted', T0 + 2, {}, { venueOrderId: 'v-1' }),
  executed(
    T0 + 3,
    { cumulativeQuantity: '0.400', leavesQuantity: '0.600' },
    { executionId: 'x-1', quantity: '0.400', price: '99.995', fee: FEE },
  ),
  executed(
    T0 + 4,
    { state: 'filled', cumulativeQuantity: '1.000', leavesQuantity: '0.000' },
    { executionId: 'x-2', quantity: '0.600', price: '100' },
  ),
];

/** All pages of an answer. */
export const allOf = async <T>(
  ask: (cursor?: string) => Promise<{ readonly items: readonly T[]; readonly next?: string | undefined }>,
): Promise<T[]> => {
  const all: T[] = [];
  for (let page = await ask(); ; page = await ask(page.next)) {
    all.push(...page.items);
    if (page.next === undefined) return all;
  }
};
