import { describe, expect, test } from 'vitest';
import { type Decimal, createGrid, person } from '../../src/core/index.ts';
import { type AccountStatement, statement } from '../../src/portfolio/index.ts';
import { Book, type Instrument, type Side } from '../../src/trading/index.ts';
import { GOLD, SILVER, bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';

/** Money as text, so that whole statements compare and read. */
const readable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => part ?? 'undefined'),
    (_, part: unknown) => part,
  );

class Ledger {
  readonly book = new Book();
  #serial = 0;

  constructor(balance = '10000') {
    this.book.openAccount('acc', 'USDT', balance);
  }

  order(side: Side, quantity: number, instrument: Instrument = GOLD): string {
    this.#serial += 1;
    const id = `order-${String(this.#serial)}`;
    const order = bookedOf(id, side, quantity, { instrument });
    this.book.hold(order);
    this.book.keep(order);
    return id;
  }

  fill(side: Side, quantity: number, price: string, fee = '0', instrument: Instrument = GOLD): this {
    const id = this.order(side, quantity, instrument);
    this.book.apply(eventOf('filled', id, { fill: fillOf(id, quantity, price, fee) }));
    return this;
  }

  mark(price: number, instrument: Instrument = GOLD): this {
    this.book.mark(markOf(price, instrument.instrumentId));
    return this;
  }

  get statement(): AccountStatement {
    const found = statement(this.book, 'acc');
    if (found === undefined) throw new Error('no account');
    return found;
  }
}

const text = (value: Decimal | undefined): string | undefined => value?.toFixed();

describe('a statement', () => {
  test('of an account that has not traded is its cash', () => {
    expect(readable(new Ledger().statement)).toEqual({
      accountId: 'acc',
      currency: 'USDT',
      cash: '10000',
      flows: '10000',
      adjusted: '0',
      realised: '0',
      funding: '0',
      fees: '0',
      unrealised: '0',
      equity: '10000',
      dayPnlUnits: 0,
      drawdownFraction: 0,
      positions: [],
      currencies: [
        {
          currency: 'USDT',
          cash: '10000',
          flows: '10000',
          adjusted: '0',
          realised: '0',
          funding: '0',
          fees: '0',
          cost: '0',
          rate: '1',
        },
      ],
      feesPaid: [],
    });
  });

  test('of a long position: what it cost, is worth and has earned so far', () => {
    const ledger = new Ledger().mark(100).fill('buy', 10, '100', '1').fill('buy', 10, '110', '2').mark(120);
    expect(readable(ledger.statement)).toEqual({
      accountId: 'acc',
      currency: 'USDT',
      cash: '7897',
      flows: '10000',
      adjusted: '0',
      realised: '0',
      funding: '0',
      fees: '3',
      unrealised: '300',
      equity: '10297',
      dayPnlUnits: 297_000_000,
      drawdownFraction: 0,
      positions: [
        {
          instrumentId: 'GOLD',
          quote: 'USDT',
          quantity: '20',
          averagePrice: '105',
          mark: '120',
          value: '2400',
          unrealised: '300',
          realised: '0',
          fees: '3',
          funding: '0',
          shares: [{ strategyId: 'strat', quantity: '20', cash: '-2103', profit: '297' }],
        },
      ],
      currencies: [
        {
          currency: 'USDT',
          cash: '7897',
          flows: '10000',
          adjusted: '0',
          realised: '0',
          funding: '0',
          fees: '3',
          cost: '2100',
          rate: '1',
        },
      ],
      feesPaid: [{ currency: 'USDT', amount: '3' }],
    });
  });

  test('of a short position: value and cost are negative, the average price is not', () => {
    const ledger = new Ledger().mark(100).fill('sell', 10, '100').mark(90);
    expect(readable(ledger.statement)).toMatchObject({
      cash: '11000',
      unrealised: '100',
      equity: '10100',
      positions: [{ quantity: '-10', averagePrice: '100', value: '-900', unrealised: '100' }],
    });
  });

  test('of a position that was turned: the closed part is realised, the rest is new', () => {
    const ledger = new Ledger().mark(100).fill('buy', 10, '100').fill('sell', 15, '120').mark(110);
    expect(readable(ledger.statement)).toMatchObject({
      realised: '200',
      unrealised: '50',
      equity: '10250',
      positions: [{ quantity: '-5', averagePrice: '120', realised: '200', unrealised: '50' }],
    });
  });

  test('of a position that was closed: flat, without average price, with what it earned', () => {
    const ledger = new Ledger().mark(100).fill('buy', 3, '100', '1').fill('sell', 3, '101', '1');
    expect(readable(ledger.statement)).toMatchObject({
      realised: '3',
      unrealised: '0',
      fees: '2',
      equity: '10001',
      positions: [{ quantity: '0', value: '0', unrealised: '0', realised: '3', fees: '2' }],
    });
    expect(ledger.statement.positions[0]?.averagePrice).toBeUndefined();
  });

  test('is in units of the base and of the quote, whatever the grid', () => {
    const contract: Instrument = { ...GOLD, instrumentId: 'PERP', grid: createGrid('0.5', '0.001', '10') };
    const ledger = new Ledger().mark(200, contract).fill('buy', 1_500, '99.5', '0', contract);
    // 1.5 at 99.5, ten to the contract; the mark is 200 ticks of 0.5.
    expect(readable(ledger.statement)).toMatchObject({
      cash: '8507.5',
      unrealised: '7.5',
      equity: '10007.5',
      positions: [{ quantity: '1.500', averagePrice: '99.5', mark: '100.0', value: '1500' }],
    });
  });

  test('adds up over instruments', () => {
    const ledger = new Ledger()
      .mark(100)
      .mark(10, SILVER)
      .fill('buy', 1, '90', '0.5')
      .fill('sell', 2, '12', '0.25', SILVER);
    expect(readable(ledger.statement)).toMatchObject({
      fees: '0.75',
      unrealised: '14',
      equity: '10013.25',
      positions: [
        { instrumentId: 'GOLD', unrealised: '10' },
        { instrumentId: 'SILVER', unrealised: '4' },
      ],
    });
  });

  test('counts deposits and withdrawals as flows, not as profit', () => {
    const ledger = new Ledger().mark(100).fill('buy', 10, '90');
    ledger.book.flow('acc', '500', person('ada'), 'deposit');
    ledger.book.flow('acc', '-200', person('ada'), 'withdrawal');
    expect(readable(ledger.statement)).toMatchObject({
      flows: '10300',
      unrealised: '100',
      equity: '10400',
      dayPnlUnits: 100_000_000,
    });
  });

  test('says how far equity is below its high-water mark', () => {
    const ledger = new Ledger().mark(100).fill('buy', 100, '100').mark(90);
    expect(ledger.statement.drawdownFraction).toBe(0.1);
  });

  test('keeps what a third of a cost rounds away', () => {
    // 10 / 3 is released twice, rounded at the twelfth place; the last part releases what remains.
    const ledger = new Ledger()
      .mark(1)
      .fill('buy', 3, '3.3333333333333')
      .fill('sell', 1, '1')
      .fill('sell', 1, '1');
    expect(text(ledger.statement.positions[0]?.averagePrice)).toBe('3.3333333333339');
    expect(text(ledger.fill('sell', 1, '1').statement.realised)).toBe('-6.9999999999999');
  });
});

