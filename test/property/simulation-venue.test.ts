import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ZERO, decimal } from '../../src/core/decimal.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { PaperVenue, type PaperVenueOptions } from '../../src/desk/paper/paper-venue.ts';
import type { VenueEvent, VenueOrder } from '../../src/desk/venue/venue-driver.ts';
import { SimulatedMarket } from '../../src/simulation/index.ts';
import { TIMES_IN_FORCE, defineInstrument } from '../../src/trading/index.ts';

const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '1',
  step: '1',
});

const OPENING = {
  positions: [{ accountId: 'main', instrumentId: 'ABC-USD', quantity: '-7' }],
  balances: [{ accountId: 'main', currency: 'USD', amount: '1000' }],
};

const order = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 40 }).map(String),
  price: fc.integer({ min: 990, max: 1010 }).map(String),
  postOnly: fc.boolean(),
  timeInForce: fc.constantFrom(...TIMES_IN_FORCE),
});

/** Of each leg, or of all. */
const drawnLatency = fc.constantFrom(
  { kind: 'log-normal' as const, medianMs: 20, p99Ms: 20_000 },
  { kind: 'shifted-exponential' as const, medianMs: 4_000, p99Ms: 20_000 },
  { kind: 'empirical' as const, samplesMs: [0, 5, 30_000] },
  3,
);

const legs = fc.record(
  {
    entry: drawnLatency,
    cancel: drawnLatency,
    amend: drawnLatency,
    query: drawnLatency,
    report: drawnLatency,
  },
  { requiredKeys: [] },
);

const history = fc.record({
  seed: fc.integer(),
  latencyMs: fc.constantFrom(0, 3, 2_500, 40_000),
  latencyMsByLeg: fc.option(legs, { nil: undefined }),
  fuss: fc.record({
    participationFraction: fc.constantFrom(1, 0.3),
    queueCancels: fc.constantFrom('behind' as const, 'pro-rata' as const),
    feeCurrency: fc.constantFrom('quote' as const, 'base' as const, 'received' as const),
    rejections: fc.record(
      {
        rates: fc.constantFrom({ OVERLOADED: 0.2 }, { NO_FUNDS: 0.1, OVERLOADED: 0.1 }),
        priceBandFraction: fc.constantFrom(0.004, 0.1),
        maxOpenOrders: fc.constantFrom(1, 4),
      },
      { requiredKeys: [] },
    ),
  }),
  /** What is sent after each market event, how long somebody waits for it, and what is cancelled. */
  actions: fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(undefined) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('place' as const), order, patient: fc.boolean() }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(60) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('amend' as const), which: fc.nat(60), order }),
      },
    ),
    { minLength: 40, maxLength: 150 },
  ),
});

type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

interface Played {
  readonly venue: PaperVenue;
  answer<T>(waiting: Promise<T>): Promise<T>;
  readonly events: VenueEvent[];
  readonly log: string[];
}

