import { PortcullisError, decimal, person, system } from '../../src/core/index.ts';
import type { PlaceReply, VenueOrder } from '../../src/desk/venue-driver.ts';
import type { OrderOutcome } from '../../src/trading/index.ts';
import { accept, never, reject } from '../support/scripted-driver.ts';
import { type Words, scopeOf, spanOf } from './scenario-words.ts';
import { orderOf } from './scenario-order.ts';
import { type ScenarioWorld, VENUE_TIMEOUT_MS } from './scenario-world.ts';

/** Does a step, and returns what came of it. */
export type Command = (world: ScenarioWorld, words: Words) => Promise<string>;

const said = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(', ');

function outcomeText(outcome: OrderOutcome | undefined): string {
  if (outcome === undefined) return 'sent';
  switch (outcome.kind) {
    case 'denied':
      return said('denied', ...new Set(outcome.denials.map(({ code }) => code)));
    case 'accepted':
      return outcome.reduced === undefined
        ? 'accepted'
        : said(`accepted ${outcome.quantity}`, outcome.reduced.code);
    default:
      return outcome.kind;
  }
}

/** Outcomes that are still to come, by the name of the order. */
const waiting = new WeakMap<ScenarioWorld, Map<string, Waiting>>();
interface Waiting {
  readonly reply: PromiseWithResolvers<PlaceReply>;
  readonly outcome: Promise<OrderOutcome>;
}
const waitingOf = (world: ScenarioWorld): Map<string, Waiting> => {
  const present = waiting.get(world) ?? new Map<string, Waiting>();
  waiting.set(world, present);
  return present;
};

/** Submits, while the venue does not answer. */
async function send(world: ScenarioWorld, words: Words): Promise<string> {
  const { driver } = world.venue;
  const intent = orderOf(words);
  const reply = Promise.withResolvers<PlaceReply>();
  driver.onPlace = () => reply.promise;
  const outcome = world.submit(intent);
  waitingOf(world).set(intent.intentId, { reply, outcome });
  let early: OrderOutcome | undefined;
  void outcome.then((value) => (early = value));
  await world.settle();
  return outcomeText(early);
}

/** What the venue says about an order without being asked, and what the Book makes of it. */
async function tell(world: ScenarioWorld, name: string, event: object): Promise<string> {
  const clientOrderId = world.idOf(name);
  const before = world.book.order(clientOrderId)?.cumulative;
  world.venue.driver.tell({ clientOrderId, ...event });
  await world.settle();
  const row = world.book.order(clientOrderId);
  if (!('executionId' in event)) return row?.state ?? 'ignored';
  return row?.cumulative === before ? 'ignored' : 'booked';
}

/** The venue's word on an order: the answer that is waited for, or an event. */
async function answer(world: ScenarioWorld, name: string, reply: PlaceReply, event: object): Promise<string> {
  const open = waitingOf(world).get(name);
  if (open === undefined) return tell(world, name, event);
  waitingOf(world).delete(name);
  open.reply.resolve(reply);
  return outcomeText(await world.outcome(open.outcome));
}

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

async function refusable(act: () => Promise<string>): Promise<string> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof PortcullisError) return said('refused', error.code);
    throw error;
  }
}

/** Who does it: a person by name, or nobody. */
const who = (words: Words) => {
  const name = words.after('by');
  return name === undefined || name === 'nobody' ? system('nobody') : person(name);
};

/** The venue obeys: cancels are confirmed, what trades at once is filled. */
function obedient({ venue: { driver }, idOf: _ }: ScenarioWorld): void {
  driver.onCancel = (id) => {
    const report = driver.memory.lookup(id);
    queueMicrotask(() => {
      driver.tell({ type: 'cancelled', clientOrderId: id, cumulative: report?.cumulative ?? '0' });
    });
    return Promise.resolve();
  };
  driver.onPlace = ({ clientOrderId, quantity, price }: VenueOrder) => {
    setImmediate(() => {
      driver.fill(clientOrderId, `exit-${clientOrderId}`, quantity, { price });
    });
    return Promise.resolve({ status: 'accepted' });
  };
}

const cancelQuietly = (world: ScenarioWorld): void => {
  world.venue.driver.onCancel = () => Promise.resolve();
};

