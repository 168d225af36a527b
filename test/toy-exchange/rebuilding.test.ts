import { fc, test as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { Exchange } from '../../examples/toy-exchange/exchange.ts';
import { configOf, exchangeOf, requestOf } from './exchange-world.ts';

const price = fc.integer({ min: 95, max: 105 }).map(String);
const quantity = fc.integer({ min: 1, max: 9 }).map(String);
const account = fc.constantFrom('a', 'b');
const side = fc.constantFrom('buy' as const, 'sell' as const);
const id = fc.integer({ min: 1, max: 30 }).map((n) => `C${n}`);

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('place' as const),
      account,
      id,
      side,
      price,
      quantity,
      timeInForce: fc.constantFrom('GTC' as const, 'GTC' as const, 'IOC' as const, 'FOK' as const),
      postOnly: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('amend' as const), account, id, price, quantity }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('cancel' as const), account, id }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('trade' as const), side, price, quantity }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('quote' as const),
      bid: fc.integer({ min: 94, max: 103 }),
      quantity,
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

function run(exchange: Exchange, said: Command): void {
  if (said.op === 'place')
    exchange.place(said.account, {
      ...requestOf(said.id),
      side: said.side,
      price: said.price,
      quantity: said.quantity,
      timeInForce: said.timeInForce,
      postOnly: said.postOnly && said.timeInForce === 'GTC',
    });
  else if (said.op === 'amend') exchange.amend(said.account, said.id, said);
  else if (said.op === 'cancel') exchange.cancel(said.account, said.id);
  else if (said.op === 'trade') exchange.marketTrade('GOLD', said.side, said.price, said.quantity);
  else exchange.quote('GOLD', [[String(said.bid), said.quantity]], [[String(said.bid + 2), said.quantity]]);
}

/** All that can be seen of an exchange. */
const seen = ({ state }: Exchange) => ({
  sides: [state.book('GOLD').side('buy'), state.book('GOLD').side('sell')],
  orders: Array.from({ length: 30 }, (_, n) => ['a', 'b'].map((who) => state.orderOf(who, `C${n + 1}`))),
  holdings: ['a', 'b'].map((who) => [state.accounts.balances(who), state.accounts.positions(who)]),
  fills: state.fills,
  next: [state.nextOrderId(), state.nextExecutionId()],
});

describe('the toy exchange, whatever it is asked', () => {
  const config = configOf({ makerFeeRate: '0.0001', takerFeeRate: '0.0003' });

  property.prop([fc.array(command, { maxLength: 60 }), fc.nat(60)], { numRuns: 300 })(
    'is given back by its log, and goes on as if it had never ended',
    (commands, cut) => {
      const straight = exchangeOf(config);
      for (const said of commands) run(straight.exchange, said);
      const before = exchangeOf(config);
      for (const said of commands.slice(0, cut)) run(before.exchange, said);
      const after = exchangeOf(config, before.lines);
      expect(seen(after.exchange)).toEqual(seen(before.exchange));
      for (const said of commands.slice(cut)) run(after.exchange, said);
      expect(seen(after.exchange)).toEqual(seen(straight.exchange));
    },
  );

  property.prop([fc.array(command, { maxLength: 60 })], { numRuns: 300 })(
    'never stands crossed, fills nothing beyond its quantity, and holds what its fills say',
    (commands) => {
      const { exchange, facts } = exchangeOf(config);
      for (const said of commands) run(exchange, said);
      const { state } = exchange;
      const [bid, ask] = [state.book('GOLD').side('buy')[0], state.book('GOLD').side('sell')[0]];
      if (bid !== undefined && ask !== undefined) expect(bid.price < ask.price).toBe(true);
      for (const order of seen(exchange).orders.flat()) {
        if (order === undefined) continue;
        expect(order.filled <= order.quantity).toBe(true);
        const resting = state.book('GOLD').get(order.orderId);
        expect(resting?.leaves).toBe(order.state === 'open' ? order.quantity - order.filled : undefined);
        const its = facts().flatMap((fact) =>
          fact.type === 'filled' && fact.orderId === order.orderId ? [fact] : [],
        );
        expect(its.reduce((sum, fill) => sum + BigInt(fill.quantity) * 10n ** 12n, 0n)).toBe(order.filled);
      }
      for (const who of ['a', 'b']) {
        const its = facts().flatMap((fact) =>
          fact.type === 'filled' && fact.accountId === who ? [fact] : [],
        );
        const sum = (of: (fill: (typeof its)[number]) => number) =>
          its.reduce((total, fill) => total + of(fill), 0);
        const signed = ({ side: way, quantity: size }: (typeof its)[number]) =>
          (way === 'buy' ? 1 : -1) * Number(size);
        // Whole quantities and prices, fees of at most 8 places: exact in these units.
        const paid = sum(
          (fill) => signed(fill) * Number(fill.price) * 1e8 + Math.round(Number(fill.fee) * 1e8),
        );
        const { balances, positions } = {
          balances: state.accounts.balances(who),
          positions: state.accounts.positions(who),
        };
        expect(balances.get('USDT')).toBe(BigInt(1000e8 - paid) * 10n ** 16n);
        expect(positions.get('GOLD') ?? 0n).toBe(BigInt(sum(signed)) * 10n ** 12n);
      }
    },
  );
});