/** Plays a history over a simulated market, with a turn of the event loop after each market event. */
async function play({ seed, latencyMs, latencyMsByLeg = {}, fuss, actions }: History): Promise<Played> {
  const market = new SimulatedMarket(
    {
      seed,
      days: 0.02,
      stepMs: 10_000,
      startPrice: '1000',
      spreadBps: 20,
      levels: 4,
      levelQuantity: '10',
      tradeQuantity: '8',
    },
    { instrument },
  );
  const clock = new ManualClock(market.settings.startMs);
  const options: PaperVenueOptions = { ...fuss, seed, latencyMs, latencyMsByLeg };
  const venue = new PaperVenue(
    { ...options, makerFeeBps: '-0.7', takerFeeBps: '3.3', opening: OPENING },
    { clock, instruments: [instrument] },
  );
  const longestMs = 60_000;
  const events: VenueEvent[] = [];
  const orders = new Map<string, VenueOrder>();
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${clock.nowMs()} ${what}`);
  venue.onEvent((event) => {
    events.push(event);
    note(`${'clientOrderId' in event ? event.clientOrderId : '-'} ${event.type}`);
  });
  const next = actions.values();
  let placed = 0;
  for (const event of market) {
    clock.advanceTo(event.receivedMs);
    await clock.turn();
    venue.onMarket(event);
    const { value: action, done } = next.next();
    if (done === true) break;
    if (action?.kind === 'place') {
      const id = `o${placed++}`;
      const wait = new AbortController();
      const sent = { ...action.order, clientOrderId: id, accountId: 'main', instrumentId: 'ABC-USD' };
      orders.set(id, sent);
      void venue.place(sent, wait.signal).then(
        ({ status }) => {
          note(`${id} ${status}`);
        },
        () => undefined,
      );
      if (!action.patient) {
        wait.abort();
        note(`${id} given up`);
      }
    } else if (action?.kind === 'cancel') {
      void venue.cancel(`o${action.which}`, new AbortController().signal).catch(() => {
        note(`o${action.which} not cancelled`);
      });
    } else if (action?.kind === 'amend') {
      const sent = orders.get(`o${action.which}`);
      const { quantity, price } = action.order;
      if (sent !== undefined) void venue.amend({ ...sent, quantity, price }, new AbortController().signal);
    }
  }
  clock.advance(3 * longestMs);
  await clock.turn();
  const answer = async <T>(waiting: Promise<T>): Promise<T> => {
    clock.advance(2 * longestMs);
    return waiting;
  };
  return { venue, events, log, answer };
}

describe('the paper venue, under any history', () => {
  test.prop([history], { numRuns: 60 })(
    'tells every fill once, those of an order in order, all of them while reports take the same time',
    async (drawn) => {
      const { venue, events } = await play(drawn);
      const told = events.filter((event) => event.type === 'filled');
      const made = venue.executions();
      const stories = (fills: readonly { clientOrderId: string; executionId: string }[]) =>
        [...Map.groupBy(fills, ({ clientOrderId }) => clientOrderId)]
          .map(([id, of]) => [id, of.map(({ executionId }) => executionId)])
          .sort();
      expect(stories(told)).toEqual(stories(made));
      if (typeof (drawn.latencyMsByLeg?.report ?? 0) === 'number')
        expect(told.map(({ executionId }) => executionId)).toEqual(
          made.map(({ executionId }) => executionId),
        );
      const byId = new Map(made.map((fill) => [fill.executionId, fill]));
      for (const fill of told) {
        expect({ type: 'filled', ...byId.get(fill.executionId) }).toMatchObject(fill);
      }
    },
  );

  test.prop([history], { numRuns: 60 })(
    'answers an order once, before anything else is told of it',
    async (drawn) => {
      const { log } = await play(drawn);
      const stories = new Map<string, string[]>();
      for (const line of log) {
        const [, id = '', what = ''] = line.split(/ (o\d+) /);
        if (what !== 'not cancelled') stories.set(id, [...(stories.get(id) ?? []), what]);
      }
      for (const story of stories.values()) {
        expect(story.join(', ')).toMatch(/^(given up, )?(rejected|accepted(, filled)*(, cancelled)?)$/);
      }
    },
  );

  test.prop([history], { numRuns: 60 })('says of a cancelled order what it filled', async (drawn) => {
    const { venue, events } = await play(drawn);
    const filled = (id: string): number =>
      venue
        .executions()
        .reduce((sum, { clientOrderId, quantity }) => sum + (clientOrderId === id ? Number(quantity) : 0), 0);
    for (const event of events) {
      if (event.type === 'cancelled') expect(Number(event.cumulative)).toBe(filled(event.clientOrderId));
    }
    for (const {
      order: { clientOrderId },
      cumulative,
    } of venue.resting()) {
      expect(Number(cumulative)).toBe(filled(clientOrderId));
    }
  });

  test.prop([history], { numRuns: 60 })(
    'knows of every order what its fills add up to, never more than it asks for',
    async (drawn) => {
      const { venue, answer } = await play(drawn);
      const signal = new AbortController().signal;
      const fills = await answer(venue.fills(0, signal));
      const open = new Set(
        (await answer(venue.openOrders(signal))).map(({ clientOrderId }) => clientOrderId),
      );
      for (let n = 0; n < drawn.actions.length; n += 1) {
        const report = await answer(venue.lookup(`o${n}`, signal));
        if (report === undefined) continue;
        const filled = fills.reduce(
          (sum, { clientOrderId, quantity }) => sum + (clientOrderId === `o${n}` ? Number(quantity) : 0),
          0,
        );
        expect(Number(report.cumulative)).toBe(filled);
        expect(filled).toBeLessThanOrEqual(Number(report.quantity));
        expect(report.state === 'filled').toBe(filled === Number(report.quantity));
        expect(report.state === 'working').toBe(open.has(`o${n}`));
      }
    },
  );

  test.prop([history], { numRuns: 60 })('holds what was traded, and paid for it', async (drawn) => {
    const { venue, answer } = await play(drawn);
    const signal = new AbortController().signal;
    let [position, cash] = [decimal('-7'), decimal('1000')];
    for (const { side, quantity, price, fee } of venue.executions()) {
      const bought = side === 'buy' ? decimal(quantity) : ZERO.minus(quantity);
      position = position.plus(bought);
      cash = cash.minus(bought.times(decimal(price)));
      if (fee.currency === 'ABC') position = position.minus(fee.amount);
      else cash = cash.minus(fee.amount);
    }
    expect(await answer(venue.positions(signal))).toEqual(
      position.eq('0') ? [] : [{ accountId: 'main', instrumentId: 'ABC-USD', quantity: position.toFixed() }],
    );
    expect(await answer(venue.balances(signal))).toEqual([
      { accountId: 'main', currency: 'USD', amount: cash.toFixed() },
    ]);
  });

  test.prop([history], { numRuns: 30 })('is the same again, to the millisecond', async (drawn) => {
    const [one, two] = [await play(drawn), await play(drawn)];
    expect(one.log).toEqual(two.log);
    expect(one.venue.executions()).toEqual(two.venue.executions());
  });
});
