import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { type DataQualityOptions, MarketTracker } from '../../src/market-data/index.ts';
import { SimulatedMarkets, type SimulatedMarketsOptions } from '../../src/simulation/index.ts';
import {
  type DataProblemCode,
  type MarketEvent,
  type MarketView,
  defineInstrument,
  isGood,
} from '../../src/trading/index.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = 1_704_067_200_000;
const MIDDLE_MS = START_MS + HOUR_MS;

const instrument = defineInstrument({
  instrumentId: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.01',
  step: '0.0001',
});

const market = (options: Partial<SimulatedMarketsOptions>, own: object = {}): SimulatedMarkets =>
  new SimulatedMarkets(
    {
      days: 1 / 12,
      stepMs: 500,
      crash: 'none',
      ...options,
      instruments: [{ instrumentId: 'BTC-USD', dailyVolatilityFraction: 0.02, ...own }],
    },
    { instruments: [instrument] },
  );

interface Reading {
  /** Problems that the view had in each whole minute from the start of the run. */
  readonly found: readonly ReadonlySet<DataProblemCode>[];
  readonly all: ReadonlySet<DataProblemCode>;
  readonly last: MarketView;
}

/** Reads a feed as a live system does: each event as it comes, and a look at the clock every second. */
const read = (
  events: Iterable<MarketEvent>,
  quality: DataQualityOptions = {},
  onView?: (view: MarketView) => void,
): Reading => {
  const clock = new ManualClock(START_MS);
  const tracker = new MarketTracker({ quality }, { instrumentId: 'BTC-USD', clock });
  const found: Set<DataProblemCode>[] = [];
  let looking = false;
  const look = (view: MarketView): void => {
    const minute = Math.floor((clock.nowMs() - START_MS) / MINUTE_MS);
    const codes = (found[minute] ??= new Set());
    for (const { code } of view.problems) codes.add(code);
    onView?.(view);
  };
  for (const event of events) {
    while (looking && clock.nowMs() + 1_000 < event.receivedMs) {
      clock.advance(1_000);
      look(tracker.check());
    }
    clock.advance(event.receivedMs - clock.nowMs());
    look(tracker.apply(event));
    looking = true;
  }
  return { found, all: new Set(found.flatMap((codes) => [...codes])), last: tracker.view };
};

const scheduled = (
  durationMs: number,
): { readonly kind: 'scheduled'; readonly fromMs: number; readonly durationMs: number } => ({
  kind: 'scheduled',
  fromMs: MIDDLE_MS,
  durationMs,
});

/** The minutes in which a problem was seen. */
const minutesOf = ({ found }: Reading, code: DataProblemCode): number[] =>
  found.flatMap((codes, minute) => (codes.has(code) ? [minute] : []));