describe('what is not known is not guessed', () => {
  test('a position without a mark has no value, and the account no equity', () => {
    const { statement: found } = new Ledger().fill('buy', 10, '100', '1');
    expect(found.positions).toMatchObject([
      { quantity: '10', mark: undefined, value: undefined, unrealised: undefined },
    ]);
    expect([found.unrealised, found.equity, found.dayPnlUnits, found.drawdownFraction]).toEqual([
      undefined,
      undefined,
      NaN,
      NaN,
    ]);
    expect([text(found.cash), text(found.fees), text(found.positions[0]?.averagePrice)]).toEqual([
      '8999',
      '1',
      '100',
    ]);
  });

  test('one position without a mark leaves the others theirs, and the account without equity', () => {
    const ledger = new Ledger().mark(100).fill('buy', 1, '100').fill('buy', 1, '10', '0', SILVER);
    expect(ledger.statement.positions.map(({ value }) => text(value))).toEqual(['100', undefined]);
    expect(ledger.statement.equity).toBeUndefined();
  });

  test('a position that is closed again needs no mark', () => {
    const ledger = new Ledger().fill('buy', 1, '100').fill('sell', 1, '90');
    expect([text(ledger.statement.equity), text(ledger.statement.unrealised)]).toEqual(['9990', '0']);
  });

  test('an order in an instrument without a mark: the profit of the day is unknown, the equity is not', () => {
    const ledger = new Ledger();
    ledger.order('buy', 1);
    expect([text(ledger.statement.equity), ledger.statement.dayPnlUnits]).toEqual(['10000', NaN]);
  });

  test('a view with a blocking problem does not move the value', () => {
    const ledger = new Ledger().mark(100).fill('buy', 1, '100');
    ledger.book.mark({
      ...markOf(50),
      problems: [{ code: 'STALE', instrumentId: 'GOLD', blocking: true }],
    });
    expect(text(ledger.statement.equity)).toBe('10000');
  });

  test('an account that does not exist has no statement', () => {
    expect(statement(new Book(), 'nobody')).toBeUndefined();
  });
});
