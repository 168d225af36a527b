import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { MarketTracker, VerifiedBook } from '../../src/market-data/index.ts';
import { type BookDiff, type Level, type MarketEvent, isGood } from '../../src/trading/index.ts';
import { snapshot } from '../support/market-events.ts';
import { type SyntheticMarket, syntheticMarket } from '../support/synthetic-recording.ts';

/** What a bad line does to a diff or a quote. */
const damage = fc.record({
  kind: fc.constantFrom('drop', 'repeat', 'delay', 'snapshot'),
  of: fc.constantFrom('diff', 'diff', 'quote'),
  // Not a double: those are drawn by their bits, nearly all next to 0.
  place: fc.integer({ min: 0, max: 9_999 }).map((n) => n / 10_000),
  by: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 })),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(market: SyntheticMarket, wounds: readonly Damage[]): readonly MarketEvent[] {
  const events = [...market.events];
  for (const { kind, of, place, by } of wounds) {
    const victims = events.filter((event) => event.type === of);
    const event = victims[Math.floor(place * victims.length)];
    if (event === undefined || !('updateId' in event)) continue;
    const at = events.indexOf(event);
    if (kind === 'drop') events.splice(at, 1);
    else if (kind === 'repeat') events.splice(at + by, 0, event);
    else if (kind === 'delay') events.splice(at + by, 0, ...events.splice(at, 1));
    else {
      // From before the event, as a slow request gives it.
      const id = Math.max(5_000, event.updateId - by);
      events.splice(at, 0, snapshot(id, market.truth(id)));
    }
  }
  return events;
}

const wounds = fc.array(damage, { maxLength: 8, size: 'max' });
const market = fc
  .record({ seed: fc.integer(), updates: fc.integer({ min: 100, max: 400 }) })
  .map(({ seed, updates }) => syntheticMarket(seed, updates));

/** The rules of the venue once more, on ids alone: the levels are looked up in the truth. */
class NaiveIds {
  id: number | undefined;
  #last = -1;
  #joined = false;
  #kept: BookDiff[] = [];

  see(event: MarketEvent): void {
    if (event.type === 'diff' && this.id === undefined) this.#kept.push(event);
    else if (event.type === 'diff') this.#step(event, this.id ?? 0);
    else if (event.type === 'snapshot' && event.updateId >= this.#last) {
      const kept = this.#kept;
      this.#kept = [];
      this.#joined = false;
      this.id = this.#last = event.updateId;
      for (const change of kept) this.see(change);
    }
  }

  #step(event: BookDiff, id: number): void {
    if (event.updateId <= id) return;
    if (event.firstUpdateId > id + 1 || (this.#joined && event.firstUpdateId !== id + 1)) {
      this.id = undefined;
      this.#kept.push(event);
      return;
    }
    this.id = this.#last = event.updateId;
    this.#joined = true;
  }
}

describe('whatever is lost, repeated or mixed up on the way', () => {
  test.prop([market, wounds])('a valid book is the true one', (it, with_) => {
    const book = new VerifiedBook(1_000);
    for (const event of damaged(it, with_)) {
      if (event.type === 'snapshot') book.snapshot(event);
      if (event.type === 'diff') book.diff(event);
      if (!book.isValid()) continue;
      expect({ bids: book.bids.top(1_000), asks: book.asks.top(1_000) }).toEqual(it.truth(book.updateId));
    }
  });

  test.prop([market, wounds])('a good view shows the newest best prices over the true book', (it, with_) => {
    const clock = new ManualClock(1_700_000_000_000);
    const tracker = new MarketTracker(
      { depth: 1_000, quality: { maxJumpBps: 10_000 } },
      { instrumentId: 'BTC-USDT', clock },
    );
    const naive = new NaiveIds();
    let newestQuote = -1;
    for (const event of damaged(it, with_)) {
      clock.advanceTo(event.receivedMs);
      const view = tracker.apply(event);
      naive.see(event);
      if (event.type === 'quote') newestQuote = Math.max(newestQuote, event.updateId);
      if (!isGood(view)) continue;
      if (naive.id === undefined) throw new Error('a good view without a valid book');
      const book = it.truth(naive.id);
      const best = newestQuote > naive.id ? it.truth(newestQuote) : book;
      expect({ bids: view.bids, asks: view.asks }).toEqual({
        bids: merge(best.bids, book.bids, (price, than) => price < than),
        asks: merge(best.asks, book.asks, (price, than) => price > than),
      });
    }
  });

  test.prop([market])('an undamaged stream has a good view from the snapshot on', (it) => {
    const clock = new ManualClock(1_700_000_000_000);
    const tracker = new MarketTracker({}, { instrumentId: 'BTC-USDT', clock });
    let seen = false;
    for (const event of it.events) {
      clock.advanceTo(event.receivedMs);
      seen ||= event.type === 'snapshot';
      expect(isGood(tracker.apply(event))).toBe(seen);
    }
  });
});

const merge = (
  best: readonly Level[],
  book: readonly Level[],
  worse: (price: number, than: number) => boolean,
): readonly Level[] =>
  best.slice(0, 1).flatMap((top) => [top, ...book.filter(({ price }) => worse(price, top.price))]);
