import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ToyExchangeDriver } from '../../examples/toy-exchange/driver/toy-exchange-driver.ts';
import {
  GOLD_LISTING,
  SIGNAL,
  ToyWorld,
  configOf,
  idOf,
  until,
  venueOrderOf,
} from '../support/toy-exchange.ts';

/** All that an account can ask for. */
const everything = async (driver: ToyExchangeDriver) => ({
  open: await driver.openOrders(SIGNAL),
  fills: await driver.fills(0, SIGNAL),
  positions: await driver.positions(SIGNAL),
  balances: await driver.balances(SIGNAL),
  over: await driver.lookup(idOf('over'), SIGNAL),
});

/** Some of everything: a partial fill, an amended order, one that is over. */
async function trade(world: ToyWorld, driver: ToyExchangeDriver): Promise<void> {
  await world.quote([['90', '50']], [['100', '4']]);
  await driver.place(venueOrderOf('a'), SIGNAL);
  await driver.place(venueOrderOf('b', { price: '95' }), SIGNAL);
  await driver.amend(venueOrderOf('b', { price: '96', quantity: '8' }), SIGNAL);
  await driver.place(venueOrderOf('over', { price: '80' }), SIGNAL);
  await driver.cancel(idOf('over'), SIGNAL);
  await world.trade('sell', '100', '2');
}

describe('the exchange that is started again', () => {
  test.each(['stop', 'kill'] as const)('knows after a %s all that it knew', async (end) => {
    await using world = await ToyWorld.start();
    const { driver, told } = await world.driver();
    await trade(world, driver);
    const before = await everything(driver);
    await world.exchange[end]();
    await until(() => told.at(-1)?.type === 'disconnected');
    await world.restart();
    await until(() => told.at(-1)?.type === 'connected');
    expect(await everything(driver)).toEqual(before);
    expect(before.fills.map(({ quantity }) => quantity)).toEqual(['4', '2']);
  });

  test('goes on where it was: priority, numbers and quotes', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await trade(world, driver);
    await world.exchange.kill();
    await world.restart();
    await world.trade('sell', '90', '20');
    const fills = await driver.fills(0, SIGNAL);
    expect(
      fills
        .slice(2)
        .map(({ executionId, clientOrderId, quantity, price }) => [
          executionId,
          clientOrderId,
          quantity,
          price,
        ]),
    ).toEqual([
      ['T3', idOf('a'), '4', '100'],
      ['T4', idOf('b'), '8', '96'],
    ]);
    const answer = await fetch(`${world.exchange.url}/v1/quotes/GOLDUSDT`);
    expect(await answer.json()).toEqual({ symbol: 'GOLDUSDT', bids: [['90', '42']], asks: [] });
    expect(await driver.place(venueOrderOf('c'), SIGNAL)).toEqual({ status: 'accepted', venueOrderId: 'X4' });
  });

  test('refuses an id that was placed in its life before', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await trade(world, driver);
    await world.exchange.kill();
    await world.restart();
    await expect(world.silentDriver().place(venueOrderOf('over'), SIGNAL)).rejects.toThrow('placed before');
  });

  test('a line that a kill left half-written did not happen', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.exchange.kill();
    appendFileSync(
      join(world.dataDir, 'exchange.log'),
      '{"n":99,"atMs":1,"op":"cancel","facts":[{"type":"canc',
    );
    await world.restart();
    expect(await driver.lookup(idOf('a'), SIGNAL)).toMatchObject({ state: 'working' });
    await driver.cancel(idOf('a'), SIGNAL);
    // Read once: the exchange goes on writing.
    const log = world.exchange.log();
    expect(log.map(({ n }) => n)).toEqual(log.map((_, at) => at + 1));
  });

  test('killed at any moment under load: what was answered is in the log, and the log in the new life', async () => {
    await using world = await ToyWorld.start({ config: configOf({ instruments: [{ ...GOLD_LISTING }] }) });
    const { driver } = await world.driver();
    const answered: string[] = [];
    let failed = 0;
    const placing = Array.from({ length: 300 }, async (_, n) => {
      const name = `o${n}`;
      const answer = await driver
        .place(venueOrderOf(name, { price: String(50 + (n % 40)) }), SIGNAL)
        .catch(() => undefined);
      if (answer?.status === 'accepted') answered.push(idOf(name));
      else failed += 1;
    });
    await until(() => answered.length >= 20);
    await world.exchange.kill();
    await Promise.all(placing);
    await world.restart();
    const open = new Set((await driver.openOrders(SIGNAL)).map(({ clientOrderId }) => clientOrderId));
    expect(answered.filter((id) => !open.has(id))).toEqual([]);
    expect(failed).toBeGreaterThan(0);
    const accepted = world.exchange
      .log()
      .flatMap(({ facts }) => facts.filter(({ type }) => type === 'accepted'));
    expect(accepted).toHaveLength(open.size);
  });
});

describe('cancel on disconnect', () => {
  const open = async (world: ToyWorld) => (await world.silentDriver().openOrders(SIGNAL)).length;

  test('takes the open orders with the stream, if that was asked for', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver({ cancelOnDisconnect: true });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.close();
    await until(async () => (await open(world)) === 0);
    expect(world.exchange.log().at(-1)?.facts).toMatchObject([
      { type: 'session', state: 'closed' },
      { type: 'cancelled', why: 'disconnect' },
    ]);
  });

  test('leaves them otherwise', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.close();
    await until(() => world.exchange.log().at(-1)?.op === 'session');
    expect(await open(world)).toBe(1);
  });

  test('leaves them while another stream of the account asks for the same', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver({ cancelOnDisconnect: true });
    const { driver: other } = await world.driver({ cancelOnDisconnect: true });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await driver.close();
    await until(() => world.exchange.log().at(-1)?.op === 'session');
    expect(await open(world)).toBe(1);
    await other.close();
    await until(async () => (await open(world)) === 0);
  });

  test('counts for a stream that the end of the exchange cut', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver({ cancelOnDisconnect: true });
    await driver.place(venueOrderOf('a'), SIGNAL);
    await world.exchange.kill();
    await driver.close();
    await world.restart();
    expect(await open(world)).toBe(0);
  });
});

describe('the process', () => {
  test('SIGTERM ends it orderly, also while a request is swallowed', async () => {
    await using world = await ToyWorld.start();
    const { driver } = await world.driver();
    await world.exchange.orderFaults({ kind: 'timeout-before' });
    const placing = driver.place(venueOrderOf('a'), SIGNAL).catch(() => 'broken off');
    await until(async () => (await world.exchange.faults())[0]?.struck === 1);
    expect(await world.exchange.stop()).toBe(0);
    expect(await placing).toBe('broken off');
  });

  test('the random walk is the same for the same seed, also over a restart', async () => {
    const walk = async (restart: boolean) => {
      await using world = await ToyWorld.start({ seed: 3 });
      await world.exchange.market({ steps: 5 });
      if (restart) {
        await world.exchange.kill();
        await world.restart();
      }
      await world.exchange.market({ steps: 5 });
      const answer = await fetch(`${world.exchange.url}/v1/quotes/GOLDUSDT`);
      return (await answer.json()) as { bids: unknown[]; asks: unknown[] };
    };
    const straight = await walk(false);
    expect(straight.bids.length).toBeGreaterThan(0);
    expect(straight.asks.length).toBeGreaterThan(0);
    expect(await walk(true)).toEqual(straight);
  });
});
