import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { PortfolioPublisher, type PortfolioPublisherOptions } from '../../src/portfolio/index.ts';
import { Book } from '../../src/trading/index.ts';
import { RecordingBus } from '../support/recording-bus.ts';
import { bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';

function world(options: PortfolioPublisherOptions = {}) {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  const book = new Book();
  book.openAccount('acc', 'USDT', '10000');
  const publisher = new PortfolioPublisher(options, { bus, clock, book });
  let serial = 0;
  const trade = (side: 'buy' | 'sell', quantity: number, price: string, fee = '0'): void => {
    const id = `order-${(serial += 1)}`;
    const order = bookedOf(id, side, quantity);
    book.hold(order);
    book.keep(order);
    book.apply(eventOf('filled', id, { fill: fillOf(id, quantity, price, fee) }));
  };
  /** What is told within the next interval. */
  const next = (): unknown[] => {
    clock.advance(1_000);
    return bus.take('portfolio.updated');
  };
  return { clock, bus, book, publisher, trade, next };
}

const FLAT = {
  accountId: 'acc',
  currency: 'USDT',
  equity: '10000',
  unrealised: '0',
  realised: '0',
  fees: '0',
  funding: '0',
  dayPnl: '0',
  highWater: '10000',
  drawdownFraction: 0,
  cash: [{ currency: 'USDT', amount: '10000' }],
  positions: [],
};

describe('PortfolioPublisher', () => {
  test('tells of an account once, and not again while nothing happens', () => {
    const { next } = world();
    expect(next()).toEqual([FLAT]);
    expect(next()).toEqual([]);
  });

  test('tells what has been traded, to the last digit, at the mark of now', () => {
    const { book, trade, next } = world();
    book.mark(markOf(100));
    trade('buy', 3, '100', '0.1');
    trade('buy', 3, '101', '0.2');
    trade('sell', 3, '102', '0');
    book.mark(markOf(103));
    expect(next()).toEqual([
      {
        ...FLAT,
        equity: '10011.7',
        unrealised: '7.5',
        realised: '4.5',
        fees: '0.3',
        dayPnl: '11.7',
        highWater: '10011.7',
        cash: [{ currency: 'USDT', amount: '9702.7' }],
        positions: [
          {
            instrumentId: 'GOLD',
            quantity: '3',
            quote: 'USDT',
            averagePrice: '100.5',
            mark: '103',
            value: '309',
            unrealised: '7.5',
            realised: '4.5',
            fees: '0.3',
            funding: '0',
          },
        ],
      },
    ]);
  });

  test('tells of many changes once for each interval, a move of the mark among them', () => {
    const { book, trade, next, bus, clock } = world();
    book.mark(markOf(100));
    for (let i = 0; i < 10; i += 1) trade('buy', 1, '100');
    clock.advance(999);
    expect(bus.take()).toEqual([]);
    clock.advance(1);
    expect(bus.take()).toMatchObject([{ positions: [{ quantity: '10' }] }]);
    book.mark(markOf(110));
    book.mark(markOf(90));
    expect(next()).toMatchObject([{ equity: '9900', dayPnl: '-100', highWater: '10100' }]);
    expect(next()).toEqual([]);
  });

  test('says how far equity has fallen', () => {
    const { book, trade, next } = world();
    book.mark(markOf(100));
    trade('buy', 10, '100');
    book.mark(markOf(50));
    expect(next()).toMatchObject([{ highWater: '10000', drawdownFraction: 0.05 }]);
  });

  test('leaves out what nobody knows', () => {
    const { trade, next } = world();
    trade('buy', 1, '100');
    const { equity: _, unrealised: __, dayPnl: ___, drawdownFraction: ____, ...known } = FLAT;
    expect(next()).toEqual([
      {
        ...known,
        cash: [{ currency: 'USDT', amount: '9900' }],
        positions: [
          {
            instrumentId: 'GOLD',
            quantity: '1',
            quote: 'USDT',
            averagePrice: '100',
            realised: '0',
            fees: '0',
            funding: '0',
          },
        ],
      },
    ]);
  });

  test('an average price that does not end can be told', () => {
    const { book, trade, next } = world();
    book.mark(markOf(100));
    trade('buy', 1, '100');
    trade('buy', 2, '101');
    expect(next()).toMatchObject([
      { positions: [{ averagePrice: '100.6666666666666666666666666666666666666667' }] },
    ]);
  });

  test('tells of each account for itself', () => {
    const { book, next } = world();
    book.openAccount('other', 'EUR', '5');
    expect(next()).toMatchObject([
      { accountId: 'acc' },
      { accountId: 'other', currency: 'EUR', equity: '5' },
    ]);
    book.openAccount('third', 'EUR', '6');
    expect(next()).toMatchObject([{ accountId: 'third' }]);
  });

  test('looks when it is asked to, and for the last time at its end', () => {
    const { publisher, bus, trade, book, next } = world();
    publisher.check();
    expect(bus.take()).toEqual([FLAT]);
    book.mark(markOf(100));
    trade('buy', 1, '100');
    publisher[Symbol.dispose]();
    expect(bus.take()).toMatchObject([{ positions: [{ quantity: '1' }] }]);
    trade('buy', 1, '100');
    expect(next()).toEqual([]);
  });

  test('refuses a misspelt option by name', () => {
    expect(() => world({ every: 1 } as never)).toThrow(/PortfolioPublisher: .*every/);
    expect(() => world({ everyMs: 0 })).toThrow(/everyMs/);
  });
});
