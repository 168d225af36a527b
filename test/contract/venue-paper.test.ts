import { describe, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { toGrid } from '../../src/core/increment.ts';
import { lots, ticks } from '../../src/core/units.ts';
import { PaperVenue, type PaperVenueOptions } from '../../src/desk/paper/paper-venue.ts';
import { type VenueUnderTest, venueContract } from '../../src/testing/venue-contract.ts';
import { type InstrumentOptions, defineInstrument } from '../../src/trading/index.ts';

const NOON_MS = Date.UTC(2026, 0, 2, 12);
/** Longer than anything is under way that is drawn here. */
const LONG_MS = 400;

const paper =
  (options: PaperVenueOptions, grid: Pick<InstrumentOptions, 'tick' | 'step' | 'minNotional'>) =>
  (): Promise<VenueUnderTest> => {
    const clock = new ManualClock(NOON_MS);
    const instrumentId = 'ABC-USD';
    const instrument = defineInstrument({ instrumentId, base: 'ABC', quote: 'USD', ...grid });
    const balances = [{ accountId: 'main', currency: 'USD', amount: '1000000' }];
    const venue = new PaperVenue({ ...options, opening: { balances } }, { clock, instruments: [instrument] });
    const price = (text: string) => ticks(toGrid(text, instrument.grid.tick, 'exact'));
    const quantity = (text: string) => lots(toGrid(text, instrument.grid.step, 'exact'));
    let told = 0;
    return Promise.resolve({
      driver: venue,
      instrument,
      accountId: 'main',
      balance: '1000000',
      clock,
      async settle() {
        await clock.turn();
        clock.advance(typeof options.latencyMs === 'number' ? options.latencyMs : LONG_MS);
        await clock.turn();
      },
      quote(bid, ask, shown) {
        venue.onMarket({
          type: 'snapshot',
          instrumentId,
          receivedMs: clock.nowMs(),
          updateId: (told += 1),
          bids: [{ price: price(bid), quantity: quantity(shown) }],
          asks: [{ price: price(ask), quantity: quantity(shown) }],
        });
        return Promise.resolve();
      },
      trade(aggressor, at, size) {
        venue.onMarket({
          type: 'trade',
          instrumentId,
          receivedMs: clock.nowMs(),
          tradeId: (told += 1),
          price: price(at),
          quantity: quantity(size),
          aggressor,
        });
        return Promise.resolve();
      },
      dispose: () => Promise.resolve(),
    });
  };

describe.for([
  ['whole numbers', paper({ latencyMs: 20 }, { tick: '1', step: '1' })],
  ...[1, 2, 3].map(
    (seed) =>
      [
        `drawn latencies, rules that refuse, queue cancels pro rata, seed ${seed}`,
        paper(
          {
            seed,
            latencyMs: { kind: 'log-normal', medianMs: 5, p99Ms: 40 },
            latencyMsByLeg: {
              cancel: { kind: 'shifted-exponential', medianMs: 2, p99Ms: 9 },
              report: { kind: 'empirical', samplesMs: [0, 1, 4, 25, 90] },
            },
            rejections: {
              priceBandFraction: 0.5,
              maxOpenOrders: 8,
              maintenance: [{ fromMs: NOON_MS - 3_600_000, toMs: NOON_MS }],
            },
            queueCancels: 'pro-rata',
          },
          { tick: '1', step: '1' },
        ),
      ] as const,
  ),
  [
    'a fine grid, odd fees, a smallest value, and no latency',
    paper(
      { latencyMs: 0, makerFeeBps: '-0.37', takerFeeBps: '4.13' },
      { tick: '0.05', step: '0.003', minNotional: '1' },
    ),
  ],
] as const)('venue contract: PaperVenue, %s', ([, open]) => {
  for (const contract of venueContract) test(contract.name, () => contract.run(open));
});
