import { describe, expect, test } from 'vitest';
import type { FaultInput } from '../../examples/toy-exchange/faults.ts';
import { SystemClock } from '../../src/core/index.ts';
import type { VenueEvent } from '../../src/desk/venue/venue-driver.ts';
import { SIGNAL, ToyWorld, idOf, until, venueOrderOf } from '../support/toy-exchange.ts';

const once = (fault: FaultInput): FaultInput => ({ ...fault, count: 1 }) as FaultInput;

/** What a place comes to: the answer, the error, or `silence` when the fault has struck and nothing came for a while. */
async function placed(world: ToyWorld, fault: FaultInput) {
  const { driver, told } = await world.driver();
  await world.exchange.orderFaults(once(fault));
  const stop = new AbortController();
  const outcome = driver.place(venueOrderOf('a'), stop.signal).then(
    ({ status }) => status,
    (error: unknown) => (error as Error).message,
  );
  if (/timeout|late-request/u.test(fault.kind)) {
    await until(async () => (await world.exchange.faults())[0]?.struck === 1);
    await new SystemClock().sleep(50);
    stop.abort(new Error('silence'));
  }
  return { driver, told, outcome: await outcome };
}

const known = async (world: ToyWorld, fault: FaultInput) => {
  const { driver, outcome } = await placed(world, fault);
  return [outcome, (await driver.lookup(idOf('a'), SIGNAL))?.state];
};

describe('a fault of a request', () => {
  test('timeout before acceptance: silence, and nothing has happened', async () => {
    await using world = await ToyWorld.start();
    expect(await known(world, { kind: 'timeout-before' })).toEqual(['silence', undefined]);
    expect(world.exchange.log().some(({ op }) => op === 'place')).toBe(false);
  });

  test('timeout after acceptance: silence, and the order works', async () => {
    await using world = await ToyWorld.start();
    expect(await known(world, { kind: 'timeout-after' })).toEqual(['silence', 'working']);
  });

  test('5xx before acceptance: nobody knows, and nothing has happened', async () => {
    await using world = await ToyWorld.start();
    const unknown = 'toy: POST /v1/orders: 503 says nothing about the request';
    expect(await known(world, { kind: 'error-before' })).toEqual([unknown, undefined]);
  });

  test('5xx after acceptance: nobody knows, and the order works', async () => {
    await using world = await ToyWorld.start();
    const unknown = 'toy: POST /v1/orders: 502 says nothing about the request';
    expect(await known(world, { kind: 'error-after' })).toEqual([unknown, 'working']);
  });

  test('a late request: silence and nothing at first, the order works later', async () => {
    await using world = await ToyWorld.start();
    const { driver, outcome } = await placed(world, { kind: 'late-request', delayMs: [1_500, 1_500] });
    expect(outcome).toBe('silence');
    expect(await driver.lookup(idOf('a'), SIGNAL)).toBeUndefined();
    await until(async () => (await driver.lookup(idOf('a'), SIGNAL))?.state === 'working');
  });

  test('a late answer: the event overtakes it', async () => {
    await using world = await ToyWorld.start();
    const { told, outcome } = await placed(world, { kind: 'late-answer', delayMs: [200, 200] });
    expect(outcome).toBe('accepted');
    expect(told.map(({ type }) => type)).toEqual(['connected', 'accepted']);
  });

  test('a duplicated request: one order, and its sender is told that the id is taken', async () => {
    await using world = await ToyWorld.start();
    const { driver, outcome } = await placed(world, { kind: 'duplicate-request' });
    expect(outcome).toContain('placed before');
    expect(await driver.openOrders(SIGNAL)).toHaveLength(1);
    expect(world.refusals()).toEqual(['CLIENT_ID_TAKEN']);
  });

  test('strikes only what it was ordered for, and as often', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await world.exchange.orderFaults({ kind: 'error-before', on: 'cancel', count: 2 });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await expect(driver.cancel(idOf('a'), SIGNAL)).rejects.toThrow('503');
    await expect(driver.cancel(idOf('a'), SIGNAL)).rejects.toThrow('503');
    await driver.cancel(idOf('a'), SIGNAL);
    expect(await world.exchange.faults()).toMatchObject([{ kind: 'error-before', struck: 2 }]);
  });

  test('cleared faults strike no more', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await world.exchange.orderFaults({ kind: 'error-before', on: 'any' });
    await world.exchange.clearFaults();
    expect(await driver.place(venueOrderOf('a'), SIGNAL)).toMatchObject({ status: 'accepted' });
  });
});

/** What is told of three orders that are placed while a fault strikes once. */
async function toldOfThree(
  world: ToyWorld,
  fault: FaultInput,
  wait: (told: readonly VenueEvent[]) => boolean,
) {
  const { driver, told } = await world.driver();
  await world.exchange.orderFaults(once(fault));
  for (const name of ['a', 'b', 'c']) await driver.place(venueOrderOf(name), SIGNAL);
  await until(() => wait(told));
  return told.map((event) =>
    'clientOrderId' in event
      ? `${event.type} ${'abc'[['a', 'b', 'c'].map(idOf).indexOf(event.clientOrderId)] ?? ''}`
      : event.type,
  );
}

