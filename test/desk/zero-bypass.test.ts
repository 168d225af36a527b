import { describe, expect, test } from 'vitest';
import * as moduleByPath from '../../src/desk/order-desk.ts';
import { OrderDesk, OrderPath, type PlaceReply, type SealedOrder, Venue } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { RiskGuard } from '../../src/risk/index.ts';
import type { OrderEvent } from '../../src/trading/index.ts';
import { DeskWorld, ONE_ID, WIDE_EXECUTION, WIDE_RISK, intent } from '../support/desk-world.ts';
import { findInHeap, readPrivate } from '../support/heap.ts';
import { ScriptedDriver } from '../support/scripted-driver.ts';

/*
 * Every way round the checks that we could think of, one test each. What the compiler refuses is in zero-bypass.test-d.ts;
 * what remains possible stands at the end, and in SECURITY.md.
 */

const signal = new AbortController().signal;
const FORGED = { code: 'SEAL_FORGED' };

const submit = (venue: Venue, order: unknown): Promise<PlaceReply> =>
  venue.submit(order as SealedOrder, signal);

/** What the venue would be sent. */
const twin = {
  clientOrderId: ONE_ID,
  accountId: 'acc',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: '100',
  postOnly: true,
  timeInForce: 'GTC',
};

/** Runs `work` while a property is something else. */
function patched<T>(owner: object, key: PropertyKey, value: unknown, work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
  try {
    return work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  }
}

/**
 * Sends an order, and hands its real, unspent seal to `work` in the tick of the send. Only a debugger gets hold of one:
 * it never leaves its module.
 */
async function withRealSeal(world: DeskWorld, work: (seal: object) => void) {
  const { clock } = world;
  const outcome = world.desk.submit(intent());
  const monotonicMs = clock.monotonicMs.bind(clock);
  let seal: object | undefined;
  clock.monotonicMs = () => {
    // The venue asks for the time when it has been handed the seal and has not opened it yet.
    if (seal === undefined && new Error().stack?.includes('Venue.submit') === true) {
      seal = findInHeap('Sealed').find((found) => readPrivate(found, '#venue') === world.venue);
      if (seal !== undefined) work(seal);
    }
    return monotonicMs();
  };
  await world.drained(outcome);
  if (seal === undefined) throw new Error('expected a seal');
  return { outcome: await outcome, seal };
}

