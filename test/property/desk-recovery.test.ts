import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { person } from '../../src/core/index.ts';
import {
  OrderDesk,
  type Reconciliation,
  Venue,
  type VenueDriver,
  type VenueEvent,
  type VenueOrder,
} from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { FIRM, KillSwitch, RiskGuard, scopeKey } from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book, isOpen } from '../../src/trading/index.ts';
import { INSTRUMENTS, NOON_MS, WIDE_EXECUTION, WIDE_RISK, openJournal, view } from '../support/desk-world.ts';
import { type Truth, VenueModel, filled } from '../support/venue-model.ts';

/*
 * The desk that asks: orders are looked up, compared with the venue and amended while disk and venue fail, connections
 * are lost, somebody else trades the account, and the process dies. The venue keeps its own books and never reads ours.
 */

const BY = person('ada');
const MARK = 100;
const BALANCE = 100_000;
const LIMIT = 1_500;
const RULES = {
  reconcileEveryMs: 20_000,
  lookup: { firstDelayMs: 100, maxDelayMs: 3_000, graceMs: 10_000, looks: 3 },
} as const;
const ACCOUNTS = { accounts: [{ accountId: 'acc', currency: 'USDT', balance: String(BALANCE) }] };

const index = fc.nat({ max: 50 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      instrumentId: fc.constantFrom('GOLD', 'GOLD', 'SILVER'),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      quantity: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant('commit' as const), count: fc.constantFrom(1, 3, 100) }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('reply' as const),
      at: index,
      how: fc.constantFrom(
        'accept' as const,
        'accept' as const,
        'accept' as const,
        'accept' as const,
        'accept' as const,
        'reject' as const,
        'error' as const,
        'lost' as const,
        'forget' as const,
      ),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      at: index,
      part: index,
      price: fc.constantFrom('99', '100.25'),
      fee: fc.constantFrom('0', '0.0125'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tell' as const), at: index, execution: index }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      at: index,
      cumulative: fc.boolean(),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('amend' as const),
      at: index,
      quantity: fc.integer({ min: 1, max: 16 }),
      limit: fc.constantFrom('99', '100'),
      how: fc.constantFrom(
        'answer' as const,
        'answer' as const,
        'lost' as const,
        'late' as const,
        'never' as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      at: index,
      how: fc.constantFrom('end' as const, 'take' as const, 'never' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reconcile' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('connection' as const), up: fc.constantFrom(true, true, false) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('silence' as const),
      questions: fc.constantFrom(true, false, false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('external' as const),
      side: fc.constantFrom('buy' as const, 'buy' as const, 'sell' as const),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('trip' as const),
      to: fc.constantFrom('reducing' as const, 'halted' as const),
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 100, 1_000, 5_000, 12_000),
    }),
  },
);
const steps = fc.array(step, { minLength: 20, maxLength: 90, size: 'max' });
type Step = (typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never) | { readonly do: 'fail' };

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % from.length];
const signed = ({ order }: Truth, quantity: number): number => (order.side === 'buy' ? quantity : -quantity);

/** A venue that may be silent, whose connection may be lost, and whose account somebody else trades as well. */
class Exchange extends VenueModel {
  /** What was sent to it, whether it still knows it or not. */
  readonly sent: string[] = [];
  connected = true;
  silent = false;
  #external = 0;
  #tell: (event: VenueEvent) => void = () => undefined;

  override onEvent(listener: (event: VenueEvent) => void): Disposable {
    this.#tell = listener;
    return super.onEvent(listener);
  }

  say(event: VenueEvent): void {
    this.#tell(event);
  }

  /** The order never arrived. */
  forget(truth: Truth): void {
    this.orders.delete(truth.order.clientOrderId);
    truth.reply?.reject(new Error('connection reset'));
  }

  /** Somebody else buys or sells. */
  external(side: 'buy' | 'sell', quantity: number): void {
    const clientOrderId = `theirs-${(this.#external += 1)}`;
    const truth: Truth = {
      order: {
        clientOrderId,
        accountId: 'acc',
        instrumentId: 'GOLD',
        side,
        quantity: String(quantity),
        price: '100',
        postOnly: false,
        timeInForce: 'GTC',
      },
      quantity,
      executions: [],
      reply: undefined,
      ended: false,
      how: 'cancelled',
      final: false,
      lied: false,
    };
    this.orders.set(clientOrderId, truth);
    this.fill(truth, quantity, '100', '0', false);
  }
}

/** The line of one process to the exchange: it is cut when the process dies. */
class Line implements VenueDriver {
  readonly name = 'model';
  readonly #exchange: Exchange;
  alive = true;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  place(order: VenueOrder) {
    return this.#through(() => this.#exchange.place(order));
  }

  amend(order: VenueOrder) {
    return this.#through(() => this.#exchange.amend(order));
  }