const GAP = ['disconnected', 'connected'];

describe('a fault of the stream', () => {
  test('a duplicated event is told once', async () => {
    await using world = await ToyWorld.start();
    const told = await toldOfThree(world, { kind: 'duplicate-event' }, ({ length }) => length === 4);
    expect(told).toEqual(['connected', 'accepted a', 'accepted b', 'accepted c']);
  });

  test('a lost event shows as a gap, and what came after it is told', async () => {
    await using world = await ToyWorld.start();
    const told = await toldOfThree(world, { kind: 'lost-event' }, ({ length }) => length === 5);
    expect(told).toEqual(['connected', ...GAP, 'accepted b', 'accepted c']);
  });

  test('a lost last event shows by the next heartbeat', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await world.exchange.orderFaults({ kind: 'lost-event', count: 1 });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await until(() => told.length === 3);
    expect(told.slice(1)).toEqual([
      { type: 'disconnected', reason: 'acc: 1 events missed' },
      { type: 'connected' },
    ]);
  });

  test('an event that is a little late is put back in its place', async () => {
    await using world = await ToyWorld.start();
    const late: FaultInput = { kind: 'late-event', delayMs: [20, 20] };
    const { driver, told } = await world.driver({ reorderMs: 5_000 });
    await world.exchange.orderFaults(once(late));
    for (const name of ['a', 'b']) await driver.place(venueOrderOf(name), SIGNAL);
    await until(() => told.length === 3);
    expect(told.slice(1).map((event) => 'clientOrderId' in event && event.clientOrderId)).toEqual([
      idOf('a'),
      idOf('b'),
    ]);
  });

  test('a fill that is too late is still told, after the gap', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.exchange.orderFaults(once({ kind: 'late-event', event: 'filled', delayMs: [1_000, 1_000] }));
    await world.trade('sell', '100', '4');
    await until(() => told.length === 5);
    expect(told.map(({ type }) => type)).toEqual(['connected', 'accepted', ...GAP, 'filled']);
  });

  test('a final report that is too late is not told any more', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.exchange.orderFaults(
      once({ kind: 'late-event', event: 'cancelled', delayMs: [1_000, 1_000] }),
    );
    await driver.cancel(idOf('a'), SIGNAL);
    await until(() => told.length === 4);
    await new SystemClock().sleep(1_100);
    expect(told.map(({ type }) => type)).toEqual(['connected', 'accepted', ...GAP]);
  });

  test('a disconnect is told, and the stream comes back by itself', async () => {
    await using world = await ToyWorld.start();
    const { told } = await world.driver();
    await world.exchange.orderFaults(once({ kind: 'disconnect' }));
    await until(() => told.length === 3);
    expect(told.map(({ type }) => type)).toEqual(['connected', ...GAP]);
  });

  test('a stream that falls silent is given up, and comes back when the exchange does', async () => {
    await using world = await ToyWorld.start();
    const { told } = await world.driver({ silenceMs: 1_000 });
    process.kill(world.exchange.pid, 'SIGSTOP');
    await until(() => told.length === 2);
    expect(told[1]).toEqual({ type: 'disconnected', reason: 'acc: silent for 1000 ms' });
    process.kill(world.exchange.pid, 'SIGCONT');
    await until(() => told.length === 3);
    expect(told[2]).toEqual({ type: 'connected' });
  });

  test('a lying final report contradicts the fills; asked, the venue tells the truth', async () => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.trade('sell', '100', '4');
    await world.exchange.orderFaults(once({ kind: 'lying-final' }));
    await driver.cancel(idOf('a'), SIGNAL);
    await until(() => told.length === 4);
    expect(told[3]).toEqual({ type: 'cancelled', clientOrderId: idOf('a'), cumulative: '0' });
    expect(await driver.lookup(idOf('a'), SIGNAL)).toMatchObject({ state: 'cancelled', cumulative: '4' });
  });

  test('the same seed strikes the same orders', async () => {
    const struck = async (seed: number) => {
      await using world = await ToyWorld.start({ seed });
      const { driver } = await world.driver();
      await world.exchange.orderFaults({ kind: 'error-before', probability: 0.5 });
      const outcomes = [];
      for (let n = 0; n < 16; n += 1) {
        outcomes.push(
          await driver.place(venueOrderOf(String(n)), SIGNAL).then(
            () => 1,
            () => 0,
          ),
        );
      }
      return outcomes.join('');
    };
    const first = await struck(5);
    expect(await struck(5)).toBe(first);
    expect(await struck(6)).not.toBe(first);
    expect(first).toMatch(/0/);
    expect(first).toMatch(/1/);
  });
});