describe('what is no sealed order is refused, whatever the compiler was told', () => {
  const order = (): object => Object.freeze({ ...twin });
  class Sealed {
    readonly #order = twin;
    readonly #spent = false;
    show(): unknown {
      return [this.#order, this.#spent];
    }
  }
  test.for<[string, unknown]>([
    ['an intent', intent()],
    ['an empty object', {}],
    ['a structural twin', order()],
    ['a class of the same name with the same private fields', new Sealed()],
    ['a proxy that says yes to everything', new Proxy({}, { get: () => true, has: () => true })],
    ['nothing', undefined],
    ['null', null],
    ['a function', () => twin],
    ['the id of an order', ONE_ID],
  ])('%s', async ([, forged]) => {
    const world = await DeskWorld.open();
    await expect(submit(world.venue, forged)).rejects.toMatchObject(FORGED);
    expect(world.driver.placed).toEqual([]);
  });

  test('and the message says what was expected', async () => {
    const world = await DeskWorld.open();
    await expect(submit(world.venue, {})).rejects.toThrow(/sealed by the desk of this venue/);
  });
});

// Looking through the heap takes its time on a busy machine.
describe('with a real seal in hand', { timeout: 60_000 }, () => {
  test('it sends once: again is SEAL_SPENT', async () => {
    const world = await DeskWorld.open();
    const { outcome, seal } = await withRealSeal(world, () => undefined);
    expect(outcome).toMatchObject({ kind: 'accepted' });
    await expect(submit(world.venue, seal)).rejects.toMatchObject({ code: 'SEAL_SPENT' });
    expect(world.driver.placed).toHaveLength(1);
  });

  test('whoever sends it first, it goes out once', async () => {
    const world = await DeskWorld.open();
    let reply: Promise<PlaceReply> | undefined;
    const { outcome } = await withRealSeal(world, (seal) => {
      reply = submit(world.venue, seal);
    });
    expect(await reply).toEqual({ status: 'accepted' });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: `order ${ONE_ID} has been sent before` });
    expect(world.driver.placed).toHaveLength(1);
  });

  test('what it was sealed to is what it does: it changes nothing, and is not spent', async () => {
    const world = await DeskWorld.open();
    let reply: Promise<unknown> | undefined;
    const { outcome } = await withRealSeal(world, (seal) => {
      reply = world.venue.amend(seal as SealedOrder, signal).catch((error: unknown) => error);
    });
    expect(await reply).toMatchObject({
      ...FORGED,
      message: expect.stringMatching(/was sealed to place, not to amend$/) as string,
    });
    expect(outcome).toMatchObject({ kind: 'accepted' });
    expect(world.driver.placed).toHaveLength(1);
  });

  test('it opens at its own venue only, and is not spent by another', async () => {
    const world = await DeskWorld.open();
    const elsewhere = await DeskWorld.open();
    const unclaimed = new Venue(new ScriptedDriver());
    const tries: Promise<unknown>[] = [];
    const { outcome } = await withRealSeal(world, (seal) => {
      for (const venue of [elsewhere.venue, unclaimed]) {
        tries.push(expect(submit(venue, seal)).rejects.toMatchObject({ code: 'SEAL_WRONG_VENUE' }));
      }
    });
    await Promise.all(tries);
    expect(outcome).toMatchObject({ kind: 'accepted' });
    expect([world.driver.placed.length, elsewhere.driver.placed]).toEqual([1, []]);
  });

  test('no copy of it opens', async () => {
    const world = await DeskWorld.open();
    const tries: Promise<unknown>[] = [];
    const { outcome } = await withRealSeal(world, (seal) => {
      const copies: unknown[] = [
        { ...seal },
        { ...seal, ...twin },
        Object.assign({}, seal, twin),
        structuredClone(seal),
        JSON.parse(JSON.stringify(seal)),
        Object.create(seal),
        Object.create(Object.getPrototypeOf(seal) as object),
        new Proxy(seal, {}),
        new Proxy(seal, { get: (at, key) => Reflect.get(at, key) as unknown, has: () => true }),
        Object.setPrototypeOf({ ...twin }, Object.getPrototypeOf(seal) as object),
      ];
      for (const copy of copies) {
        tries.push(expect(submit(world.venue, copy)).rejects.toMatchObject(FORGED));
      }
    });
    await Promise.all(tries);
    expect([tries.length, outcome, world.driver.placed.length]).toMatchObject([10, { kind: 'accepted' }, 1]);
  });

  test('there is nothing in it to read, and nothing to change', async () => {
    const world = await DeskWorld.open();
    const { seal } = await withRealSeal(world, (real) => {
      expect(Reflect.ownKeys(real)).toEqual([]);
      expect(() => Object.assign(real, { quantity: '9999' })).toThrow(TypeError);
      expect(() => Object.setPrototypeOf(real, { quantity: '9999' }) as unknown).toThrow(TypeError);
      expect(Object.isFrozen(real) && Object.isFrozen(Object.getPrototypeOf(real))).toBe(true);
    });
    expect(Reflect.ownKeys(Object.getPrototypeOf(seal) as object)).toEqual(['constructor']);
    expect(world.driver.placed).toEqual([twin]);
  });

  test('its constructor makes no other', async () => {
    const world = await DeskWorld.open();
    const { seal } = await withRealSeal(world, () => undefined);
    const Sealed = seal.constructor as new (...args: unknown[]) => object;
    class Heir extends Sealed {}
    const given = [Symbol('desk'), twin, world.venue, Infinity];
    expect(() => new Sealed(...given)).toThrow(expect.objectContaining(FORGED));
    expect(() => new Heir(...given)).toThrow(expect.objectContaining(FORGED));
    expect(() => Reflect.construct(Sealed, given, Heir) as unknown).toThrow(expect.objectContaining(FORGED));
    expect(() => Reflect.construct(Object, given, Sealed) as unknown).not.toThrow();
    await expect(submit(world.venue, Reflect.construct(Object, [], Sealed))).rejects.toMatchObject(FORGED);
  });
});