  cancel(clientOrderId: string) {
    return this.#through(() => this.#exchange.cancel(clientOrderId));
  }

  lookup(clientOrderId: string) {
    return this.#asked(() => this.#exchange.lookup(clientOrderId));
  }

  openOrders() {
    return this.#asked(() => this.#exchange.openOrders());
  }

  fills(sinceMs: number) {
    return this.#asked(() => this.#exchange.fills(sinceMs));
  }

  positions() {
    return this.#asked(() => this.#exchange.positions());
  }

  balances() {
    return this.#asked(() => this.#exchange.balances());
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    return this.#exchange.onEvent(listener);
  }

  #asked<T>(ask: () => Promise<T>): Promise<T> {
    return this.#exchange.silent ? Promise.reject(new Error('silent')) : this.#through(ask);
  }

  #through<T>(ask: () => Promise<T>): Promise<T> {
    return this.alive ? ask() : new Promise<T>(() => undefined);
  }
}

const isOurs = ({ order }: Truth): boolean => !order.clientOrderId.startsWith('theirs');

/** All of a history: venue, switch and disk outlive the processes. */
async function openHistory() {
  const clock = new ManualClock(NOON_MS);
  const exchange = new Exchange(clock);
  const killSwitch = () =>
    KillSwitch.open({ store: new MemoryStateStore({ clock }), clock, venue: 'model' }, true);
  const faults: string[] = [];
  const seen = new Set<string>();
  const fault = (what: string): void => void faults.push(what);
  let log = new ScriptedAppendLog();
  let process = await live();
  let intents = 0;
  let diskFailed = false;

  async function live() {
    const book = new Book();
    const kill = await killSwitch();
    const journal = await openJournal(log, book, clock, ACCOUNTS);
    const guard = new RiskGuard(
      { ...WIDE_RISK, maxPositionNotional: String(LIMIT) },
      { book, killSwitch: kill, clock },
    );
    const line = new Line(exchange);
    const desk = new OrderDesk(RULES, {
      book,
      guard,
      policy: new ExecutionPolicy(WIDE_EXECUTION),
      killSwitch: kill,
      venue: new Venue(line),
      journal,
      instruments: INSTRUMENTS,
      clock,
    });
    desk.onEvent((event) => {
      if (event.kind === 'reconciled' && event.result.kind === 'reconciled')
        for (const { code } of event.result.differences) seen.add(code);
      if (event.kind === 'anomaly') seen.add(event.code);
      if (event.kind === 'order') seen.add(event.event.type);
    });
    void desk.start();
    return { book, killSwitch: kill, desk, line, log };
  }

  const truths = (): Truth[] => [...exchange.orders.values()];
  const ours = (): Truth[] => truths().filter(isOurs);
  const open = (): Truth[] => ours().filter((truth) => !truth.ended && filled(truth) < truth.quantity);

  exchange.onPlace = ({ clientOrderId: id, quantity }) => {
    const { book, killSwitch: kill } = process;
    const known = book.order(id);
    if (exchange.sent.includes(id)) fault(`${id} was placed twice`);
    exchange.sent.push(id);
    const durable = process.log.durable.map(
      ({ record }) => record as { type: string; clientOrderId?: string },
    );
    if (!durable.some((record) => record.type === 'submitting' && record.clientOrderId === id))
      fault(`${id} was placed before it was durable`);
    if (known === undefined || known.leaves < Number(quantity)) fault(`${id} was placed without a hold`);
    const state = known === undefined ? 'halted' : kill.tradingState(known.order);
    if (state === 'halted' || (state === 'reducing' && known?.order.isExit !== true))
      fault(`${id} was placed while ${state}`);
  };

  const quote = (): void => {
    for (const instrumentId of ['GOLD', 'SILVER'])
      process.desk.mark(
        view(MARK, { instrumentId, receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }),
      );
  };

  const act = async (next: Step): Promise<void> => {
    const { desk, book, killSwitch: kill } = process;
    switch (next.do) {
      case 'submit':
        void desk
          .submit({
            intentId: `i${(intents += 1)}`,
            accountId: 'acc',
            strategyId: 's1',
            instrumentId: next.instrumentId,
            // A sale where there is something to sell.
            side: (book.cell('acc', next.instrumentId)?.pos ?? 0) > 0 ? next.side : 'buy',
            quantity: String(next.quantity),
            price: { type: 'limit', limit: '100', timeInForce: 'GTC' },
          })
          .then(({ kind }) => seen.add(kind));
        break;
      case 'commit':
        log.commit(next.count);
        break;
      case 'fail':
        diskFailed = true;
        log.fail();
        break;
      case 'reply': {
        const truth = pick(
          ours().filter(({ reply }) => reply !== undefined),
          next.at,
        );
        if (truth === undefined) break;
        if (next.how !== 'forget') exchange.reply(truth, next.how);
        else if (filled(truth) === 0 && !truth.ended) exchange.forget(truth);
        break;
      }
      case 'fill': {
        const truth = pick(open(), next.at);
        if (truth === undefined) break;
        const quantity = 1 + (next.part % (truth.quantity - filled(truth)));
        exchange.fill(truth, quantity, next.price, next.fee, exchange.connected);
        break;
      }
      case 'tell': {
        const truth = pick(
          ours().filter(({ executions }) => executions.length > 0),
          next.at,
        );
        if (truth !== undefined && exchange.connected) exchange.tell(truth, next.execution);
        break;
      }
      case 'end': {
        const truth = pick(open(), next.at);
        if (truth === undefined) break;
        if (exchange.connected) exchange.end(truth, 'cancelled', next.cumulative);
        else {
          truth.ended = true;
          truth.how = 'cancelled';
        }
        break;
      }
      case 'amend': {
        const known = pick(
          [...book.liveOrders()].filter(({ state }) => state === 'working'),
          next.at,
        );
        if (known === undefined) break;
        const { clientOrderId } = known.order;
        exchange.onAmend = (order) => {
          const { clientOrderId: id } = order;
          const row = process.book.order(id);
          const asked = Number(order.quantity);
          if (row === undefined || row.leaves + row.cumulative < asked)
            fault(`${id} was amended to ${asked} with less held`);
          if (row === undefined || process.killSwitch.tradingState(row.order) === 'halted')
            fault(`${id} was amended while halted`);
          if (next.how === 'never') return new Promise(() => undefined);
          if (next.how === 'late') return clock.sleep(7_000).then(() => exchange.change(order));
          const reply = exchange.change(order);
          return next.how === 'lost' ? Promise.reject(new Error('reset')) : Promise.resolve(reply);
        };
        const change = { quantity: String(next.quantity), limit: next.limit };
        void desk.amend(clientOrderId, change).then(({ kind }) => seen.add(`amend ${kind}`));
        break;
      }
      case 'cancel': {
        exchange.onCancel = (truth) => {
          if (next.how === 'never') return new Promise(() => undefined);
          if (truth === undefined || truth.ended) return Promise.reject(new Error('no such order'));
          if (next.how === 'end' && exchange.connected) exchange.end(truth, 'cancelled', true);
          return Promise.resolve();
        };
        const known = pick([...book.orders()], next.at);
        if (known !== undefined) void desk.cancel(known.order.clientOrderId);
        break;
      }
      case 'reconcile':
        void desk.reconcile();
        break;
      case 'connection':
        if (next.up === exchange.connected) break;
        exchange.connected = next.up;
        exchange.say(next.up ? { type: 'connected' } : { type: 'disconnected', reason: 'history' });
        break;
      case 'silence':
        exchange.silent = next.questions;
        break;
      case 'external':
        exchange.external(next.side, next.quantity);
        break;
      case 'trip':
        void kill.trip({ to: next.to, scope: FIRM, reason: 'history', by: BY });
        break;
      case 'release':
        for (const { scope } of kill.records())
          kill.release({ scope, confirm: scopeKey(scope), reason: 'history', by: BY }).catch(() => undefined);
        break;
      case 'restart':
        process.line.alive = false;
        log = new ScriptedAppendLog(log.durable);
        diskFailed = false;
        process = await live();
        quote();
        break;
      case 'advance':
        clock.advance(next.ms);
        quote();
        break;
    }
    await clock.turn();
  };

  /** What may still happen at the venue is held, whatever we know of it. */
  const check = (): void => {
    for (const truth of ours()) {
      const { clientOrderId } = truth.order;
      const row = process.book.order(clientOrderId);
      if (row === undefined) fault(`${clientOrderId} is at the venue and not in the Book`);
      else {
        const most = truth.ended ? filled(truth) : Math.max(truth.quantity, filled(truth));
        if (row.cumulative > filled(truth)) fault(`${clientOrderId}: booked more than was filled`);
        if (row.cumulative + row.leaves < most)
          fault(`${clientOrderId}: ${row.state} holds ${row.leaves} of ${row.cumulative} for ${most}`);
      }
    }
  };

  const settle = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      for (let turns = 0; turns < 3; turns += 1) {
        log.commit();
        await clock.turn();
      }
    }
  };

  const reconciled = async (): Promise<Reconciliation> => {
    let result: Reconciliation | undefined;
    void process.desk.reconcile().then((found) => (result = found));
    for (let rounds = 0; rounds < 60 && result === undefined; rounds += 1) await settle(500);
    if (result === undefined) throw new Error('a comparison does not end');
    return result;
  };

  /** The venue tells nothing more and answers everything: what is true of it has to be found out. */
  const finish = async (): Promise<void> => {
    if (diskFailed) await act({ do: 'restart' });
    exchange.silent = false;
    if (!exchange.connected) await act({ do: 'connection', up: true });
    for (const truth of ours()) if (truth.reply !== undefined) exchange.reply(truth, 'error');
    await settle(90_000);
    const last = await reconciled();
    if (last.kind === 'failed') fault(`the last comparison failed: ${last.reason}`);
    const again = await reconciled();
    if (again.kind === 'failed' || again.differences.length > 0 || again.inDoubt.length > 0)
      fault(`a second comparison is not empty: ${JSON.stringify(again)}`);
  };

  const checkEnd = async (): Promise<void> => {
    const { book } = process;
    for (const truth of ours()) {
      const { clientOrderId } = truth.order;
      const row = book.order(clientOrderId);
      const isOver = truth.ended || filled(truth) >= truth.quantity;
      if (row?.cumulative !== filled(truth))
        fault(`${clientOrderId}: ${filled(truth)} filled, ${String(row?.cumulative)} booked`);
      if (row !== undefined && isOpen(row.state) === isOver)
        fault(`${clientOrderId}: ${row.state} for us, ${isOver ? 'over' : 'open'} at the venue`);
      if (row !== undefined && row.leaves !== (isOver ? 0 : truth.quantity - filled(truth)))
        fault(`${clientOrderId}: ${row.leaves} held, ${truth.quantity - filled(truth)} may fill`);
    }
    for (const { order, state, leaves } of book.orders()) {
      if (
        !exchange.orders.has(order.clientOrderId) &&
        order.strategyId === 's1' &&
        (isOpen(state) || leaves > 0)
      )
        fault(`${order.clientOrderId} is not at the venue, and ${state} with ${leaves}`);
    }
    let cash = BALANCE * 10_000;
    for (const { instrumentId } of INSTRUMENTS) {
      const mine = truths().filter(({ order }) => order.instrumentId === instrumentId);
      const pos = mine.reduce((sum, truth) => sum + signed(truth, filled(truth)), 0);
      if ((book.cell('acc', instrumentId)?.pos ?? 0) !== pos) fault(`${instrumentId}: ${pos} at the venue`);
      for (const truth of mine)
        for (const { quantity, price, fee } of truth.executions)
          cash -= Math.round((signed(truth, quantity) * Number(price) + Number(fee)) * 10_000);
    }
    const booked = book.account('acc')?.cash.toFixed();
    if (Math.round(Number(booked) * 10_000) !== cash)
      fault(`cash is ${String(booked)}, should be ${cash / 10_000}`);
    const replayed = new Book();
    await openJournal(new ScriptedAppendLog(log.durable), replayed, clock, ACCOUNTS);
    expect(stateOf(replayed)).toEqual(stateOf(book));
  };

  quote();
  await clock.turn();
  return { act, check, finish, checkEnd, faults, seen };
}

