import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import {
  type MatchEvent,
  type MatchOrder,
  MatchingEngine,
  type MatchingOptions,
  SimulatedMarket,
} from '../../src/simulation/index.ts';
import { type MarketEvent, TIMES_IN_FORCE, defineInstrument } from '../../src/trading/index.ts';

const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '1',
  step: '1',
});

/** What we do between two market events; prices are relative to the middle of the market. */
type Action =
  | { readonly kind: 'place'; readonly order: Omit<MatchOrder, 'orderId' | 'instrumentId'> }
  | { readonly kind: 'cancel'; readonly which: number }
  | {
      readonly kind: 'amend';
      /** Counted back from the last order placed. */
      readonly which: number;
      readonly quantity: number;
      readonly price: number;
    };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      order: fc.record({
        side: fc.constantFrom('buy' as const, 'sell' as const),
        quantity: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 80 })).map(lots),
        price: fc.integer({ min: -6, max: 6 }).map(ticks),
        postOnly: fc.boolean(),
        timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(200) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      which: fc.nat(12),
      quantity: fc.integer({ min: 0, max: 40 }),
      price: fc.integer({ min: -6, max: 6 }),
    }),
  },
);

const history = fc.record({
  seed: fc.integer(),
  participationFraction: fc.constantFrom(1, 0.5, 0.07),
  queueCancels: fc.constantFrom('behind' as const, 'pro-rata' as const),
  actions: fc.array(fc.option(action, { freq: 3 }), { minLength: 50, maxLength: 250 }),
});

/** A coarse market: few levels, small quantities, a price that moves about as far as the spread in each step. */
const market = (seed: number): Iterable<MarketEvent> =>
  new SimulatedMarket(
    {
      seed,
      days: 0.01,
      stepMs: 10_000,
      startPrice: '1000',
      dailyVolatilityFraction: 0.2,
      spreadBps: 20,
      levels: 4,
      levelQuantity: '10',
      tradeQuantity: '8',
      crash: { atFraction: 0.5, fallMinutes: 2 },
    },
    { instrument },
  );

/** What an order has been through, by what was said of it alone. */
interface Known {
  order: MatchOrder;
  filled: number;
  over: boolean;
  taken: number;
}

/** The market and the orders as somebody else would keep them: never reads the engine's own state. */
class Witness {
  readonly #share: number;
  readonly orders = new Map<string, Known>();
  readonly #levels = { bids: new Map<number, number>(), asks: new Map<number, number>() };
  /** What our takers took from a level since the market showed another quantity there. */
  readonly #taken = { bids: new Map<number, number>(), asks: new Map<number, number>() };

  /** @param share of a level that our takers may take */
  constructor(share = 1) {
    this.#share = share;
  }