describe('a seal that is held too long', () => {
  /** Lets `lateMs` pass between sealing and sending, by the monotonic clock. */
  async function sendLate(lateMs: number) {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    const { clock } = world;
    const monotonicMs = clock.monotonicMs.bind(clock);
    const readings = [0, 0, lateMs]; // the last look, the sealing, the sending
    clock.monotonicMs = () => monotonicMs() + (readings.shift() ?? 0);
    await world.drained(outcome);
    return { outcome: await outcome, placed: world.driver.placed.length, held: world.cell().buy };
  }

  test('opens in its last millisecond', async () => {
    expect(await sendLate(1_000)).toMatchObject({ outcome: { kind: 'accepted' }, placed: 1 });
  });

  test('is expired one millisecond later: the venue is not touched, the order is unknown and held', async () => {
    expect(await sendLate(1_001)).toMatchObject({
      outcome: { kind: 'unknown', reason: `order ${ONE_ID} was held too long` },
      placed: 0,
      held: 10,
    });
  });

  test('is expired when nobody knows what time it is', async () => {
    expect(await sendLate(NaN)).toMatchObject({ outcome: { kind: 'unknown' }, placed: 0 });
  });
});

describe('patched built-ins do not open a seal', () => {
  const yes = (): boolean => true;
  test.for([
    ['WeakSet.prototype.has', WeakSet.prototype, 'has'],
    ['WeakMap.prototype.has', WeakMap.prototype, 'has'],
    ['Map.prototype.has', Map.prototype, 'has'],
    ['Set.prototype.has', Set.prototype, 'has'],
    ['Object.hasOwn', Object, 'hasOwn'],
    ['Reflect.has', Reflect, 'has'],
    ['Array.prototype.includes', Array.prototype, 'includes'],
  ] as const)('%s', async ([, owner, key]) => {
    const world = await DeskWorld.open();
    const sent = patched(owner, key, yes, () => submit(world.venue, { ...twin }));
    await expect(sent).rejects.toMatchObject(FORGED);
  });

  test('Object.freeze, patched after we loaded: everything that should be frozen still is', async () => {
    const world = await DeskWorld.open();
    const { guard, policy, venue, desk } = patched(
      Object,
      'freeze',
      (value: unknown) => value,
      () => {
        const made = {
          guard: new RiskGuard(WIDE_RISK, world),
          policy: new ExecutionPolicy(WIDE_EXECUTION),
          venue: new Venue(world.driver),
        };
        return { ...made, desk: new OrderDesk({}, { ...world.deps(), ...made }) };
      },
    );
    expect([guard, policy, venue, desk].map((made) => Object.isFrozen(made))).toEqual(Array(4).fill(true));
    await world.started(desk);
    const outcome = patched(
      Object,
      'freeze',
      (value: unknown) => value,
      () => desk.submit(intent()),
    );
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    expect(world.driver.placed.map((order) => Object.isFrozen(order))).toEqual([true]);
  });

  test('Object.getPrototypeOf, patched after we loaded: a subclass is still no RiskGuard', async () => {
    const world = await DeskWorld.open();
    class Permissive extends RiskGuard {}
    const guard = new Permissive(WIDE_RISK, world);
    const venue = new Venue(world.driver);
    patched(
      Object,
      'getPrototypeOf',
      () => RiskGuard.prototype,
      () => {
        expect(() => new OrderDesk({}, { ...world.deps(), venue, guard })).toThrow(
          expect.objectContaining({ code: 'ENGINE_NOT_GENUINE' }),
        );
      },
    );
  });
});

describe('a venue', () => {
  test('shows its name, and nothing else', async () => {
    const { venue } = await DeskWorld.open();
    const loose = venue as unknown as Record<string, unknown>;
    expect(Reflect.ownKeys(venue)).toEqual(['name']);
    expect([loose['driver'], loose['#driver'], loose['place'], loose['onEvent']]).toEqual(
      Array(4).fill(undefined),
    );
    expect(Reflect.ownKeys(Venue)).not.toContain('claim');
  });

  test('cannot be extended', () => {
    class Open extends Venue {}
    expect(() => new Open(new ScriptedDriver())).toThrow(expect.objectContaining(FORGED));
    expect(() => Reflect.construct(Venue, [new ScriptedDriver()], Open) as unknown).toThrow(
      expect.objectContaining(FORGED),
    );
  });

  test('belongs to one desk for life', async () => {
    const world = await DeskWorld.open();
    const other = await DeskWorld.open();
    expect(() => new OrderDesk({}, { ...other.deps(), venue: world.venue })).toThrow(
      expect.objectContaining({ code: 'VENUE_CLAIMED' }),
    );
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });

  test('is not replaced by something that looks like one', async () => {
    const world = await DeskWorld.open();
    const heir: unknown = Object.create(world.venue);
    for (const venue of [{ name: 'fake', submit: () => undefined }, heir, new Proxy(world.venue, {})]) {
      expect(() => new OrderDesk({}, { ...world.deps(), venue: venue as Venue })).toThrow(
        expect.objectContaining(FORGED),
      );
    }
  });

  test('cannot be redirected: neither it, nor its class, nor the desk and the engines can be patched', async () => {
    const world = await DeskWorld.open();
    const targets = [Venue, OrderDesk, OrderPath, RiskGuard, ExecutionPolicy].flatMap((made) => [
      made.prototype as object,
      made as object,
    ]);
    const { venue, desk, guard, policy } = world;
    for (const target of [...targets.filter((made) => made !== OrderPath), venue, desk, guard, policy]) {
      for (const method of ['submit', 'reserve', 'confirm', 'evaluate', 'decide', 'is']) {
        expect(Reflect.set(target, method, () => undefined)).toBe(false);
      }
      expect(Reflect.defineProperty(target, Symbol.hasInstance, { value: () => true })).toBe(false);
    }
  });
});

