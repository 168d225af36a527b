import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { ManualClock, lots, ticks } from '../../src/core/index.ts';
import { MarketTracker } from '../../src/market-data/index.ts';
import { type MarketView, isGood } from '../../src/trading/index.ts';
import { level, quote, snapshot } from '../support/market-events.ts';

const SAMPLE_MS = 100;
const SPREAD_SAMPLES = 7;
const MARKS_SAMPLES = 4;

/** What comes next: after how long, with which best prices; an ask at or below the bid is a bad market. */
const step = fc.record({
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 130 }) },
    { weight: 1, arbitrary: fc.nat({ max: 1_500 }) },
  ),
  bid: fc.integer({ min: 900, max: 1_100 }),
  width: fc.integer({ min: -1, max: 9 }),
  isQuiet: fc.boolean(),
});
const steps = fc.array(step, { maxLength: 80, size: 'max' });

interface Look {
  readonly sample: number;
  readonly view: MarketView;
}

/** The same once more, from the list of all good views: the last of each sample, the range of all. */
function naive(looks: readonly Look[], now: number): Pick<MarketView, 'recentSpread' | 'recentMarks'> {
  const good = looks.filter(({ view }) => isGood(view));
  const past = (samples: number): readonly Look[] =>
    good.filter(({ sample }) => sample < now && sample >= now - samples);
  const lastOf = new Map(past(SPREAD_SAMPLES).map(({ sample, view }) => [sample, spreadBps(view)]));
  const sorted = [...lastOf.values()].toSorted((a, b) => a - b);
  const [lower = NaN, upper = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  const marks = past(MARKS_SAMPLES).map(({ view }) => view.mark);
  return {
    ...(sorted.length > 0 && {
      recentSpread: {
        medianBps: lower === upper ? lower : (lower + upper) / 2,
        samples: sorted.length,
        windowMs: SPREAD_SAMPLES * SAMPLE_MS,
      },
    }),
    ...(marks.length > 0 && {
      recentMarks: {
        low: ticks(Math.min(...marks)),
        high: ticks(Math.max(...marks)),
        windowMs: MARKS_SAMPLES * SAMPLE_MS,
      },
    }),
  };
}

const spreadBps = ({ bids, asks }: MarketView): number => {
  const [bid = NaN, ask = NaN] = [bids[0]?.price, asks[0]?.price];
  return ((ask - bid) * 20_000) / (ask + bid);
};

test.prop([steps], { numRuns: 300 })(
  'what spread and mark have been is what a list of all that was seen says',
  (all) => {
    const clock = new ManualClock(1_000);
    const tracker = new MarketTracker(
      {
        recent: {
          sampleMs: SAMPLE_MS,
          spreadWindowMs: SPREAD_SAMPLES * SAMPLE_MS,
          marksWindowMs: MARKS_SAMPLES * SAMPLE_MS,
        },
        quality: { maxJumpBps: 10_000, staleAfterMs: 1e9 },
      },
      { instrumentId: 'BTC-USDT', clock },
    );
    const looks: Look[] = [];
    const look = (view: MarketView): void => {
      const sample = Math.floor(clock.monotonicMs() / SAMPLE_MS);
      const { recentSpread, recentMarks } = naive(looks, sample);
      expect([view.recentSpread, view.recentMarks]).toEqual([recentSpread, recentMarks]);
      looks.push({ sample, view });
    };
    look(tracker.apply(snapshot(1, { bids: [level(1_000, 1)], asks: [level(1_002, 1)] })));
    all.forEach(({ afterMs, bid, width, isQuiet }, index) => {
      clock.advance(afterMs);
      const event = quote(index + 2, level(bid, lots(1)), level(bid + width, lots(1)), {
        receivedMs: clock.nowMs(),
      });
      look(isQuiet ? tracker.check() : tracker.apply(event));
    });
  },
);