async function compared(world: ScenarioWorld, pass: Promise<unknown>): Promise<string> {
  const result = (await world.outcome(pass)) as
    { kind: 'failed' } | { kind: 'reconciled'; differences: readonly { code: string }[] } | undefined;
  if (result === undefined) return 'failed';
  return result.kind === 'failed'
    ? 'failed'
    : said('reconciled', ...new Set(result.differences.map(({ code }) => code)));
}

const COMMANDS: Readonly<Record<string, Command>> = {
  ORDER: async (world, words) => {
    world.venue.driver.onPlace = accept;
    const intent = orderOf(words);
    const outcome = world.submit(intent);
    return outcomeText(await world.outcome(outcome));
  },
  SEND: send,
  TIMEOUT: async (world, words) => {
    const name = words.peek();
    const isNew = !waitingOf(world).has(name);
    if (isNew) {
      const early = await send(world, words);
      if (early !== 'sent') return early;
    }
    const open = waitingOf(world).get(name);
    waitingOf(world).delete(name);
    const clientOrderId = world.idOf(name);
    if (words.has('arrived'))
      world.venue.driver.memory.told({ type: 'accepted', clientOrderId }, world.clock.nowMs());
    await world.pass(VENUE_TIMEOUT_MS);
    return outcomeText(open === undefined ? undefined : await world.outcome(open.outcome));
  },
  ACK: (world, words) =>
    answer(world, words.next('the name of an order'), { status: 'accepted' }, { type: 'accepted' }),
  REJECT: async (world, words) => {
    const name = words.peek();
    if (words.count > 1) {
      world.venue.driver.onPlace = reject();
      return outcomeText(await world.outcome(world.submit(orderOf(words))));
    }
    words.next('the name of an order');
    const reason = 'no';
    return answer(world, name, { status: 'rejected', reason }, { type: 'rejected', reason });
  },
  FILL: (world, words) => fill(world, words, false),
  PARTIAL: (world, words) => fill(world, words, true),
  CANCEL: async (world, words) => {
    const id = world.idOf(words.next('the name of an order'));
    if (words.has('refused')) world.venue.driver.onCancel = () => Promise.reject(new Error('too late'));
    else cancelQuietly(world);
    const outcome = await world.outcome(world.desk.cancel(id));
    cancelQuietly(world);
    return outcome?.kind ?? 'sent';
  },
  CANCELLED: (world, words) =>
    tell(world, words.next('the name of an order'), { type: 'cancelled', ...final(words) }),
  EXPIRE: (world, words) =>
    tell(world, words.next('the name of an order'), { type: 'expired', ...final(words) }),
  AMEND: async (world, words) => {
    const id = world.idOf(words.next('the name of an order'));
    const quantity = words.number();
    const limit = words.after('at');
    const pending = words.has('pending');
    const { driver } = world.venue;
    if (words.has('refused')) driver.onAmend = () => Promise.resolve({ status: 'rejected', reason: 'no' });
    else if (words.has('unanswered')) driver.onAmend = never;
    else if (pending) driver.onAmend = never;
    else driver.onAmend = () => Promise.resolve({ status: 'amended' });
    const change = { ...(quantity !== undefined && { quantity }), ...(limit !== undefined && { limit }) };
    const amending = world.desk.amend(id, change);
    if (pending) {
      await world.settle();
      return 'sent';
    }
    const outcome = await world.outcome(amending);
    if (outcome?.kind !== 'denied') return outcome?.kind ?? 'sent';
    return said('denied', ...new Set(outcome.denials.map(({ code }) => code)));
  },
  AMENDED: async (world, words) => {
    const name = words.next('the name of an order');
    const quantity = words.number() ?? '0';
    return tell(world, name, { type: 'amended', quantity, price: words.after('at') ?? '100' });
  },
  TICK: async (world, words) => {
    const price = words.number() ?? '';
    const instrumentId = words.instrument() ?? 'GOLD';
    const problem = words.after('problem');
    const problems =
      problem === undefined ? [] : [{ code: problem as 'STALE', instrumentId, blocking: true }];
    const empty = words.after('nobody');
    world.mark(price, instrumentId, {
      problems,
      ...(empty === 'asks' && { asks: [] }),
      ...(empty === 'bids' && { bids: [] }),
    });
    await world.settle();
    return 'ok';
  },
  TIME: async (world, words) => {
    await world.pass(spanOf(words.next('a time')));
    return 'ok';
  },
  ROLL: async (world) => {
    const dayMs = 86_400_000;
    await world.pass(dayMs - (world.clock.nowMs() % dayMs));
    for (const [instrumentId, price] of world.prices) world.mark(price, instrumentId);
    await world.settle();
    return 'ok';
  },
  TRIP: async (world, words) => {
    const to = words.next('reducing or halted') === 'halted' ? 'halted' : 'reducing';
    cancelQuietly(world);
    const trip = world.process.killSwitch.trip({
      scope: scopeOf(words),
      to,
      reason: 'table',
      by: who(words),
    });
    await world.settle();
    await trip;
    return 'tripped';
  },
  RELEASE: (world, words) =>
    refusable(async () => {
      const scope = scopeOf(words);
      const key = scope.kind === 'firm' ? 'firm' : `${scope.kind}:${scope.id}`;
      const second = words.after('and');
      await world.process.killSwitch.release({
        scope,
        confirm: words.after('confirm') ?? key,
        reason: 'checked',
        by: who(words),
        ...(second !== undefined && { second: person(second) }),
      });
      await world.settle();
      return 'released';
    }),
  FLATTEN: (world, words) =>
    refusable(async () => {
      obedient(world);
      const order = { scope: scopeOf(words), by: who(words), reason: 'table' };
      const report = await world.outcome(world.desk.flatten(order));
      cancelQuietly(world);
      return report?.flat === true ? 'flat' : 'not-flat';
    }),
  RECONCILE: (world) => compared(world, world.desk.reconcile()),
  RESTART: async (world, words) => {
    world.venue.silent = words.has('silent');
    waiting.delete(world);
    await world.boot({ loseSwitch: words.has('switch-lost') });
    if (!words.has('unquoted'))
      for (const [instrumentId, price] of world.prices) world.mark(price, instrumentId);
    if (words.has('unstarted')) return 'ok';
    return compared(world, world.desk.start());
  },
  VENUE: async (world, words) => {
    world.venue.silent = words.next('silent or answers') === 'silent';
    await world.settle();
    return 'ok';
  },
  EXTERNAL: async (world, words) => {
    const side = words.next('buy or sell') === 'sell' ? 'sell' : 'buy';
    const quantity = words.number() ?? '0';
    const fill = {
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
  ADJUST: (world, words) =>
    refusable(async () => {
      const adjustmentId = words.next('an id');
      const quantity = words.after('position');
      const position = {
        instrumentId: words.instrument() ?? 'GOLD',
        quantity: quantity ?? '0',
        price: words.after('at') ?? '100',
      };
      const cash = words.after('cash');
      const done = world.desk.adjust({
        adjustmentId,
        accountId: 'acc',
        by: who(words),
        reason: 'table',
        ...(quantity !== undefined && { position }),
        ...(cash !== undefined && { cash }),
      });
      return (await world.outcome(done)) ?? 'sent';
    }),
  DISK: async (world, words) => {
    const what = words.next('takes, holds or refuses');
    if (what !== 'takes' && what !== 'holds' && what !== 'refuses') throw new Error(`DISK ${what}`);
    world.disk = what;
    await world.settle();
    return 'ok';
  },
  DISCONNECT: async (world) => {
    cancelQuietly(world);
    world.venue.driver.tell({ type: 'disconnected', reason: 'the cable' });
    await world.settle();
    return 'ok';
  },
  CONNECT: async (world) => {
    world.venue.driver.tell({ type: 'connected' });
    await world.pass(0);
    return 'ok';
  },
  STOP: async (world) => {
    obedient(world);
    await world.outcome(world.desk.stop());
    cancelQuietly(world);
    return 'stopped';
  },
};

export const isCommand = (name: string): boolean => name === 'SEED' || Object.hasOwn(COMMANDS, name);

/** @throws {Error} for a word that the command does not know */
export async function runCommand(world: ScenarioWorld, name: string, words: Words): Promise<string> {
  const command = COMMANDS[name];
  if (command === undefined) throw new Error(`no such command: ${name}`);
  world.told.length = 0;
  const verdict = await command(world, words);
  words.end();
  const anomalies = world.told.flatMap((event) => (event.kind === 'anomaly' ? [event.code] : []));
  const fresh = [...new Set(anomalies)].filter((code) => !verdict.includes(code));
  return said(verdict, ...fresh);
}