test('the module of the seal, imported by its path, exports nothing that mints', () => {
  expect(Object.keys(moduleByPath).sort()).toEqual(['OrderDesk', 'Venue']);
});

describe('what the desk was given cannot be exchanged afterwards', () => {
  test('its deps', async () => {
    const world = await DeskWorld.open();
    const other = await DeskWorld.open();
    const venue = new Venue(world.driver);
    const deps = { ...world.deps(), venue };
    const desk = new OrderDesk({}, deps);
    Object.assign(deps, { venue: other.venue, guard: other.guard, policy: {}, book: other.book });
    await world.started(desk);
    await world.drained(desk.submit(intent()));
    expect([world.driver.placed.length, other.driver.placed.length, world.cell().buy]).toEqual([1, 0, 10]);
  });

  test('an engine that is none', async () => {
    const world = await DeskWorld.open();
    const engines = [
      { guard: { book: world.book, reserve: () => ({ decision: 'approve' }) } },
      { policy: { evaluate: () => [], spend: () => undefined } },
      { guard: (await DeskWorld.open()).guard },
    ];
    for (const engine of engines) {
      const deps = { ...world.deps(), venue: new Venue(world.driver), ...engine } as never;
      expect(() => new OrderDesk({}, deps)).toThrow(expect.objectContaining({ code: 'ENGINE_NOT_GENUINE' }));
    }
  });

  test('the order that the driver is given', async () => {
    const world = await DeskWorld.open();
    const changed: boolean[] = [];
    world.driver.onPlace = (order) => {
      changed.push(Reflect.set(order, 'quantity', '9999'));
      return Promise.resolve({ status: 'accepted' });
    };
    await world.drained(world.desk.submit(intent()));
    expect([changed, world.driver.placed]).toEqual([[false], [twin]]);
  });
});

describe('what remains possible, and is said in SECURITY.md', () => {
  test('whoever holds the driver can trade', async () => {
    const world = await DeskWorld.open();
    await world.driver.place(twin as never, signal);
    expect(world.driver.placed).toHaveLength(1);
  });

  test('whoever holds the driver can build a desk of their own on it, with limits of their own', async () => {
    const strict = await DeskWorld.open({ risk: { maxTotalExposure: '0' } });
    expect(await strict.desk.submit(intent())).toMatchObject({ kind: 'denied' });
    const guard = new RiskGuard(WIDE_RISK, strict);
    const desk = new OrderDesk({}, { ...strict.deps(), guard, venue: new Venue(strict.driver) });
    await strict.started(desk);
    expect(await strict.drained(desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });

  test('a debugger in the process reads the driver of a venue', async () => {
    const world = await DeskWorld.open();
    expect(readPrivate(world.venue, '#driver')).toBe(world.driver);
  });

  test('whoever treats the reader of the Book as the Book can change what the checks see', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const writer = world.desk.book as unknown as { apply(event: OrderEvent): unknown };
    writer.apply({ type: 'rejected', clientOrderId: ONE_ID, atMs: 0, reason: 'never happened' });
    expect(world.cell().buy).toBe(0);
  });

  test('whoever holds the venue can cancel: cancels need no seal', async () => {
    const world = await DeskWorld.open();
    await world.venue.cancel(ONE_ID, signal);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });
});
