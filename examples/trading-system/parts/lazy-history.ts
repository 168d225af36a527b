import type { TradingHistory } from 'portcullis/portfolio';

/** A history that is opened with the first call, and closed if it was. */
export function lazyHistory(open: () => Promise<TradingHistory>): {
  readonly history: () => Promise<TradingHistory>;
  readonly close: () => Promise<void>;
} {
  let opening: Promise<TradingHistory> | undefined;
  return {
    history: () => (opening ??= open()),
    close: async () => {
      const opened = await opening?.catch(() => undefined);
      await opened?.close();
    },
  };
}
