import { type Lots, ManualClock, lots, ticks } from 'portcullis/core';
import { Book, type MarketView, type OrderIntent, type Signal, defineInstrument } from 'portcullis/trading';
import { describe, expect, test } from 'vitest';
import { SignalTrader, intentIdOf } from '../../trading/signal-trader.ts';
import { parseConfig } from '../../config.ts';

const NOW_MS = new ManualClock().nowMs();
const SOL = defineInstrument({
  instrumentId: 'SOL-USD',
  base: 'SOL',
  quote: 'USD',
  tick: '0.001',
  step: '0.01',
});
const view: MarketView = {
  ...{ instrumentId: 'SOL-USD', mark: ticks(100_000), recentVolume: lots(0), volumeWindowMs: 60_000 },
  bids: [{ price: ticks(99_990), quantity: lots(1_000) }],
  asks: [{ price: ticks(100_010), quantity: lots(1_000) }],
  ...{ receivedMonotonicMs: 0, receivedMs: 0, problems: [] },
};
const signal: Signal = {
  ...{ signalId: 's-1', strategyId: 'breakout', instrumentId: 'SOL-USD', direction: 'buy' },
  ...{ confidence: 0.5, expiresAtMs: NOW_MS + 1_000, reasons: [] },
};

/** A trader with a share in what is held, and what it submits. */
function world(share = { pos: 0, buy: 0, sell: 0 }, seen: MarketView | undefined = view) {
  const submitted: OrderIntent[] = [];
  const clock = new ManualClock();
  const book = new Book();
  const desk = {
    book: Object.assign(Object.create(book) as Book, {
      view: () => seen,
      cell: () => ({ share: () => ({ ...share, pos: share.pos as Lots }) }),
    }),
    submit: (intent: OrderIntent) => {
      submitted.push(intent);
      return Promise.resolve({ kind: 'accepted', clientOrderId: 'c', quantity: lots(1) } as const);
    },
  };
  const trader = new SignalTrader(parseConfig({}), { desk, clock, instruments: [SOL] });
  return { trader, submitted, clock };
}

describe('SignalTrader', () => {
  test('buys for the money of the instrument, by the confidence, rounded down to the step', async () => {
    const { trader, submitted } = world();
    expect(await trader.take(signal)).toBe('accepted');
    expect(submitted).toEqual([
      {
        ...{
          intentId: intentIdOf('s-1'),
          accountId: 'main',
          strategyId: 'breakout',
          instrumentId: 'SOL-USD',
        },
        ...{ side: 'buy', quantity: '9.99', price: { type: 'market', maxSlippageBps: 15 } },
      },
    ]);
  });

  test('sells all that the strategy has and does not sell yet, and nothing more', async () => {
    const { trader, submitted } = world({ pos: 500, buy: 0, sell: 100 });
    await trader.take({ ...signal, direction: 'flat', confidence: 1 });
    expect(submitted).toMatchObject([{ side: 'sell', quantity: '4.00', reduceOnly: true }]);
  });

  test.each([
    ['a buy of what it has', { pos: 1, buy: 0, sell: 0 }, 'buy'],
    ['a buy of what it is buying', { pos: 0, buy: 1, sell: 0 }, 'buy'],
    ['a sale of what it does not have', { pos: 0, buy: 0, sell: 0 }, 'flat'],
    ['a sale of what it is selling', { pos: 5, buy: 0, sell: 5 }, 'sell'],
  ] as const)('has nothing to do for %s', async (_what, share, direction) => {
    const { trader, submitted } = world(share);
    expect(await trader.take({ ...signal, direction })).toBe('nothing-to-do');
    expect(submitted).toEqual([]);
  });

  test('takes a signal in the millisecond in which it expires, and none later', async () => {
    const { trader, clock } = world();
    clock.advance(1_000);
    await clock.turn();
    expect(await trader.take(signal)).toBe('accepted');
    clock.advance(1);
    await clock.turn();
    expect(await trader.take(signal)).toBe('expired');
  });

  test('drops a signal whose end is no time', async () => {
    const { trader } = world();
    expect(await trader.take({ ...signal, expiresAtMs: NaN })).toBe('expired');
  });

  test.each([
    ['without a view', undefined],
    ['without an ask', { ...view, asks: [] }],
  ])('makes no order %s', async (_what, seen) => {
    const { trader, submitted } = world({ pos: 0, buy: 0, sell: 0 }, seen);
    // A default takes the place of `undefined`.
    const asked = seen === undefined ? { ...signal, instrumentId: 'XRP-USD' } : signal;
    expect(await trader.take(asked)).toBe('no-order');
    expect(submitted).toEqual([]);
  });

  test('makes no order that is smaller than one may be', async () => {
    const { trader } = world();
    expect(await trader.take({ ...signal, confidence: 0 })).toBe('no-order');
  });

  test('names the order after the signal', () => {
    expect(intentIdOf('a')).toBe(intentIdOf('a'));
    expect(intentIdOf('a')).not.toBe(intentIdOf('b'));
    expect(intentIdOf('a')).toMatch(/^[0-9a-f]{32}$/);
  });
});
