import { describe, expect, test } from 'vitest';
import { amountText, moneyText } from '../../examples/toy-exchange/decimals.ts';
import { configOf, exchangeOf, requestOf } from './exchange-world.ts';

const sell = { side: 'sell' } as const;

describe('matching at the toy exchange', () => {
  test('fills the best price first, and at a price whoever came first, at the price of whoever rests', () => {
    const { exchange, fills, rests } = exchangeOf();
    exchange.place('b', requestOf('LOW', { price: '99', quantity: '3' }));
    exchange.place('b', requestOf('FIRST', { quantity: '4' }));
    exchange.place('b', requestOf('SECOND', { quantity: '4' }));
    exchange.place('a', requestOf('TAKER', { ...sell, price: '99', quantity: '9' }));
    expect(fills()).toEqual([
      'FIRST maker 4@100',
      'TAKER taker 4@100',
      'SECOND maker 4@100',
      'TAKER taker 4@100',
      'LOW maker 1@99',
      'TAKER taker 1@99',
    ]);
    expect(rests('buy')).toEqual(['2@99']);
  });

  test('lets what is left of a GTC order rest', () => {
    const { exchange, rests } = exchangeOf();
    exchange.quote('GOLD', [], [['100', '4']]);
    exchange.place('a', requestOf('A'));
    expect([rests('buy'), rests('sell')]).toEqual([['6@100'], []]);
  });

  test('ends what is left of an IOC order', () => {
    const { exchange, facts, rests } = exchangeOf();
    exchange.quote('GOLD', [], [['100', '4']]);
    exchange.place('a', requestOf('A', { timeInForce: 'IOC' }));
    expect(facts().at(-1)).toMatchObject({ type: 'expired', clientId: 'A', cumulative: '4' });
    expect(rests('buy')).toEqual([]);
  });

  test.each([
    ['9', [], 'expired'],
    ['10', ['A taker 10@100'], 'filled'],
  ])('fills a FOK order of 10 against %s whole or not at all', (shown, filled, state) => {
    const { exchange, fills } = exchangeOf();
    exchange.quote('GOLD', [], [['100', shown]]);
    exchange.place('a', requestOf('A', { timeInForce: 'FOK' }));
    expect(fills()).toEqual(filled);
    expect(exchange.state.orderOf('a', 'A')?.state).toBe(state);
  });

  test.each([
    ['100', 'rejected'],
    ['101', 'open'],
  ])('a post-only bid at 100 against an offer at %s is %s', (offer, state) => {
    const { exchange, fills } = exchangeOf();
    exchange.quote('GOLD', [], [[offer, '4']]);
    exchange.place('a', requestOf('A', { postOnly: true }));
    expect([exchange.state.orderOf('a', 'A')?.state, fills()]).toEqual([state, []]);
  });

  test('turns an order down that would meet one of its own account', () => {
    const { exchange } = exchangeOf();
    exchange.place('a', requestOf('A'));
    expect(exchange.place('a', requestOf('B', { ...sell }))).toEqual({
      ok: false,
      code: 'OWN_ORDER_WOULD_MATCH',
    });
  });

  test('a quote that crosses trades with orders of clients at their price, and shows the rest', () => {
    const { exchange, fills, rests } = exchangeOf();
    exchange.place('a', requestOf('A', { quantity: '4' }));
    exchange.quote('GOLD', [], [['98', '6']]);
    expect(fills()).toEqual(['A maker 4@100']);
    expect(rests('sell')).toEqual(['2@98']);
  });

  test('somebody who takes meets quotes and orders of clients in their priority', () => {
    const { exchange, fills, rests } = exchangeOf();
    exchange.quote(
      'GOLD',
      [
        ['101', '2'],
        ['100', '3'],
      ],
      [],
    );
    exchange.place('a', requestOf('A', { quantity: '4' }));
    exchange.marketTrade('GOLD', 'sell', '100', '6');
    expect(fills()).toEqual(['A maker 1@100']);
    expect(rests('buy')).toEqual(['3@100']);
  });
});

describe('an amendment at the toy exchange', () => {
  const two = () => {
    const world = exchangeOf();
    world.exchange.place('a', requestOf('A', { quantity: '4' }));
    world.exchange.place('b', requestOf('B', { quantity: '4' }));
    return world;
  };

  test.each([
    ['down keeps its place', '3', ['A maker 1@100']],
    ['up loses its place', '5', ['B maker 1@100']],
  ])('of the quantity %s', (_, quantity, first) => {
    const { exchange, fills } = two();
    exchange.amend('a', 'A', { quantity, price: '100' });
    exchange.marketTrade('GOLD', 'sell', '100', '1');
    expect(fills()).toEqual(first);
  });

  test('of the price beyond the other side trades at once', () => {
    const { exchange, fills } = exchangeOf();
    exchange.quote('GOLD', [], [['105', '4']]);
    exchange.place('a', requestOf('A'));
    exchange.amend('a', 'A', { quantity: '10', price: '105' });
    expect(fills()).toEqual(['A taker 4@105']);
  });

  test.each([
    ['3', { ok: false, code: 'BELOW_FILLED' }],
    ['4', { ok: true }],
  ])('to %s of which 3 are filled', (quantity, outcome) => {
    const { exchange } = exchangeOf();
    exchange.place('a', requestOf('A', { quantity: '5' }));
    exchange.marketTrade('GOLD', 'sell', '100', '3');
    expect(exchange.amend('a', 'A', { quantity, price: '100' })).toMatchObject(outcome);
  });

  test.each([
    ['NOBODY', 'ORDER_UNKNOWN'],
    ['OVER', 'ORDER_OVER'],
  ])('of %s is refused: %s', (clientId, code) => {
    const { exchange } = exchangeOf();
    exchange.place('a', requestOf('OVER', { timeInForce: 'IOC' }));
    expect(exchange.amend('a', clientId, { quantity: '1', price: '1' })).toEqual({ ok: false, code });
  });
});

