import { ManualClock, lots, ticks } from 'portcullis/core';
import { EmbeddedEventBus, QUOTE_UPDATED, type QuoteUpdated } from 'portcullis/events';
import { MemoryStateStore } from 'portcullis/storage';
import { describe, expect, test } from 'vitest';
import { instrumentsOf, parseConfig } from '../../config.ts';
import { StoredEndpoints } from '../../parts/endpoints.ts';
import { MarketViews, type SeenMarket } from '../../trading/market-views.ts';

async function world() {
  const clock = new ManualClock();
  const bus = await EmbeddedEventBus.open({}, { clock });
  const views = new MarketViews({ bus, clock, instruments: instrumentsOf(parseConfig({})) });
  await views.start();
  const seen: SeenMarket[] = [];
  views.onSeen((one) => seen.push(one));
  const tell = async (overrides: Partial<QuoteUpdated> = {}): Promise<void> => {
    const quote = {
      ...{ instrumentId: 'SOL-USD', isGood: true, receivedMs: clock.nowMs(), mark: '100.005' },
      bid: { price: '100.000', quantity: '5.00' },
      ask: { price: '100.010', quantity: '7.00' },
    };
    void bus.publish(QUOTE_UPDATED, { ...quote, ...overrides });
    clock.advance(1);
    await clock.turn();
  };
  const end = async (): Promise<void> => {
    const ending = views[Symbol.asyncDispose]();
    clock.advance(2_000);
    await clock.turn();
    await ending;
    const closing = bus.close();
    clock.advance(2_000);
    await clock.turn();
    await closing;
  };
  return { clock, views, seen, tell, end };
}

describe('MarketViews', () => {
  test('shows a quote as the desk takes it, and as a venue on paper does', async () => {
    const { tell, views, end, clock } = await world();
    const atMs = clock.nowMs();
    await tell();
    const book = {
      ...{ instrumentId: 'SOL-USD', receivedMs: atMs, receivedMonotonicMs: expect.any(Number) as number },
      bids: [{ price: ticks(100_000), quantity: lots(500) }],
      asks: [{ price: ticks(100_010), quantity: lots(700) }],
    };
    expect(views.last()).toEqual([
      {
        view: { ...book, mark: 100_005, recentVolume: 0, volumeWindowMs: 60_000, problems: [] },
        book: { ...book, type: 'snapshot', updateId: 1 },
      },
    ]);
    await end();
  });

  test('takes a quote that the bus kept back for as old as it is', async () => {
    const { tell, views, end, clock } = await world();
    await tell({ receivedMs: clock.nowMs() - 4_000 });
    const ageMs = clock.monotonicMs() - (views.last()[0]?.view.receivedMonotonicMs ?? NaN);
    expect(ageMs).toBeGreaterThanOrEqual(4_000);
    await end();
  });

  test('passes on that the data are not good', async () => {
    const { tell, seen, end } = await world();
    await tell({ isGood: false });
    expect(seen[0]?.view.problems).toMatchObject([{ code: 'STALE', blocking: true }]);
    await end();
  });

  test('leaves out a side that is not there or does not stand on the grid', async () => {
    const { tell, seen, end } = await world();
    await tell({ bid: undefined, ask: { price: '100.0005', quantity: '1' } });
    expect(seen[0]?.view).toMatchObject({ bids: [], asks: [], mark: NaN });
    await end();
  });

  test('does not go back to an older quote, and knows no other instruments', async () => {
    const { tell, seen, end, clock } = await world();
    await tell();
    await tell({ receivedMs: clock.nowMs() - 60_000 });
    await tell({ instrumentId: 'XRP-USD' });
    expect(seen).toHaveLength(1);
    await end();
  });
});

describe('StoredEndpoints', () => {
  test('lists who has told lately, by role and instance, and forgets who has left or died', async () => {
    const clock = new ManualClock();
    const endpoints = new StoredEndpoints(new MemoryStateStore({ clock }), clock);
    const at = (role: 'trading' | 'signals', instance: number) =>
      endpoints.register({ role, instance, url: `http://127.0.0.1:80${instance}`, pid: instance });
    const two = at('trading', 2);
    at('trading', 1);
    at('signals', 1);
    clock.advance(0);
    await clock.turn();
    expect((await endpoints.list()).map(({ role, instance }) => `${role}-${instance}`)).toEqual([
      'signals-1',
      'trading-1',
      'trading-2',
    ]);
    await two[Symbol.asyncDispose]();
    expect(await endpoints.list('trading')).toEqual([
      { role: 'trading', instance: 1, url: 'http://127.0.0.1:801', pid: 1 },
    ]);
    for (let turn = 0; turn < 20; turn += 1) {
      // told again and again
      clock.advance(1_500);
      await clock.turn();
    }
    expect(await endpoints.list('trading')).toHaveLength(1);
  });
});
