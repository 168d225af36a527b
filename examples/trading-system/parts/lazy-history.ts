import type { TradingHistory } from 'portcullis/portfolio';
import { Lazy } from './lazy.ts';

/** A history that is opened with the first call, and closed if it was. */
export function lazyHistory(open: () => Promise<TradingHistory>): {
  readonly history: () => Promise<TradingHistory>;
  readonly close: () => Promise<void>;
} {
  const lazy = new Lazy(open);
  return { history: () => lazy.get(), close: () => lazy.close() };
}
