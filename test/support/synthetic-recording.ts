import type { Level, MarketEvent, Side } from '../../src/trading/index.ts';
import { type Increment, SeededRandom, toText } from '../../src/core/index.ts';
import { BTC, diff, level, quote, snapshot, trade } from './market-events.ts';

interface Sides {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export interface SyntheticMarket {
  /** As a recorder of Binance spot gets them: diffs, best quotes, trades, one snapshot that comes late. */
  readonly events: readonly MarketEvent[];
  /** The whole book after an update, best first. */
  truth(updateId: number): Sides;
}

interface Change {
  readonly side: Side;
  readonly level: Level;
}

const START_MS = 1_700_000_000_000;
/** The exchange's clock is ahead of the recorder's by this much; messages take 0 to 3 ms. */
const OFFSET_MS = 1_270;
const FIRST_ID = 5_000;

/**
 * A small market, the same for the same seed: a book that changes one level per update id, diffs over each 100 ms of
 * changes, a quote whenever a best level changes, trades at the best prices. The snapshot is taken after the second diff,
 * in the middle of what the next diff will cover, and arrives only after the fourth.
 */
export function syntheticMarket(seed: number, updates: number): SyntheticMarket {
  const random = new SeededRandom(seed);
  const book = { buy: new Map<number, number>(), sell: new Map<number, number>() };
  for (let i = 0; i < 12; i += 1) {
    book.buy.set(9_999 - i, random.integer(1, 900));
    book.sell.set(10_001 + i, random.integer(1, 900));
  }
  const sides = (): Sides => ({
    bids: [...book.buy].sort((a, b) => b[0] - a[0]).map(([price, quantity]) => level(price, quantity)),
    asks: [...book.sell].sort((a, b) => a[0] - b[0]).map(([price, quantity]) => level(price, quantity)),
  });
  const states = [sides()];
  const events: MarketEvent[] = [];
  let pending: Change[] = [];
  let pendingFrom = FIRST_ID + 1;
  let diffs = 0;
  let taken: number | undefined;
  let tradeId = 70;
  let ms = 0;

  for (let id = FIRST_ID + 1; id <= FIRST_ID + updates; id += 1) {
    const before = states.at(-1) ?? sides();
    const change = nextChange(before, random);
    if (change.level.quantity === 0) book[change.side].delete(change.level.price);
    else book[change.side].set(change.level.price, change.level.quantity);
    pending.push(change);
    const after = sides();
    states.push(after);

    // A quarter of a millisecond is exact in a number, so that what is written is what is read.
    const tenth = Math.floor(ms / 100);
    ms += random.integer(1, 160) / 4;
    const receivedMs = START_MS + ms;
    const exchangeMs = Math.floor(receivedMs) + OFFSET_MS - random.integer(0, 3);
    const { bids, asks } = after;
    const [bid] = bids;
    const [ask] = asks;
    if (bid === undefined || ask === undefined) throw new Error('the synthetic market has two sides');
    if (bid !== before.bids[0] && !sameBest(before, after)) events.push(quote(id, bid, ask, { receivedMs }));
    if (random.next() < 0.3) {
      const aggressor = random.next() < 0.5 ? 'buy' : 'sell';
      const { price } = aggressor === 'buy' ? ask : bid;
      tradeId += 1;
      const { quantity } = level(0, random.integer(1, 50));
      events.push(trade(tradeId, { receivedMs, exchangeMs, price, quantity, aggressor }));
    }
    if (Math.floor(ms / 100) > tenth) {
      events.push(diff(pendingFrom, id, { receivedMs, exchangeMs, ...latest(pending) }));
      pending = [];
      pendingFrom = id + 1;
      diffs += 1;
      if (diffs === 4 && taken !== undefined) {
        events.push(snapshot(taken, { receivedMs, ...states[taken - FIRST_ID] }));
      }
    }
    if (diffs === 2) taken ??= id + 1 <= FIRST_ID + updates && pending.length > 0 ? id : undefined;
  }
  return {
    events,
    truth: (updateId) => {
      const state = states[updateId - FIRST_ID];
      if (state === undefined) throw new Error(`the synthetic market has no update ${updateId}`);
      return state;
    },
  };
}

/** The lines of a recording of these events. */
export const toLines = (events: readonly MarketEvent[]): readonly string[] =>
  events.map((event) => `${nanoseconds(event.receivedMs)} ${JSON.stringify(toMessage(event))}`);

export const toFile = (events: readonly MarketEvent[]): string => `${toLines(events).join('\n')}\n`;

const sameBest = (a: Sides, b: Sides): boolean =>
  JSON.stringify([a.bids[0], a.asks[0]]) === JSON.stringify([b.bids[0], b.asks[0]]);

function nextChange({ bids, asks }: Sides, random: SeededRandom): Change {
  const side = random.next() < 0.5 ? 'buy' : 'sell';
  const own = side === 'buy' ? bids : asks;
  const away = side === 'buy' ? -1 : 1;
  const best = own[0]?.price ?? 0;
  const spread = (asks[0]?.price ?? 0) - (bids[0]?.price ?? 0);
  const dice = random.next();
  if (dice < 0.15 && own.length > 3) return { side, level: level(best, 0) };
  if (dice < 0.3 && spread > 1) return { side, level: level(best - away, random.integer(1, 900)) };
  const price = best + away * random.integer(0, 14);
  const present = own.some((other) => other.price === price);
  const remove = present && own.length > 3 && random.next() < 0.3;
  return { side, level: level(price, remove ? 0 : random.integer(1, 900)) };
}

/** The last word on each level. */
function latest(changes: readonly Change[]): Sides {
  const last = (side: Side): readonly Level[] => [
    ...new Map(changes.filter((c) => c.side === side).map((c) => [c.level.price, c.level])).values(),
  ];
  return { bids: last('buy'), asks: last('sell') };
}

function toMessage(event: MarketEvent): unknown {
  const { tick, step } = BTC.grid;
  const pairs = (side: readonly Level[]): unknown =>
    side.map(({ price, quantity }) => [text(price, tick), text(quantity, step)]);
  switch (event.type) {
    case 'snapshot':
      return { lastUpdateId: event.updateId, bids: pairs(event.bids), asks: pairs(event.asks) };
    case 'diff':
      return combined('depth@100ms', {
        e: 'depthUpdate',
        E: event.exchangeMs,
        s: 'BTCUSDT',
        U: event.firstUpdateId,
        u: event.updateId,
        b: pairs(event.bids),
        a: pairs(event.asks),
      });
    case 'quote':
      return combined('bookTicker', {
        u: event.updateId,
        s: 'BTCUSDT',
        b: text(event.bid.price, tick),
        B: text(event.bid.quantity, step),
        a: text(event.ask.price, tick),
        A: text(event.ask.quantity, step),
      });
    case 'trade':
      return combined('trade', {
        e: 'trade',
        E: event.exchangeMs,
        s: 'BTCUSDT',
        t: event.tradeId,
        p: text(event.price, tick),
        q: text(event.quantity, step),
        T: event.exchangeMs,
        m: event.aggressor === 'sell',
        M: true,
      });
  }
}

const combined = (stream: string, data: unknown): unknown => ({ stream: `btcusdt@${stream}`, data });

/** Binance writes eight digits after the point, whatever the grid. */
function text(count: number, increment: Increment): string {
  const [whole = '', fraction = ''] = toText(count, increment).split('.');
  return `${whole}.${fraction.padEnd(8, '0')}`;
}

const nanoseconds = (ms: number): string => {
  const whole = Math.floor(ms);
  return `${whole}${String((ms - whole) * 1e6).padStart(6, '0')}`;
};
