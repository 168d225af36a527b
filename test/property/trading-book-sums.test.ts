import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Decimal, ZERO, createGrid, decimal, lots, person, unitsFloor } from '../../src/core/index.ts';
import { Book, type BookedOrder, type Instrument, type Side } from '../../src/trading/index.ts';
import { GOLD, bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';

// One lot at one tick is worth one unit, so that sums come to the edge of what is exact; the last half a unit.
const fine = (instrumentId: string, tick: string): Instrument => ({
  ...GOLD,
  instrumentId,
  grid: createGrid(tick, '1'),
});
const INSTRUMENTS = [fine('A', '0.000001'), fine('B', '0.000001'), fine('C', '0.0000005')] as const;
const ACCOUNTS = ['acc', 'other'] as const;
const TOP = BigInt(Number.MAX_SAFE_INTEGER);

const quantity = fc.integer({ min: 1, max: 9 });
const side = fc.constantFrom<Side>('buy', 'sell');
const place = fc.record({
  account: fc.constantFrom(...ACCOUNTS),
  instrument: fc.constantFrom(...INSTRUMENTS),
  side,
  quantity,
});
const pick = fc.nat({ max: 99 });
const step = fc.oneof(
  fc.record({ do: fc.constant('keep' as const), place }),
  fc.record({ do: fc.constant('drop' as const), place }),
  fc.record({ do: fc.constant('fill' as const), pick, quantity, price: fc.integer({ min: 1, max: 500 }) }),
  fc.record({ do: fc.constant('cancel' as const), pick, less: fc.nat({ max: 3 }) }),
  fc.record({ do: fc.constantFrom('timedOut' as const, 'rejected' as const, 'accepted' as const), pick }),
  fc.record({
    do: fc.constant('mark' as const),
    instrument: fc.constantFrom(...INSTRUMENTS),
    mark: fc.oneof(
      fc.integer({ min: 1, max: 1_000 }),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(NaN, 0, 1, 2, Number.MAX_SAFE_INTEGER, 4_503_599_627_370_497),
    ),
    blocked: fc.constantFrom(false, false, false, true),
  }),
  fc.record({
    do: fc.constant('flow' as const),
    account: fc.constantFrom(...ACCOUNTS),
    amount: fc.integer({ min: -50, max: 50 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is true, kept without any of the Book's own sums. */
interface Truth {
  readonly orders: { order: BookedOrder; filled: number; held: number; over: boolean }[];
  readonly marks: Map<string, number>;
  readonly cash: Map<string, Decimal>;
}

function run(book: Book, truth: Truth, change: Step, serial: number): void {
  const { orders } = truth;
  switch (change.do) {
    case 'keep':
    case 'drop': {
      const { account, instrument, side: of, quantity: qty } = change.place;
      const order = bookedOf(`o${String(serial)}`, of, qty, { accountId: account, instrument });
      book.hold(order);
      if (change.do === 'drop') book.drop(order);
      else {
        book.keep(order);
        orders.push({ order, filled: 0, held: qty, over: false });
      }
      return;
    }
    case 'fill': {
      const row = orders[change.pick % orders.length];
      if (row === undefined || row.held === 0) return;
      const qty = Math.min(change.quantity, row.held);
      const { order } = row;
      const id = order.clientOrderId;
      const price = decimal(String(change.price)).times(order.instrument.grid.tick.value);
      const before = recompute(truth, order.accountId);
      const isKnown = !before.unknown && isExact(before);
      const said = book.apply(
        eventOf('filled', id, { fill: fillOf(`x${String(serial)}`, qty, price.toFixed()) }),
      );
      row.filled += qty;
      row.held -= qty;
      const money = price.times(String(order.side === 'buy' ? -qty : qty));
      truth.cash.set(order.accountId, (truth.cash.get(order.accountId) ?? ZERO).plus(money));
      const isMarked = truth.marks.has(order.instrument.instrumentId);
      const refused = isKnown && isMarked && !isExact(recompute(truth, order.accountId));
      expect(JSON.stringify(said).includes('FILL_INVALID')).toBe(refused);
      if (refused) {
        row.filled -= qty;
        row.held += qty;
        truth.cash.set(order.accountId, (truth.cash.get(order.accountId) ?? ZERO).minus(money));
      }
      return;
    }
    case 'cancel': {
      const row = orders[change.pick % orders.length];
      if (row === undefined || row.held === 0 || row.over) return;
      row.held = Math.max(0, row.held - 1 - change.less);
      row.over = true;
      book.apply(eventOf('cancelled', row.order.clientOrderId, { cumulative: row.filled + row.held }));
      return;
    }
    case 'timedOut':
    case 'rejected':
    case 'accepted': {
      const row = orders[change.pick % orders.length];
      if (row === undefined) return;
      const state = book.order(row.order.clientOrderId)?.state;
      if (change.do === 'rejected' && (state === 'submitting' || state === 'working' || state === 'unknown'))
        row.held = 0;
      if (change.do === 'accepted' && state === 'rejected') row.held = row.order.qty - row.filled;
      book.apply(eventOf(change.do, row.order.clientOrderId));
      return;
    }
    case 'mark': {
      const { instrument, mark, blocked } = change;
      book.mark({
        ...markOf(mark, instrument.instrumentId),
        problems: blocked ? [{ code: 'STALE', instrumentId: instrument.instrumentId, blocking: true }] : [],
      });
      if (!blocked && mark > 0) truth.marks.set(instrument.instrumentId, mark);
      return;
    }
    case 'flow':
      book.flow(change.account, String(change.amount), person('ada'), 'test');
      truth.cash.set(change.account, (truth.cash.get(change.account) ?? ZERO).plus(String(change.amount)));
  }
}

const ceil = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const floor = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -ceil(-a, b));

/** Everything anew, in bigint. */
function recompute(truth: Truth, accountId: string) {
  let [gross, value, count, unknown] = [0n, 0n, 0, false];
  const cells = INSTRUMENTS.map((instrument) => {
    const own = truth.orders.filter(
      ({ order }) =>
        order.accountId === accountId && order.instrument.instrumentId === instrument.instrumentId,
    );
    const sum = (of: Side, key: 'filled' | 'held') =>
      own.reduce((total, row) => total + (row.order.side === of ? row[key] : 0), 0);
    const pos = sum('buy', 'filled') - sum('sell', 'filled');
    const [buy, sell] = [sum('buy', 'held'), sum('sell', 'held')];
    if (pos !== 0 || buy > 0 || sell > 0) {
      count += 1;
      const mark = truth.marks.get(instrument.instrumentId);
      if (mark === undefined) unknown = true;
      else {
        const per = instrument.instrumentId === 'C' ? 2n : 1n;
        const worst = ceil(BigInt(Math.max(Math.abs(pos + buy), Math.abs(pos - sell))) * BigInt(mark), per);
        if (worst > TOP) unknown = true;
        gross += worst;
        value += floor(BigInt(pos) * BigInt(mark), per);
      }
    }
    return { pos, buy, sell };
  });
  const equity = BigInt(unitsFloor(truth.cash.get(accountId) ?? ZERO)) + value;
  return { gross, equity, count, unknown, cells };
}

const isExact = ({ equity }: ReturnType<typeof recompute>): boolean => equity <= TOP && equity >= -TOP;

describe('the sums of the Book', () => {
  test.prop([fc.array(step, { maxLength: 60, size: 'max' })], { numRuns: 1_000 })(
    'equal everything added up anew, after every step of every history',
    (steps) => {
      const book = new Book();
      const truth: Truth = { orders: [], marks: new Map(), cash: new Map() };
      for (const account of ACCOUNTS) {
        book.openAccount(account, 'USDT', '1000');
        truth.cash.set(account, decimal('1000'));
      }
      for (const [serial, change] of steps.entries()) {
        run(book, truth, change, serial);
        for (const id of ACCOUNTS) {
          const account = book.account(id);
          const expected = recompute(truth, id);
          const cells = INSTRUMENTS.map(({ instrumentId }) => book.cell(id, instrumentId));
          expect(
            cells.map((cell) => ({ pos: cell?.pos ?? 0, buy: cell?.buy ?? 0, sell: cell?.sell ?? 0 })),
          ).toEqual(expected.cells);
          expect(account?.count).toBe(expected.count);
          const cash = truth.cash.get(id) ?? ZERO;
          expect(account?.cash.eq(cash)).toBe(true);
          if (expected.unknown) {
            expect([account?.gross, account?.equity]).toEqual([NaN, NaN]);
          } else if (expected.gross <= TOP) {
            expect(account?.gross).toBe(Number(expected.gross));
            expect(account?.equity).toBe(isExact(expected) ? Number(expected.equity) : NaN);
          } else {
            expect(account?.gross).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
          }
        }
      }
    },
  );
});

describe('the ledger', () => {
  const grid = createGrid('0.01', '0.001', '10');
  const odd: Instrument = { ...GOLD, instrumentId: 'ODD', grid };
  const fills = fc.array(
    fc.record({
      instrument: fc.constantFrom(GOLD, odd),
      side,
      quantity: fc.integer({ min: 1, max: 1_000 }),
      price: fc
        .tuple(fc.integer({ min: 1, max: 10 ** 9 }), fc.constantFrom('1000', '1000000', '10000000000000000'))
        .map(([n, scale]) => decimal(BigInt(n)).div(scale).toFixed()),
      fee: fc
        .integer({ min: -(10 ** 6), max: 10 ** 9 })
        .map((n) => decimal(BigInt(n)).div('1000000000').toFixed()),
      flow: fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: undefined, freq: 5 }),
    }),
    { maxLength: 40, size: 'max' },
  );

  test.prop([fills], { numRuns: 1_000 })(
    'conserves to the last digit: cash + cost = flows + realised - fees',
    (history) => {
      const book = new Book();
      book.openAccount('acc', 'USDT', '1000000');
      const net = new Map<string, number>();
      for (const [serial, { instrument, side: of, quantity: qty, price, fee, flow }] of history.entries()) {
        const id = String(serial);
        if (flow !== undefined) book.flow('acc', String(flow), person('ada'), 'test');
        const order = bookedOf(id, of, qty, { instrument });
        book.hold(order);
        book.keep(order);
        const said = book.apply(eventOf('filled', id, { fill: fillOf(id, qty, price, fee) }));
        const isBooked = !JSON.stringify(said).includes('FILL_INVALID'); // beyond nine billion it is not
        const moved = isBooked ? (of === 'buy' ? qty : -qty) : 0;
        net.set(instrument.instrumentId, (net.get(instrument.instrumentId) ?? 0) + moved);

        const account = book.account('acc');
        if (account === undefined) throw new Error('no account');
        const sum = (key: 'cost' | 'realised' | 'fees'): Decimal =>
          [...account.cells()].reduce((total, cell) => total.plus(cell[key]), ZERO);
        expect(account.cash.plus(sum('cost')).toFixed()).toBe(
          account.flows.plus(sum('realised')).minus(sum('fees')).toFixed(),
        );
        expect(account.fees.eq(sum('fees'))).toBe(true);
        for (const cell of account.cells()) {
          expect(cell.pos).toBe(lots(net.get(cell.instrument.instrumentId) ?? 0));
          if (cell.pos === 0) expect(cell.cost.eq('0')).toBe(true);
          // A long cost something, a short brought something in; less the rounding of what was released.
          else expect(cell.cost.times(cell.pos > 0 ? '1' : '-1').gt('-0.000000001')).toBe(true);
        }
      }
    },
  );
});