describe('what the toy exchange takes', () => {
  test.each([
    [{ symbol: 'TIN' }, 'SYMBOL_UNKNOWN'],
    [{ quantity: '1.5' }, 'OFF_GRID'],
    [{ price: '0' }, 'OFF_GRID'],
    [{ price: '2', quantity: '9' }, 'BELOW_MINIMUM'],
    [{ timeInForce: 'IOC', postOnly: true }, 'TIME_IN_FORCE_CONFLICT'],
  ] as const)('%j: %s, and the id is free still', (overrides, code) => {
    const { exchange } = exchangeOf(configOf({ minNotional: '19' }));
    expect(exchange.place('a', requestOf('A', overrides))).toEqual({ ok: false, code });
    expect(exchange.place('a', requestOf('A')).ok).toBe(true);
  });

  test('an id once per account, also that of an order it rejected', () => {
    const { exchange } = exchangeOf();
    exchange.quote('GOLD', [], [['100', '4']]);
    exchange.place('a', requestOf('A', { postOnly: true }));
    expect(exchange.place('a', requestOf('A'))).toEqual({ ok: false, code: 'CLIENT_ID_TAKEN' });
    expect(exchange.place('b', requestOf('A')).ok).toBe(true);
  });

  test('of a cash account: what open orders leave, to the last unit, fee included', () => {
    const { exchange } = exchangeOf(configOf({ takerFeeRate: '0.01' }, 'cash'));
    exchange.place('a', requestOf('A', { price: '50', quantity: '10' })); // 505 of 1000
    expect(exchange.place('a', requestOf('B', { price: '1', quantity: '491' }))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(exchange.place('a', requestOf('C', { price: '1', quantity: '490' })).ok).toBe(true);
  });

  test('of a cash account that amends: the order as it was does not count beside what it is to be', () => {
    const { exchange } = exchangeOf(configOf({}, 'cash'));
    exchange.place('a', requestOf('A', { price: '90' }));
    expect(exchange.amend('a', 'A', { price: '100', quantity: '10' }).ok).toBe(true);
    expect(exchange.amend('a', 'A', { price: '100', quantity: '11' })).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
  });

  test('of a cash account that sells: what it has and has not offered yet', () => {
    const { exchange } = exchangeOf(configOf({}, 'cash'));
    exchange.quote('GOLD', [], [['1', '5']]);
    exchange.place('a', requestOf('A', { price: '1', quantity: '5' }));
    exchange.place('a', requestOf('B', { ...sell, quantity: '3' }));
    expect(exchange.place('a', requestOf('C', { ...sell, quantity: '3' }))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(exchange.place('a', requestOf('D', { ...sell, quantity: '2' })).ok).toBe(true);
  });
});

describe('the books of the toy exchange', () => {
  test('move by quantity, notional and fee of either side', () => {
    const { exchange } = exchangeOf(configOf({ makerFeeRate: '-0.001', takerFeeRate: '0.002' }));
    exchange.place('b', requestOf('B', { ...sell, quantity: '4' }));
    exchange.place('a', requestOf('A', { quantity: '4' }));
    const of = (accountId: string) => {
      const { accounts } = exchange.state;
      const cash = moneyText(accounts.balances(accountId).get('USDT') ?? 0n);
      return [cash, amountText(accounts.positions(accountId).get('GOLD') ?? 0n)];
    };
    expect([of('a'), of('b')]).toEqual([
      ['599.2', '4'],
      ['1400.4', '-4'],
    ]);
  });

  test('both sides of a trade share its id, and ids go on', () => {
    const { exchange, facts } = exchangeOf();
    exchange.place('b', requestOf('B', { ...sell, quantity: '4' }));
    exchange.place('a', requestOf('A', { quantity: '1' }));
    exchange.place('a', requestOf('C', { quantity: '1' }));
    expect(facts().flatMap((fact) => (fact.type === 'filled' ? [fact.executionId] : []))).toEqual([
      'T1',
      'T1',
      'T2',
      'T2',
    ]);
  });

  test('a command is in the log before anybody is told', () => {
    const { exchange, lines } = exchangeOf();
    const seen: (string | undefined)[] = [];
    exchange.onFact(() => seen.push(lines.at(-1)?.op));
    exchange.place('a', requestOf('A'));
    exchange.cancel('a', 'A');
    expect(seen).toEqual(['place', 'cancel']);
  });

  test('cancel all takes the open orders of that account', () => {
    const { exchange, rests } = exchangeOf();
    exchange.place('a', requestOf('A'));
    exchange.place('a', requestOf('B'));
    exchange.place('b', requestOf('C', { quantity: '3' }));
    expect(exchange.cancelAll('a')).toBe(2);
    expect(rests('buy')).toEqual(['3@100']);
  });
});