/** What live and replay must have in common, to the last digit. */
const stateOf = (book: Book) => ({
  orders: [...book.orders()].map(({ order, leaves, cumulative, state, amendment }) => [
    order.clientOrderId,
    order.qty,
    order.worst,
    leaves,
    cumulative,
    isOpen(state), // what was under way is in doubt after a restart
    amendment,
  ]),
  accounts: [...book.accounts()].map((account) => [
    account.cash.toFixed(),
    ...[...account.cells()].map(({ pos, buy, sell }) => [pos, buy, sell]),
  ]),
});

async function run(history: readonly Step[]) {
  const world = await openHistory();
  for (const next of history) {
    await world.act(next);
    world.check();
    if (world.faults.length > 0) break;
  }
  if (world.faults.length === 0) {
    await world.finish();
    await world.checkEnd();
  }
  expect(world.faults).toEqual([]);
  return world;
}

describe('whatever is lost, and whoever dies', () => {
  test.prop([steps], { numRuns: 500 })(
    'in the end the Book is what the venue has, a second comparison finds nothing, and a replay is the same',
    async (history) => {
      await run(history);
    },
  );

  test.prop([steps, fc.nat({ max: 40 })], { numRuns: 200 })(
    'also when the disk fails, and the process is started again',
    async (history, at) => {
      await run([...history.slice(0, at), { do: 'fail' }, ...history.slice(at)]);
    },
  );
});

test('the histories are not idle', async () => {
  const seen = new Set<string>();
  for (const history of fc.sample(steps, { numRuns: 60, seed: 1 })) {
    for (const what of (await run(history)).seen) seen.add(what);
  }
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'accepted',
      'unknown',
      'absent',
      'amended',
      'amendFailed',
      'amend amended',
      'amend denied',
      'amend unknown',
      'FILL_MISSED',
      'FILL_EXTERNAL',
      'ORDER_SETTLED',
      'timedOut',
    ]),
  );
});
