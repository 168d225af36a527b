import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ManualClock, toGrid } from '../../src/core/index.ts';
import { BarBuilder, MarketTracker, Recording, VerifiedBook } from '../../src/market-data/index.ts';
import { type Bar, type MarketView, isGood } from '../../src/trading/index.ts';
import { BTC } from '../support/market-events.ts';
import { RECORDING, recordingMissing } from '../support/recorded-data.ts';

const open = (): Promise<Recording> => Recording.open(RECORDING, { instruments: [BTC] });

interface Replay {
  readonly views: number;
  readonly good: number;
  readonly tracker: MarketTracker;
  readonly last: MarketView;
}

async function replay(): Promise<Replay> {
  const recording = await open();
  const clock = new ManualClock(recording.firstReceivedMs);
  const tracker = new MarketTracker({}, { instrumentId: BTC.instrumentId, clock });
  let views = 0;
  let good = 0;
  for await (const events of recording.batches()) {
    for (const event of events) {
      clock.advanceTo(event.receivedMs);
      const view = tracker.apply(event);
      views += 1;
      if (isGood(view)) good += 1;
    }
  }
  return { views, good, tracker, last: tracker.view };
}

describe('the recorded stream of a real exchange', () => {
  test('has every message, by kind, and its digest', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const recording = await open();
    expect(recording).toMatchObject({
      messages: 41_249,
      sha256: createHash('sha256')
        .update(gunzipSync(readFileSync(RECORDING)))
        .digest('hex'),
      firstReceivedMs: 1_723_161_253_937.0857,
      lastReceivedMs: 1_723_161_599_999.2314,
    });
    expect(await recording.verify()).toEqual({ snapshot: 1, diff: 3_451, quote: 28_040, trade: 9_757 });
  });

  test('has no gap, and the verified book is never crossed', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const book = new VerifiedBook(1_000);
    const steps = { applied: 0, waiting: 0, covered: 0, old: 0, gap: 0 };
    let crossed = 0;
    for await (const events of (await open()).batches()) {
      for (const event of events) {
        if (event.type === 'snapshot') book.snapshot(event);
        if (event.type !== 'diff') continue;
        steps[book.diff(event)] += 1;
        if (!book.isValid()) continue;
        const { best: bid } = book.bids;
        const { best: ask } = book.asks;
        if (!(bid !== undefined && ask !== undefined && bid.price < ask.price)) crossed += 1;
      }
    }
    expect({ ...steps, crossed }).toEqual({
      applied: 3_448,
      waiting: 3,
      covered: 0,
      old: 0,
      gap: 0,
      crossed: 0,
    });
  });

  test('gives a good view from the snapshot on; only the clock offset is reported', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const { views, good, tracker } = await replay();
    expect({ views, good }).toEqual({ views: 41_249, good: 41_249 - 7 });
    expect(tracker.problemCounts).toEqual({
      NO_BOOK: 1,
      SIDE_EMPTY: 0,
      CROSSED: 0,
      SEQUENCE_GAP: 0,
      PRICE_JUMP: 0,
      STALE: 0,
      CLOCK_OFFSET: 1,
      DUPLICATE: 0,
      OUT_OF_ORDER: 0,
      MALFORMED: 0,
      SOURCE_DEVIATION: 0,
    });
    expect(tracker.view.problems).toMatchObject([{ code: 'CLOCK_OFFSET', blocking: false, limit: 500 }]);
    // The exchange is ahead of the recorder's clock.
    expect(tracker.clockOffsetMs).toBeGreaterThan(1_265);
    expect(tracker.clockOffsetMs).toBeLessThan(1_280);
  });

  test('ends at the last quote', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const { last } = await replay();
    const { tick, step } = BTC.grid;
    expect(last.bids[0]).toEqual({
      price: toGrid('61685.99', tick, 'exact'),
      quantity: toGrid('1.25869', step, 'exact'),
    });
    expect(last.asks[0]).toEqual({
      price: toGrid('61686.00', tick, 'exact'),
      quantity: toGrid('2.44807', step, 'exact'),
    });
    expect([last.bids.length, last.asks.length]).toEqual([10, 10]);
  });

  test('makes bars of every trade', async ({ skip }) => {
    if (recordingMissing !== undefined) skip(recordingMissing);
    const recording = await open();
    const builder = new BarBuilder({ intervalMs: 10_000, gaps: 'flat' }, { instrument: BTC });
    const bars: Bar[] = [];
    for await (const events of recording.batches()) {
      for (const event of events) if (event.type === 'trade') bars.push(...builder.add(event));
    }
    bars.push(...builder.flush(recording.lastReceivedMs + 10_000));
    expect(builder.counts).toEqual({ counted: 9_757, late: 0, duplicate: 0, refused: 0 });
    expect(bars.reduce((sum, bar) => sum + bar.trades, 0)).toBe(9_757);
    expect(bars).toHaveLength(35);
  });
});
