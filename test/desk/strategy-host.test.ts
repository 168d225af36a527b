import { describe, expect, test } from 'vitest';
import { StrategyHost } from '../../src/desk/index.ts';
import type { Strategy, StrategyContext } from '../../src/trading/index.ts';
import { DeskWorld, idOf, intent, view } from '../support/desk-world.ts';

/** A strategy that notes what it is told, and does what the test says. */
function strategyOf(
  id: string,
  onMarket: (ctx: StrategyContext) => void = () => undefined,
  instruments: readonly string[] = ['GOLD'],
) {
  const heard: string[] = [];
  const strategy: Strategy = {
    id,
    instruments,
    onMarket(seen, ctx) {
      heard.push(`market ${seen.instrumentId}`);
      onMarket(ctx);
    },
    onBar(bar) {
      heard.push(`bar ${bar.instrumentId}`);
    },
    onOrder(event) {
      heard.push(event.type);
    },
  };
  return { strategy, heard };
}

async function host(...strategies: Strategy[]) {
  const world = await DeskWorld.open();
  const signals: unknown[] = [];
  const hosted = new StrategyHost(strategies, {
    desk: world.desk,
    killSwitch: world.killSwitch,
    clock: world.clock,
    onSignal: (signal) => signals.push(signal),
  });
  return { world, signals, hosted };
}

describe('StrategyHost', () => {
  test('trips a strategy whose hook is async and rejects', async () => {
    const broken: Strategy = {
      id: 'broken',
      instruments: ['GOLD'],
      onMarket: () => Promise.reject(new Error('late')),
    };
    const { world, hosted } = await host(broken);
    hosted.onMarket(view(100));
    await world.drain();
    expect(world.killSwitch.records()).toMatchObject([
      { scope: { kind: 'strategy', id: 'broken' }, state: 'reducing', reason: 'the strategy threw: late' },
    ]);
  });

  test('shows each strategy its own instruments, and its own orders', async () => {
    const gold = strategyOf('gold', (ctx) => void ctx.submit(intent()));
    const silver = strategyOf('silver', undefined, ['SILVER']);
    const { world, hosted } = await host(gold.strategy, silver.strategy);
    hosted.onMarket(view(100));
    hosted.onMarket(view(100, { instrumentId: 'SILVER' }));
    hosted.onBar({ instrumentId: 'SILVER' } as never);
    await world.drain();
    expect([gold.heard, silver.heard]).toEqual([
      ['market GOLD', 'accepted'],
      ['market SILVER', 'bar SILVER'],
    ]);
  });

  test('lets a strategy trade under its own name only', async () => {
    const { strategy } = strategyOf('honest', (ctx) => void ctx.submit(intent({ strategyId: 'other' })));
    const { world, hosted } = await host(strategy);
    hosted.onMarket(view(100));
    await world.drain();
    expect(world.driver.placed).toMatchObject([{ clientOrderId: idOf('one', 'acc', 'honest') }]);
  });

  test('lets a strategy cancel its own orders, not those of another', async () => {
    let context: StrategyContext | undefined;
    const { strategy } = strategyOf('mine', (ctx) => (context = ctx));
    const { world, hosted } = await host(strategy);
    hosted.onMarket(view(100));
    await world.drained(world.desk.submit(intent({ strategyId: 'other' })));
    await context?.cancel(idOf('one', 'acc', 'other'));
    await context?.cancel('nobody');
    expect(world.driver.cancels).toEqual([]);
    await world.drained(world.desk.submit(intent({ strategyId: 'mine' })));
    await world.drained(
      context?.cancel(idOf('one', 'acc', 'mine')) ?? Promise.reject(new Error('no context')),
    );
    expect(world.driver.cancels).toEqual([idOf('one', 'acc', 'mine')]);
  });

  test('passes signals on under the name of the strategy', async () => {
    const { strategy } = strategyOf('seer', (ctx) => {
      ctx.signal({ strategyId: 'other', signalId: 's' } as never);
    });
    const { signals, hosted } = await host(strategy);
    hosted.onMarket(view(100));
    expect(signals).toEqual([{ strategyId: 'seer', signalId: 's' }]);
  });

  test('trips a strategy that throws, alone, and goes on with the others', async () => {
    const broken = strategyOf('broken', () => {
      throw new Error('division by hope');
    });
    const sound = strategyOf('sound', (ctx) => void ctx.submit(intent()));
    const { world, hosted } = await host(broken.strategy, sound.strategy);
    hosted.onMarket(view(100));
    await world.drain();
    expect(world.killSwitch.records()).toMatchObject([
      {
        scope: { kind: 'strategy', id: 'broken' },
        state: 'reducing',
        reason: 'the strategy threw: division by hope',
      },
    ]);
    expect(world.driver.placed).toHaveLength(1);
  });

  test('trips a strategy that throws over a bar or over one of its orders', async () => {
    const world = await DeskWorld.open();
    const fail = (): never => {
      throw new Error('not today');
    };
    const overBars: Strategy = { id: 'bars', instruments: ['GOLD'], onMarket: () => undefined, onBar: fail };
    const overOrders: Strategy = { id: 'orders', instruments: [], onMarket: () => undefined, onOrder: fail };
    const hosted = new StrategyHost([overBars, overOrders], world);
    hosted.onBar({ instrumentId: 'GOLD' } as never);
    await world.drained(world.desk.submit(intent({ strategyId: 'orders' })));
    expect(world.killSwitch.records().map(({ scope, state }) => ({ scope, state }))).toEqual([
      { scope: { kind: 'strategy', id: 'bars' }, state: 'reducing' },
      { scope: { kind: 'strategy', id: 'orders' }, state: 'reducing' },
    ]);
    // The trip cancels the order; what the strategy throws about that is not one more reason to.
    expect(world.driver.cancels).toEqual([idOf('one', 'acc', 'orders')]);
    expect(world.orderEvents).toEqual(['accepted', 'cancelRequested']);
  });

  test('says nothing to a strategy of an order that somebody else sent', async () => {
    const mine = strategyOf('mine');
    const { world } = await host(mine.strategy);
    await world.drained(world.desk.submit(intent({ strategyId: 'other' })));
    expect([world.driver.placed.length, mine.heard]).toEqual([1, []]);
  });

  test('refuses two strategies of one name', async () => {
    await expect(host(strategyOf('twin').strategy, strategyOf('twin').strategy)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
