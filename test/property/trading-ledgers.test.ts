import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Decimal, ZERO, decimal, lots } from '../../src/core/index.ts';
import { statement } from '../../src/portfolio/index.ts';
import {
  type Applied,
  Book,
  type Instrument,
  type SavedBook,
  type Side,
  defineInstrument,
  markedFxRates,
} from '../../src/trading/index.ts';
import { bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';
import { runs } from '../support/runs.ts';

const grid = { tick: '0.01', step: '0.001' } as const;
const BTC = defineInstrument({ instrumentId: 'BTC', base: 'BTC', quote: 'USD', ...grid });
const DAX = defineInstrument({ instrumentId: 'DAX', base: 'DAX', quote: 'EUR', ...grid, multiplier: '5' });
const PERP = defineInstrument({
  instrumentId: 'PERP',
  kind: 'linear',
  base: 'BTC',
  quote: 'USD',
  initialMarginFraction: '0.13',
  ...grid,
});
const EUREX = defineInstrument({
  instrumentId: 'EUREX',
  kind: 'linear',
  base: 'DAX',
  quote: 'EUR',
  initialMarginFraction: '0.07',
  ...grid,
});
const EURUSD = defineInstrument({
  instrumentId: 'EURUSD',
  base: 'EUR',
  quote: 'USD',
  tick: '0.0001',
  step: '1',
});
const ALL: readonly Instrument[] = [BTC, DAX, PERP, EUREX, EURUSD];
const byId = new Map(ALL.map((one) => [one.instrumentId, one]));

const instrumentId = fc.constantFrom(...byId.keys());
const amount = (min: number, max: number) =>
  fc.integer({ min, max }).map((n) => decimal(BigInt(n)).div('100000').toFixed());
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      instrumentId,
      strategyId: fc.constantFrom('one', 'two', 'external'),
      side: fc.constantFrom<Side>('buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 5_000 }),
      price: amount(1, 10 ** 9),
      fee: amount(-3_000, 10_000),
      feeIn: fc.constantFrom(
        'quote' as const,
        'base' as const,
        'base' as const,
        'own' as const,
        'BNB' as const,
      ),
    }),
  },
  fc.record({
    do: fc.constant('mark' as const),
    instrumentId,
    ticks: fc.integer({ min: 1, max: 10 ** 6 }),
  }),
  fc.record({
    do: fc.constant('flow' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    amount: amount(-(10 ** 7), 10 ** 7),
  }),
  fc.record({
    do: fc.constant('fund' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    instrumentId: fc.constantFrom('PERP', 'EUREX'),
    amount: amount(-(10 ** 7), 10 ** 7),
  }),
  fc.record({
    do: fc.constant('adjust' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    instrumentId,
    quantity: fc.integer({ min: -5_000, max: 5_000 }).filter((n) => n !== 0),
    price: amount(1, 10 ** 9),
    cash: amount(-(10 ** 7), 10 ** 7),
  }),
  fc.record({
    do: fc.constant('order' as const),
    instrumentId,
    side: fc.constantFrom<Side>('buy', 'sell'),
    quantity: fc.integer({ min: 1, max: 5_000 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const histories = fc.array(step, { maxLength: 40, size: 'max' });

const instrumentOf = (id: string): Instrument => byId.get(id) ?? BTC;

function newBook(): Book {
  const book = new Book({ fxRates: markedFxRates([EURUSD]) });
  book.openAccount('acc', 'USD', '1000000');
  return book;
}

function apply(book: Book, change: Step, serial: number): unknown {
  switch (change.do) {
    case 'fill': {
      const instrument = instrumentOf(change.instrumentId);
      const id = `o${String(serial)}`;
      const { side, quantity, strategyId } = change;
      const order = bookedOf(id, side, quantity, { instrument, strategyId });
      book.hold(order);
      book.keep(order);
      const currency = { quote: instrument.quote, base: instrument.base, own: 'USD', BNB: 'BNB' }[
        change.feeIn
      ];
      return book.apply(
        eventOf('filled', id, { fill: fillOf(id, quantity, change.price, change.fee, currency) }),
      );
    }
    case 'order': {
      const { side, quantity } = change;
      const order = bookedOf(`w${String(serial)}`, side, quantity, {
        instrument: instrumentOf(change.instrumentId),
      });
      book.hold(order);
      book.keep(order);
      return 'kept';
    }
    case 'mark':
      book.mark(markOf(change.ticks, change.instrumentId));
      return 'marked';
    case 'flow':
      return book.flowOnce({ flowId: change.id, accountId: 'acc', amount: decimal(change.amount) });
    case 'fund':
      return book.fund({
        fundingId: change.id,
        accountId: 'acc',
        instrument: instrumentOf(change.instrumentId),
        amount: decimal(change.amount),
      });
    case 'adjust':
      return book.adjust({
        adjustmentId: change.id,
        accountId: 'acc',
        cash: decimal(change.cash),
        position: {
          instrument: instrumentOf(change.instrumentId),
          qty: lots(change.quantity),
          price: decimal(change.price),
        },
      });
  }
}

const isBooked = (said: unknown): boolean =>
  said !== 'duplicate' &&
  said !== 'unsafe' &&
  !(typeof said === 'object' && (said as Exclude<Applied, string>).anomaly === 'FILL_INVALID');

/** What is held of each base, and what was paid in each currency, from the steps alone. */
class Truth {
  readonly held = new Map<string, Decimal>();
  /** But for what linear instruments have realised. */
  readonly cash = new Map([['USD', decimal('1000000')]]);

  take(change: Step): void {
    if (change.do === 'flow') return add(this.cash, 'USD', decimal(change.amount));
    if (change.do === 'mark' || change.do === 'order') return;
    const { quote, base, kind, grid: of } = instrumentOf(change.instrumentId);
    const id = change.instrumentId;
    if (change.do === 'fund') return add(this.cash, quote, decimal(change.amount));
    const size = of.step.value.times(of.multiplier).times(String(change.quantity));
    if (change.do === 'adjust') {
      add(this.cash, 'USD', decimal(change.cash));
      return add(this.held, id, size);
    }
    const bought = change.side === 'buy' ? size : size.neg();
    add(this.held, id, bought);
    if (kind === 'spot') add(this.cash, quote, bought.times(change.price).neg());
    const fee = decimal(change.fee);
    if (change.feeIn === 'quote') add(this.cash, quote, fee.neg());
    if (change.feeIn === 'own') add(this.cash, 'USD', fee.neg());
    if (change.feeIn === 'base' && base === quote) add(this.cash, quote, fee.neg());
    else if (change.feeIn === 'base' && base === 'USD') add(this.cash, 'USD', fee.neg());
    else if (change.feeIn === 'base' && kind === 'spot') add(this.held, id, fee.neg());
  }
}

function add(to: Map<string, Decimal>, key: string, value: Decimal): void {
  to.set(key, (to.get(key) ?? ZERO).plus(value));
}

const plain = (saved: SavedBook): unknown =>
  JSON.parse(JSON.stringify({ ...saved, orders: [...saved.orders] }));

describe('the ledgers of an account', () => {
  test.prop([histories], runs(1_000))(
    'hold what was bought and paid to the last digit, in every currency, and reconcile: cash + cost = flows + adjusted + realised + funding - fees',
    (steps) => {
      const book = newBook();
      const truth = new Truth();
      for (const [serial, change] of steps.entries()) {
        if (isBooked(apply(book, change, serial))) truth.take(change);
        const account = book.account('acc');
        const found = statement(book, 'acc');
        if (found === undefined || account === undefined) throw new Error('no account');
        for (const one of found.currencies) {
          expect(one.cash.plus(one.cost).toFixed()).toBe(
            one.flows.plus(one.adjusted).plus(one.realised).plus(one.funding).minus(one.fees).toFixed(),
          );
          const linear = [...account.cells()]
            .filter(({ instrument }) => instrument.kind === 'linear' && instrument.quote === one.currency)
            .reduce((sum, cell) => sum.plus(cell.realised), ZERO);
          // What is adjusted on margin moves no cash: what it realises was taken back as adjusted.
          const expected = (truth.cash.get(one.currency) ?? ZERO).plus(linear);
          if (!steps.some((each) => each.do === 'adjust'))
            expect(one.cash.toFixed()).toBe(expected.toFixed());
        }
        for (const { instrumentId: id, quantity, shares } of found.positions) {
          const { grid: of } = instrumentOf(id);
          const held = truth.held.get(id) ?? ZERO;
          expect(decimal(quantity).times(of.multiplier).toFixed()).toBe(held.toFixed());
          const cell = book.cell('acc', id);
          const lot = of.step.value.times(of.multiplier);
          expect(cell?.dust.gte('0') === true && cell.dust.lt(lot)).toBe(true);
          expect(
            lot
              .times(String(cell?.pos))
              .plus(cell?.dust ?? ZERO)
              .toFixed(),
          ).toBe(held.toFixed());
          const parts = shares.reduce((sum, share) => sum.plus(share.quantity), ZERO);
          expect(parts.toFixed()).toBe(of.step.value.times(String(cell?.pos)).toFixed());
          // Adjusted positions and funding aside, the shares have earned what the position has.
          if (cell === undefined || cell.share('adjustment') !== undefined) continue;
          const cash = [...cell.shares()].reduce((sum, share) => sum.plus(share.cash), ZERO);
          const earned = cell.realised.minus(cell.cost).minus(cell.fees).plus(cell.funding);
          expect(cash.toFixed()).toBe(earned.toFixed());
        }
      }
    },
  );

  test.prop([histories, histories], { numRuns: 500 })(
    'are the same after a restart, and go on the same',
    (before, after) => {
      const book = newBook();
      for (const [serial, change] of before.entries()) apply(book, change, serial);
      const twin = new Book({ fxRates: markedFxRates([EURUSD]) });
      twin.restore(book.snapshot());
      for (const { instrumentId: id } of ALL) {
        const mark = book.markOf(id);
        if (mark !== undefined) twin.mark(markOf(mark.price, id));
      }
      for (const [serial, change] of after.entries()) {
        expect(apply(twin, change, 1_000 + serial)).toEqual(apply(book, change, 1_000 + serial));
      }
      expect(plain(twin.snapshot())).toEqual(plain(book.snapshot()));
      expect(sums(twin)).toEqual(sums(book));
    },
  );

  test.prop([histories], { numRuns: 1_000 })(
    'never read better than they are: equity is at most the exact one, exposure at least',
    (steps) => {
      const book = newBook();
      for (const [serial, change] of steps.entries()) apply(book, change, serial);
      const account = book.account('acc');
      const exact = statement(book, 'acc')?.equity;
      if (account === undefined || exact === undefined || Number.isNaN(account.equity)) return;
      expect(decimal(BigInt(account.equity)).div('1000000').lte(exact)).toBe(true);
      let gross = ZERO;
      for (const { instrument, pos, buy, sell } of account.cells()) {
        const mark = book.markOf(instrument.instrumentId);
        const worst = Math.max(Math.abs(pos + buy), Math.abs(pos - sell));
        if (mark === undefined || worst === 0) continue;
        const worth = instrument.grid.lotTick.times(String(worst)).times(String(mark.price));
        const rate = instrument.quote === 'USD' ? '1' : (rateOf(book) ?? '0');
        gross = gross.plus(worth.times(rate));
      }
      expect(decimal(BigInt(account.gross)).div('1000000').gte(gross)).toBe(true);
      expect(account.gross - Number(gross.times('1000000').toFixed())).toBeLessThan(20);
    },
  );
});

const rateOf = (book: Book): string | undefined => {
  const mark = book.markOf('EURUSD');
  return mark && decimal(BigInt(mark.price)).div('10000').toFixed();
};

const sums = (book: Book): unknown => {
  const { gross, equity, claimed, freeCash, capital, margin, count } = book.account('acc') ?? {};
  return [gross, equity, claimed, freeCash, capital, margin, count];
};
