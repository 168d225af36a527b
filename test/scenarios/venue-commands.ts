import { decimal } from '../../src/core/index.ts';
import { type Commands, tell } from './scenario-verdict.ts';
import type { Words } from './scenario-words.ts';
import type { ScenarioWorld } from './scenario-world.ts';

/** Tells a fill, or lets it happen without a word. */
function fill(world: ScenarioWorld, words: Words, needsRest: boolean): Promise<string> {
  const name = words.next('the name of an order');
  const { memory, placed } = world.venue.driver;
  const id = world.idOf(name);
  const asked =
    memory.lookup(id)?.quantity ?? placed.find((one) => one.clientOrderId === id)?.quantity ?? '0';
  const done = memory.lookup(id)?.cumulative ?? '0';
  const rest = decimal(asked).minus(done);
  const quantity = words.number() ?? rest.toFixed();
  if (needsRest && !rest.gt(quantity)) throw new Error(`PARTIAL ${name}: ${quantity} leaves nothing`);
  const event = {
    type: 'filled',
    clientOrderId: id,
    executionId: words.after('as') ?? `${name}-${done}`,
    quantity,
    price: words.after('at') ?? '100',
    fee: { amount: words.after('fee') ?? '0', currency: words.after('in') ?? 'USDT' },
    liquidity: 'maker',
  };
  if (words.has('untold')) {
    memory.told(event, world.clock.nowMs());
    return Promise.resolve('ok');
  }
  return tell(world, name, event);
}

const final = (words: Words): object => {
  const cumulative = words.number();
  return cumulative === undefined ? {} : { cumulative };
};

/** What happens at the venue, told or not. */
export const VENUE_COMMANDS: Commands = {
  FILL: (world, words) => fill(world, words, false),
  PARTIAL: (world, words) => fill(world, words, true),
  CANCELLED: (world, words) =>
    tell(world, words.next('the name of an order'), { type: 'cancelled', ...final(words) }),
  EXPIRE: (world, words) =>
    tell(world, words.next('the name of an order'), { type: 'expired', ...final(words) }),
  AMENDED: async (world, words) => {
    const name = words.next('the name of an order');
    const quantity = words.number() ?? '0';
    return tell(world, name, { type: 'amended', quantity, price: words.after('at') ?? '100' });
  },
  EXTERNAL: async (world, words) => {
    const side = words.next('buy or sell') === 'sell' ? 'sell' : 'buy';
    const quantity = words.number() ?? '0';
    const of = words.after('of');
    const fill = {
      ...(of !== undefined && { clientOrderId: world.idOf(of) }),
      accountId: words.after('account') ?? 'acc',
      instrumentId: words.instrument() ?? 'GOLD',
      side,
      executionId: words.after('as') ?? `foreign-${world.venue.foreignFills.length}`,
      quantity,
      price: words.after('at') ?? '100',
      fee: { amount: words.after('fee') ?? '0', currency: 'USDT' },
      liquidity: 'taker',
      atMs: world.clock.nowMs(),
    } as const;
    world.venue.foreignFills.push(fill);
    if (words.has('told')) world.venue.driver.tell({ type: 'filled', clientOrderId: 'not-ours', ...fill });
    await world.settle();
    return 'ok';
  },
  FOREIGN: (world, words) => {
    const side = words.next('buy or sell') === 'sell' ? 'sell' : 'buy';
    const quantity = words.number() ?? '0';
    const price = words.after('at') ?? '100';
    world.venue.foreignOrders.push({
      venueOrderId: `web-${world.venue.foreignOrders.length}`,
      accountId: 'acc',
      instrumentId: 'GOLD',
      side,
      quantity,
      price,
      cumulative: '0',
      state: 'working',
    });
    return Promise.resolve('ok');
  },
  GIFT: (world, words) => {
    const quantity = words.number() ?? '0';
    world.venue.gifts.push({ accountId: 'acc', instrumentId: words.instrument() ?? 'GOLD', quantity });
    return Promise.resolve('ok');
  },
  BALANCE: (world, words) => {
    const amount = words.number() ?? '0';
    world.venue.balances.push({ accountId: 'acc', currency: 'USDT', amount });
    return Promise.resolve('ok');
  },
  VENUE: async (world, words) => {
    world.venue.silent = words.next('silent or answers') === 'silent';
    await world.settle();
    return 'ok';
  },
  DISCONNECT: async (world) => {
    world.venue.takeCancels();
    world.venue.driver.tell({ type: 'disconnected', reason: 'the cable' });
    await world.settle();
    return 'ok';
  },
  CONNECT: async (world) => {
    world.venue.driver.tell({ type: 'connected' });
    await world.pass(0);
    return 'ok';
  },
};