  see(event: MarketEvent): void {
    if (event.type === 'trade') return;
    const [bids, asks] = event.type === 'quote' ? [[event.bid], [event.ask]] : [event.bids, event.asks];
    for (const [side, changes] of [
      ['bids', bids],
      ['asks', asks],
    ] as const) {
      for (const { price, quantity } of changes) {
        if ((this.#levels[side].get(price) ?? 0) !== quantity) this.#taken[side].delete(price);
        this.#levels[side].set(price, quantity);
      }
    }
  }

  get mid(): number {
    const standing = (side: 'bids' | 'asks'): number[] =>
      [...this.#levels[side]].flatMap(([price, quantity]) => (quantity > 0 ? [price] : []));
    return Math.round((Math.max(...standing('bids')) + Math.min(...standing('asks'))) / 2);
  }

  /** Displayed on a side within a limit. */
  displayed(side: 'bids' | 'asks', limit: number): number {
    let sum = 0;
    for (const [price, quantity] of this.#levels[side]) {
      if (side === 'asks' ? price <= limit : price >= limit) sum += quantity;
    }
    return sum;
  }

  /** Checks what holds for every event, whatever brought it about. */
  hear(event: MatchEvent, placing?: MatchOrder): void {
    if (event.type === 'accepted' && placing !== undefined) {
      this.orders.set(event.orderId, { order: placing, filled: 0, over: false, taken: 0 });
      return;
    }
    if (event.type === 'rejected' || event.type === 'cancelRefused' || event.type === 'amendRefused') return;
    const known = this.orders.get(event.orderId);
    if (known === undefined || known.over) throw new Error(`${event.type} of an order that is over`);
    const { order } = known;
    if (event.type === 'filled') {
      known.filled += event.quantity;
      expect(known.filled).toBeLessThanOrEqual(order.quantity);
      if (order.side === 'buy') expect(event.price).toBeLessThanOrEqual(order.price);
      else expect(event.price).toBeGreaterThanOrEqual(order.price);
      if (order.postOnly || placing === undefined) expect(event.liquidity).toBe('maker');
      if (event.liquidity === 'maker') expect(event.price).toBe(order.price);
      else this.#take(event.side === 'buy' ? 'asks' : 'bids', event.price, event.quantity);
      known.over = known.filled === order.quantity;
    } else if (event.type === 'amended') {
      expect(event.quantity).toBeGreaterThan(known.filled);
      known.order = { ...order, quantity: event.quantity, price: event.price };
    } else if (event.type === 'cancelled') {
      expect(event.cumulative).toBe(known.filled);
      known.over = true;
    }
  }

  #take(side: 'bids' | 'asks', price: number, quantity: number): void {
    const taken = (this.#taken[side].get(price) ?? 0) + quantity;
    this.#taken[side].set(price, taken);
    expect(taken).toBeLessThanOrEqual(this.#share * (this.#levels[side].get(price) ?? 0));
  }
}

const filled = (events: readonly MatchEvent[], side: 'buy' | 'sell'): number =>
  events.reduce(
    (sum, event) => sum + (event.type === 'filled' && event.side === side ? event.quantity : 0),
    0,
  );

interface History extends MatchingOptions {
  readonly seed: number;
  readonly actions: readonly (Action | null)[];
}

/** Plays a history and gives all that was said, checking on the way if there is a witness. */
function play({ seed, actions, ...options }: History, witness?: Witness): MatchEvent[] {
  const engine = new MatchingEngine(options, { instrument });
  const mids = new Witness();
  const all: MatchEvent[] = [];
  const next = actions.values();
  let placed = 0;
  for (const event of market(seed)) {
    mids.see(event);
    witness?.see(event);
    const events = engine.onMarket(event);
    all.push(...events);
    if (witness !== undefined) {
      checkBacking(event, events, witness);
      for (const one of events) witness.hear(one);
    }
    const todo = next.next();
    if (todo.done === true) break;
    if (todo.value === null) continue;
    if (todo.value.kind === 'cancel') {
      const said = engine.cancel(`o${todo.value.which}`);
      all.push(...said);
      for (const one of said) witness?.hear(one);
      continue;
    }
    if (todo.value.kind === 'amend') {
      const { which, quantity, price } = todo.value;
      const id = `o${placed - 1 - which}`;
      const said = engine.amend(id, lots(quantity), ticks(mids.mid + price));
      all.push(...said);
      // While it is amended it may take.
      for (const one of said) witness?.hear(one, witness.orders.get(id)?.order);
      continue;
    }
    const { order: asked } = todo.value;
    const order: MatchOrder = {
      ...asked,
      orderId: `o${placed++}`,
      instrumentId: 'ABC-USD',
      price: ticks(mids.mid + asked.price),
    };
    const said = engine.place(order);
    all.push(...said);
    if (witness === undefined) continue;
    for (const one of said) witness.hear(one, order);
    checkPlaced(order, said, witness);
  }
  if (witness !== undefined) {
    const open = engine.openOrders().map(({ order, cumulative }) => [order.orderId, cumulative]);
    const expected = [...witness.orders.values()].filter(({ over }) => !over);
    expect(open).toEqual(expected.map(({ order, filled: cumulative }) => [order.orderId, cumulative]));
    for (const { order } of expected) expect(order.timeInForce).toBe('GTC');
  }
  return all;
}

/** Fills of resting orders are backed by what the event printed or displays. */
function checkBacking(event: MarketEvent, events: readonly MatchEvent[], witness: Witness): void {
  const fills = events.flatMap((one) => (one.type === 'filled' ? [one] : []));
  if (event.type === 'trade') {
    expect(filled(events, event.aggressor)).toBe(0);
    expect(filled(events, event.aggressor === 'buy' ? 'sell' : 'buy')).toBeLessThanOrEqual(event.quantity);
    return;
  }
  for (const side of ['buy', 'sell'] as const) {
    const prices = fills.filter((fill) => fill.side === side).map(({ price }) => price);
    if (prices.length === 0) continue;
    const limit = side === 'buy' ? Math.max(...prices) : Math.min(...prices);
    expect(filled(events, side)).toBeLessThanOrEqual(
      witness.displayed(side === 'buy' ? 'asks' : 'bids', limit),
    );
  }
}

function checkPlaced(order: MatchOrder, said: readonly MatchEvent[], witness: Witness): void {
  const known = witness.orders.get(order.orderId);
  if (order.postOnly && order.timeInForce !== 'GTC') {
    expect(said).toEqual([{ type: 'rejected', orderId: order.orderId, reason: 'TIME_IN_FORCE_CONFLICT' }]);
  }
  if (known === undefined) return;
  if (order.timeInForce !== 'GTC') expect(known.over).toBe(true);
  if (order.timeInForce === 'FOK') expect([0, order.quantity]).toContain(known.filled);
  if (order.postOnly) expect(known.filled).toBe(0);
}

describe('the matching engine, under any history', () => {
  test.prop([history], { numRuns: 300 })(
    'fills only what the market backs, never beyond limit or quantity',
    (drawn) => {
      play(drawn, new Witness(drawn.participationFraction));
    },
  );

  test.prop([history], { numRuns: 50 })('says the same for the same history', (drawn) => {
    expect(play(drawn)).toEqual(play(drawn));
  });

  test.prop([history], { numRuns: 100 })('never uses an execution id twice', (drawn) => {
    const ids = play(drawn).flatMap((event) => (event.type === 'filled' ? [event.executionId] : []));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
