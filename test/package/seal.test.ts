import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { runModule } from './run-module.ts';

/** With all optional peers, or an adapter could not be looked at. */
const packed = join(inject('consumerWithPeers'), 'node_modules/portcullis');

/** It runs when it is loaded, and exports nothing. */
const COMMAND = 'dist/cli/main.js';

/** Every other emitted module, chunks included: `exports` hides them from names, not from paths. */
const modules = globSync('dist/**/*.js', { cwd: packed }).filter((file) => file !== COMMAND);

/** Exports whose name speaks of sealing and which have been looked at: none of them hands out a sealed order. */
const harmless = new Set(['SealError']);

interface Exported {
  readonly module: string;
  readonly name: string;
  /** Own name of a function or class, which a renamed export cannot hide. */
  readonly ownName: string;
}

function everyExport(): readonly Exported[] {
  const { stdout, stderr } = runModule(
    packed,
    `const found = [];
     for (const module of ${JSON.stringify(modules)}) {
       for (const [name, value] of Object.entries(await import('./' + module))) {
         found.push({ module, name, ownName: typeof value === 'function' ? value.name : '' });
       }
     }
     console.log(JSON.stringify(found));`,
  );
  expect(stderr).toBe('');
  return JSON.parse(stdout) as readonly Exported[];
}

describe('no emitted file mints a sealed order', () => {
  test('every module of the tarball can be imported by its path', () => {
    expect(new Set(everyExport().map(({ module }) => module)).size).toBeGreaterThan(0);
  });

  test('the command exports nothing', () => {
    expect(readFileSync(join(packed, COMMAND), 'utf8')).not.toMatch(/\bexport\b/);
  });

  test('no export is named, or names itself, after sealing or minting', () => {
    const suspicious = everyExport().filter(
      ({ name, ownName }) => !harmless.has(name) && (/seal|mint/i.test(name) || /seal|mint/i.test(ownName)),
    );
    expect(suspicious).toEqual([]);
  });

  test('whatever they export, call or construct, a venue of the package takes none of it', () => {
    const { status, stdout, stderr } = runModule(packed, everythingGiven);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { tried, codes, placed } = JSON.parse(stdout) as {
      tried: number;
      codes: Record<string, number>;
      placed: number;
    };
    expect(tried).toBeGreaterThan(500);
    expect({ codes, placed }).toEqual({ codes: { SEAL_FORGED: tried }, placed: 0 });
  });

  test('a venue takes what its own desk has sealed: the test above would have seen it', () => {
    const { stdout, stderr } = runModule(packed, `${world} ${submitOne} console.log(placed.length);`);
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: '' });
  });

  test('root and subpath share one Venue: two copies would refuse each other', () => {
    const { stdout } = runModule(
      packed,
      `const { Venue } = await import('portcullis'); const desk = await import('portcullis/desk');
       console.log(Venue === desk.Venue);`,
    );
    expect(stdout).toBe('true\n');
  });
});

/** A desk of the package on a venue that only counts what it is sent. */
const world = `
  const { ManualClock } = await import('portcullis/core');
  const { Journal, OrderDesk, Venue } = await import('portcullis/desk');
  const { TradingDay } = await import('portcullis/core');
  const { ExecutionPolicy } = await import('portcullis/execution');
  const { KillSwitch, RiskGuard } = await import('portcullis/risk');
  const { MemoryAppendLog, MemoryStateStore } = await import('portcullis/storage');
  const { Book, defineInstrument } = await import('portcullis/trading');
  const clock = new ManualClock();
  const placed = [];
  const driver = {
    name: 'counting',
    place: (order) => (placed.push(order), Promise.resolve({ status: 'accepted' })),
    cancel: () => Promise.resolve(),
    lookup: () => Promise.resolve(undefined),
    openOrders: () => Promise.resolve([]),
    fills: () => Promise.resolve([]),
    positions: () => Promise.resolve([]),
    balances: () => Promise.resolve([]),
    onEvent: () => ({ [Symbol.dispose]() {} }),
  };
  const gold = defineInstrument({ instrumentId: 'GOLD', base: 'XAU', quote: 'USD', tick: '1', step: '1' });
  const book = new Book();
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const accounts = [{ accountId: 'acc', currency: 'USD', balance: '100000' }];
  const journal = await Journal.open(
    { input: {}, accounts },
    { log: new MemoryAppendLog(), book, instruments: [gold], clock, tradingDay: new TradingDay() },
  );
  const money = '1000000';
  const guard = new RiskGuard(
    { maxDailyLoss: money, maxDrawdownFraction: 1, maxPositions: 9, maxPositionNotional: money,
      maxTotalExposure: money, maxClusterExposure: money },
    { book, killSwitch, clock },
  );
  const policy = new ExecutionPolicy({ spreadBps: { entry: 'none' } });
  const venue = new Venue(driver);
  const desk = new OrderDesk({}, { book, guard, policy, killSwitch, venue, journal, instruments: [gold], clock });
  await desk.start();
  desk.mark({ instrumentId: 'GOLD', bids: [{ price: 99, quantity: 50 }], asks: [{ price: 101, quantity: 50 }],
    mark: 100, recentVolume: 1000, volumeWindowMs: 60000, receivedMonotonicMs: 0, receivedMs: 0, problems: [] });
  const intent = { intentId: 'i', accountId: 'acc', strategyId: 's', instrumentId: 'GOLD', side: 'buy', quantity: '1',
    price: { type: 'limit', limit: '100' } };
`;

const submitOne = `
  const outcome = await desk.submit(intent);
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
`;

/** Calls and constructs every export of every emitted module, and hands what comes out to the venue. */
const everythingGiven = `
  ${world}
  ${submitOne}
  placed.length = 0;
  const given = new Set();
  const take = (value, depth = 0) => {
    if (depth > 3 || given.has(value)) return;
    given.add(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    if (value instanceof Promise) return void value.then((inner) => take(inner, depth + 1), () => undefined);
    for (const owner of [value, Object.getPrototypeOf(value)]) {
      if (owner === null || owner === Object.prototype || owner === Function.prototype) continue;
      for (const key of Reflect.ownKeys(owner)) {
        try { take(Reflect.get(owner, key, value), depth + 1); } catch { /* a getter of its own */ }
      }
    }
  };
  const held = book.order(desk.book.orders().next().value.order.clientOrderId).order;
  const argumentLists = [[], [intent], [held], [held, venue], [driver], [{}, { clock, book, venue, driver }]];
  const unsafe = /process|signal|exit|serve|listen/i;
  const ask = (make) => { try { take(make()); } catch { /* not this way */ } };
  // All of them first: calling at random may leave a library in a state in which nothing loads any more.
  const exported = [];
  for (const module of ${JSON.stringify(modules)}) exported.push(await import('./' + module));
  for (const found of exported) {
    for (const [name, value] of Object.entries(found)) {
      take(value);
      if (typeof value !== 'function' || unsafe.test(name)) continue;
      for (const list of argumentLists) {
        ask(() => value(...list));
        ask(() => new value(...list));
      }
    }
  }
  for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
  const codes = {};
  const signal = new AbortController().signal;
  for (const value of given) {
    const code = await venue.submit(value, signal).then(() => 'TAKEN', (error) => error.code ?? String(error));
    codes[code] = (codes[code] ?? 0) + 1;
  }
  console.log(JSON.stringify({ tried: given.size, codes, placed: placed.length }));
  process.exit(0);
`;
