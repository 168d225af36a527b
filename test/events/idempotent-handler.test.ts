import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  type DeliveryContext,
  type IdempotentHandler,
  type IdempotentHandlerOptions,
  deadLetter,
  idempotentHandler,
} from '../../src/events/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { event } from './member-world.ts';

const delivery = (overrides: Partial<DeliveryContext> = {}): DeliveryContext => ({
  group: 'ledger',
  topic: 'order',
  position: '7',
  attempt: 1,
  signal: new AbortController().signal,
  ...overrides,
});

class World {
  readonly clock = new ManualClock(1_000_000);
  readonly store = new MemoryStateStore({ clock: this.clock });
  calls = 0;

  handler(
    handle: IdempotentHandler = () => undefined,
    options: Partial<IdempotentHandlerOptions> = {},
  ): ReturnType<typeof idempotentHandler> {
    const counted: IdempotentHandler = (...given) => {
      this.calls += 1;
      return handle(...given);
    };
    return idempotentHandler(counted, {
      ...{ name: 'ledger', store: this.store, clock: this.clock },
      ...options,
    });
  }

  /** Lets so much time pass, in steps that timers and promises can follow. */
  async after(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(50, left));
      await this.clock.turn();
    }
    await this.clock.turn();
  }
}

describe('idempotentHandler', () => {
  test('handles an event once, and acknowledges it from then on', async () => {
    const world = new World();
    const handler = world.handler(() => 'something');
    expect(await handler(event('a1'), delivery())).toBe('something');
    expect(await handler(event('a1'), delivery({ position: '8', attempt: 2 }))).toBeUndefined();
    expect(world.calls).toBe(1);
  });

  test.each([
    { what: 'id', other: event('a2'), name: 'ledger' },
    { what: 'source', other: event('a1', { source: '/desk/live' }), name: 'ledger' },
    { what: 'name', other: event('a1'), name: 'reports' },
  ])('another $what is another event', async ({ other, name }) => {
    const world = new World();
    await world.handler()(event('a1'), delivery());
    await world.handler(undefined, { name })(other, delivery());
    expect(world.calls).toBe(2);
  });

  test.each([
    { source: 'x'.repeat(300), id: 'a', other: { source: 'x'.repeat(301), id: 'a' } },
    { source: 'a b\n', id: 'ü', other: { source: 'a b', id: '\nü' } },
    { source: 'a:b', id: 'c', other: { source: 'a', id: 'b:c' } },
    { source: '\ud800', id: 'a', other: { source: '\ud801', id: 'a' } },
  ])('takes sources and ids of any kind and tells them apart: $#', async ({ other, ...one }) => {
    const world = new World();
    const handler = world.handler();
    for (const each of [one, other, one, other]) await handler(event('a1', each), delivery());
    expect(world.calls).toBe(2);
  });

  test('remembers it for so long, and no longer', async () => {
    const world = new World();
    const handler = world.handler(undefined, { ttlMs: 10_000 });
    await handler(event('a1'), delivery());
    world.clock.advance(9_999);
    await handler(event('a1'), delivery());
    expect(world.calls).toBe(1);
    world.clock.advance(1);
    await handler(event('a1'), delivery());
    expect(world.calls).toBe(2);
  });

  test('remembers it for 7 days unless told otherwise', async () => {
    const world = new World();
    await world.handler()(event('a1'), delivery());
    const [entry] = await world.store.list('handled:ledger:');
    expect(entry).toMatchObject({
      key: 'handled:ledger:%2Fdesk%2Fpaper:a1',
      value: { state: 'done' },
      expiresAtMs: 1_000_000 + 7 * 86_400_000,
    });
  });

  test.each([
    {
      how: 'throws',
      fail: () => {
        throw new Error('no');
      },
    },
    { how: 'rejects', fail: () => Promise.reject(new Error('no')) },
  ])('a handler that $how is called again, at once', async ({ fail }) => {
    const world = new World();
    let fails = true;
    const handler = world.handler(() => (fails ? fail() : 'done'));
    await expect(handler(event('a1'), delivery())).rejects.toThrow('no');
    fails = false;
    expect(await handler(event('a1'), delivery({ attempt: 2 }))).toBe('done');
  });

  test('a second one waits for the first, and does not handle the event again', async () => {
    const world = new World();
    const first = Promise.withResolvers<unknown>();
    const handler = world.handler(() => first.promise);
    const running = handler(event('a1'), delivery());
    await world.after(0);
    let isDone = false;
    const second = Promise.resolve(handler(event('a1'), delivery({ attempt: 2 }))).finally(() => {
      isDone = true;
    });
    await world.after(30_000); // six times as long as a claim
    expect([isDone, world.calls]).toEqual([false, 1]);
    first.resolve('one');
    await world.after(200);
    expect([await running, await second, world.calls]).toEqual(['one', undefined, 1]);
  });

  test('of two that look at the same time one handles the event', async () => {
    const world = new World();
    const handler = world.handler(() => 'one');
    const both = Promise.all([handler(event('a1'), delivery()), handler(event('a1'), delivery())]);
    await world.after(200);
    expect([await both, world.calls]).toEqual([['one', undefined], 1]);
  });

  test('a second one takes over what the first has failed at', async () => {
    const world = new World();
    const first = Promise.withResolvers<unknown>();
    const handler = world.handler(() => (world.calls === 1 ? first.promise : 'two'));
    const running = Promise.resolve(handler(event('a1'), delivery()));
    await world.after(0);
    const second = handler(event('a1'), delivery({ attempt: 2 }));
    first.reject(new Error('no'));
    await expect(running).rejects.toThrow('no');
    await world.after(200);
    expect([await second, world.calls]).toEqual(['two', 2]);
  });

  test('a second one stops waiting when its time is up, with the reason, to be tried again', async () => {
    const world = new World();
    const handler = world.handler(() => new Promise(() => undefined));
    void handler(event('a1'), delivery());
    await world.after(0);
    const controller = new AbortController();
    const second = Promise.resolve(handler(event('a1'), delivery({ signal: controller.signal })));
    const said = expect(second).rejects.toThrow('time is up');
    await world.after(300);
    controller.abort(new Error('time is up'));
    await said;
    expect(world.calls).toBe(1);
  });

  test('the claim of a process that has died lapses', async () => {
    const world = new World();
    const dead = world.clock.every.bind(world.clock);
    const clock: ManualClock = Object.assign(Object.create(world.clock) as ManualClock, {
      every: () => dead(1e9, () => undefined),
    });
    void world.handler(() => new Promise(() => undefined), { clock })(event('a1'), delivery());
    await world.after(0);
    const second = world.handler(() => 'two')(event('a1'), delivery({ attempt: 2 }));
    await world.after(4_900);
    expect(world.calls).toBe(1);
    await world.after(300);
    expect([await second, world.calls]).toEqual(['two', 2]);
  });

  test('a claim is not renewed for an attempt that has been given up', async () => {
    const world = new World();
    const controller = new AbortController();
    const handler = world.handler(() => (world.calls === 1 ? new Promise(() => undefined) : 'two'));
    void handler(event('a1'), delivery({ signal: controller.signal }));
    await world.after(20_000);
    controller.abort();
    const second = handler(event('a1'), delivery({ attempt: 2 }));
    await world.after(5_200);
    expect([await second, world.calls]).toEqual(['two', 2]);
  });

  test('one that goes on after its time and comes to an end has handled the event', async () => {
    const world = new World();
    const first = Promise.withResolvers<unknown>();
    const controller = new AbortController();
    const handler = world.handler(() =>
      world.calls === 1 ? first.promise : Promise.reject(new Error('no')),
    );
    const running = handler(event('a1'), delivery({ signal: controller.signal }));
    await world.after(0);
    controller.abort();
    await world.after(6_000);
    const second = Promise.resolve(handler(event('a1'), delivery({ attempt: 2 })));
    await expect(second).rejects.toThrow('no');
    first.resolve('late');
    expect(await running).toBe('late');
    expect(await handler(event('a1'), delivery({ attempt: 3 }))).toBeUndefined();
  });

  test('a refusal is repeated to the delivery refused; the event requeued is handled anew', async () => {
    const world = new World();
    const handler = world.handler(() => (world.calls === 1 ? deadLetter('unheard of') : 'heard of'));
    expect(await handler(event('a1'), delivery())).toEqual(deadLetter('unheard of'));
    expect(await handler(event('a1'), delivery({ attempt: 2 }))).toEqual(deadLetter('unheard of'));
    expect(world.calls).toBe(1);
    expect(await handler(event('a1'), delivery({ topic: 'other' }))).toBe('heard of');
    expect(await handler(event('a1'), delivery({ position: '9' }))).toBeUndefined();
    expect(world.calls).toBe(2);
  });

  test('the mark written with the effect: an attempt that dies behind it is not repeated', async () => {
    const world = new World();
    const handler = world.handler(async (_event, _delivery, mark) => {
      await world.store.setAll([{ key: 'balance', value: 1 }, mark]);
      throw new Error('died');
    });
    await expect(handler(event('a1'), delivery())).rejects.toThrow('died');
    expect(await handler(event('a1'), delivery({ attempt: 2 }))).toBeUndefined();
    expect(world.calls).toBe(1);
  });

  test('the mark written with the effect is forgotten after as long as any other', async () => {
    const world = new World();
    const handler = world.handler((_event, _delivery, mark) => world.store.setAll([mark]));
    await handler(event('a1'), delivery());
    const [entry] = await world.store.list('handled:');
    expect(entry).toMatchObject({ value: { state: 'done' }, expiresAtMs: 1_000_000 + 7 * 86_400_000 });
  });

  test('nothing is handled where the store cannot be read', async () => {
    const world = new World();
    const handler = world.handler();
    await world.store.close();
    await expect(handler(event('a1'), delivery())).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE' }) as Error,
    );
    expect(world.calls).toBe(0);
  });

  test('an attempt whose mark cannot be written has failed', async () => {
    const world = new World();
    const handler = world.handler(() => world.store.close());
    await expect(handler(event('a1'), delivery())).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE' }) as Error,
    );
  });

  test('what the handler threw is told, also where the claim cannot be given back', async () => {
    const world = new World();
    const handler = world.handler(async () => {
      await world.store.close();
      throw new Error('mine');
    });
    await expect(handler(event('a1'), delivery())).rejects.toThrow('mine');
  });

  test('an entry of somebody else under its key fails the attempt', async () => {
    const world = new World();
    await world.store.set('handled:ledger:%2Fdesk%2Fpaper:a1', { state: 'whatever' });
    await expect(world.handler()(event('a1'), delivery())).rejects.toThrow('state');
    expect(world.calls).toBe(0);
  });

  test('leaves no timer behind', async () => {
    const world = new World();
    await world.handler()(event('a1'), delivery());
    await Promise.resolve(
      world.handler(() => Promise.reject(new Error('no')))(event('a2'), delivery()),
    ).catch(() => undefined);
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test.each([{ name: 'A' }, { name: '' }, { ttlMs: 999 }, { claimMs: 99 }, { ttl: 1 }])(
    'refuses %o',
    (options) => {
      expect(() => new World().handler(undefined, options)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
      );
    },
  );
});