describe('a reader of the simulated market finds', () => {
  test('nothing in a market without disturbances', () => {
    const reading = read(market({}));
    expect(reading.all).toEqual(new Set());
    expect(isGood(reading.last)).toBe(true);
  });

  test('an outage: the book is stale, then it has a gap, then it is good again', () => {
    const reading = read(
      market({ disturbances: [{ kind: 'outage', when: scheduled(5 * MINUTE_MS), resyncMs: 10_000 }] }),
    );
    expect(minutesOf(reading, 'STALE')).toEqual([60, 61, 62, 63, 64, 65]);
    expect(minutesOf(reading, 'SEQUENCE_GAP')).toEqual([65]);
    expect(isGood(reading.last)).toBe(true);
  });

  test('crossed quotes, as long as they last', () => {
    const reading = read(market({ disturbances: [{ kind: 'crossed', when: scheduled(3 * MINUTE_MS) }] }));
    expect(minutesOf(reading, 'CROSSED').slice(0, 3)).toEqual([60, 61, 62]);
    expect(minutesOf(reading, 'CROSSED').length).toBeLessThanOrEqual(4); // it ends with the next change of the book
    expect(reading.all).toEqual(new Set(['CROSSED']));
    expect(isGood(reading.last)).toBe(true);
  });

  test('stuck quotes: trades print elsewhere, and the price jumps in the end', () => {
    const disturbances: SimulatedMarketsOptions['disturbances'] = [
      { kind: 'stuck', when: scheduled(20 * MINUTE_MS) },
      { kind: 'gap', when: { kind: 'scheduled', fromMs: MIDDLE_MS + 5 * MINUTE_MS }, jumpFraction: 0.02 },
    ];
    const marks = new Set<number>();
    const reading = read(market({ disturbances }), {}, ({ mark, receivedMs }) => {
      if (receivedMs > MIDDLE_MS + MINUTE_MS && receivedMs < MIDDLE_MS + 20 * MINUTE_MS) marks.add(mark);
    });
    expect(marks.size).toBe(1);
    // From the first trade at the new price, or a trade after each mark that still tells the old one, to the release.
    expect(minutesOf(reading, 'PRICE_JUMP').filter((minute) => minute < 65)).toEqual([]);
    expect(minutesOf(reading, 'PRICE_JUMP')).toContain(66);
    expect(minutesOf(reading, 'PRICE_JUMP')).toContain(80);
    expect(minutesOf(reading, 'STALE')).toEqual([]);
    expect(isGood(reading.last)).toBe(true);
  });

  test('a clock that drifts, and one that steps', () => {
    const drifting = read(
      market({ disturbances: [{ kind: 'clock-drift', when: scheduled(HOUR_MS), driftMsPerHour: 3_000 }] }),
    );
    // 500 ms are reached after ten minutes.
    const [first] = minutesOf(drifting, 'CLOCK_OFFSET');
    expect(first).toBeGreaterThanOrEqual(69);
    expect(first).toBeLessThanOrEqual(72);
    expect(drifting.all).toEqual(new Set(['CLOCK_OFFSET']));
    const stepped = read(
      market({ disturbances: [{ kind: 'clock-drift', when: scheduled(HOUR_MS), stepMs: -2_000 }] }),
    );
    expect(minutesOf(stepped, 'CLOCK_OFFSET')).toContain(70);
    expect(minutesOf(stepped, 'CLOCK_OFFSET')).not.toContain(59);
  });

  test('an opening gap: silence over night, then a jump', () => {
    const session = { hours: { from: '00:30', to: '01:30' }, closedVolatilityFactor: 0 };
    const disturbances: SimulatedMarketsOptions['disturbances'] = [
      { kind: 'gap', when: { kind: 'scheduled', fromMs: START_MS + 12 * HOUR_MS }, jumpFraction: -0.05 },
    ];
    const reading = read(market({ days: 1.05, stepMs: 1_000, disturbances }, { session }));
    expect(minutesOf(reading, 'STALE')).toContain(91);
    expect(minutesOf(reading, 'STALE')).toContain(24 * 60 + 29);
    expect(minutesOf(reading, 'PRICE_JUMP')).toEqual([24 * 60 + 30]);
    expect(isGood(reading.last)).toBe(true);
  });

  test('a crash: no mistake of the data, but spread and depth of the view show it', () => {
    const spreads: number[] = [];
    const crash = { atFraction: 0.5, depthFraction: 0.3, fallMinutes: 20 };
    const reading = read(market({ crash, days: 1 / 12 }), {}, ({ bids, asks, receivedMs, mark }) => {
      const minute = Math.floor((receivedMs - START_MS) / MINUTE_MS);
      const [bid, ask] = [bids[0]?.price, asks[0]?.price];
      if (bid !== undefined && ask !== undefined) spreads[minute] = (ask - bid) / mark;
    });
    expect(reading.all).toEqual(new Set());
    expect(spreads[75]).toBeGreaterThan(3 * (spreads[55] ?? NaN));
    expect(reading.last.mark).toBeLessThan(4_700_000);
  });

  test('illiquid times: no mistake of the data either; the view shows a wide and thin book', () => {
    const spreads: number[] = [];
    const disturbances: SimulatedMarketsOptions['disturbances'] = [
      { kind: 'illiquid', when: scheduled(30 * MINUTE_MS), spreadFactor: 20 },
    ];
    const reading = read(market({ disturbances }), {}, ({ bids, asks, receivedMs, mark }) => {
      const minute = Math.floor((receivedMs - START_MS) / MINUTE_MS);
      const [bid, ask] = [bids[0]?.price, asks[0]?.price];
      if (bid !== undefined && ask !== undefined) spreads[minute] = (ask - bid) / mark;
    });
    expect(reading.all).toEqual(new Set());
    expect(spreads[75]).toBeGreaterThan(5 * (spreads[55] ?? NaN));
  });

  test('all that is drawn over a day, and no event that is impossible or out of order', () => {
    const reading = read(
      market({
        days: 1,
        stepMs: 1_000,
        seed: 8,
        disturbances: (['outage', 'stuck', 'crossed', 'clock-drift'] as const).map((kind) => ({
          kind,
          when: { kind: 'drawn', perDay: 12, meanDurationMs: 4 * MINUTE_MS },
          ...(kind === 'clock-drift' ? { stepMs: 3_000 } : {}),
        })),
      }),
    );
    expect([...reading.all]).toEqual(
      expect.arrayContaining(['STALE', 'SEQUENCE_GAP', 'CROSSED', 'CLOCK_OFFSET']),
    );
    expect(reading.all).not.toContain('MALFORMED');
    expect(reading.all).not.toContain('OUT_OF_ORDER');
    expect(reading.all).not.toContain('DUPLICATE');
  });
});
