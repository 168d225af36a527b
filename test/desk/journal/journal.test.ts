import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { Journal, type JournalRecord } from '../../../src/desk/index.ts';
import type { JsonValue } from '../../../src/storage/index.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';
import { Book } from '../../../src/trading/index.ts';
import { TradingDay } from '../../../src/core/index.ts';
import {
  DeskWorld,
  GOLD,
  INSTRUMENTS,
  NOON_MS,
  ONE_ID,
  idOf,
  intent,
  openJournal,
} from '../../support/desk-world.ts';
import { never } from '../../support/scripted-driver.ts';

const clock = new ManualClock(NOON_MS);

const OPENED: JournalRecord = {
  type: 'opened',
  version: 1,
  atMs: NOON_MS,
  dayId: '2026-01-02',
  input: {},
  accounts: [{ accountId: 'acc', currency: 'USDT', balance: '1000' }],
};
const SUBMITTING: JournalRecord = {
  type: 'submitting',
  clientOrderId: 'c',
  atMs: NOON_MS,
  intent: {
    intentId: 'i',
    accountId: 'acc',
    strategyId: 's',
    instrumentId: 'GOLD',
    side: 'buy',
    quantity: '5',
    price: { type: 'limit', limit: '100' },
  },
  quantity: '5',
  worst: '100',
  isExit: false,
  postOnly: true,
  timeInForce: 'GTC',
  limitsHash: 'h',
  dayOpen: '1000',
  highWater: '1000',
};
const FILLED: JournalRecord = {
  type: 'filled',
  clientOrderId: 'c',
  atMs: NOON_MS,
  executionId: 'x',
  quantity: '5',
  price: '100',
  fee: { amount: '0', currency: 'USDT' },
  liquidity: 'maker',
};

const logOf = (...records: unknown[]): ScriptedAppendLog =>
  new ScriptedAppendLog(records.map((record, at) => ({ seq: at + 1, record: record as JsonValue })));

const reopen = async (log: ScriptedAppendLog) => {
  const book = new Book();
  const journal = await openJournal(new ScriptedAppendLog(log.durable), book, clock);
  return { book, journal };
};

/** Everything of a Book that a restart must find again. */
const stateOf = (book: Book) => ({
  accounts: [...book.accounts()].map(
    ({ accountId, cash, fees, flows, dayOpen, highWater, count, cells }) => ({
      accountId,
      cash: cash.toFixed(),
      fees: fees.toFixed(),
      flows: flows.toFixed(),
      dayOpen,
      highWater,
      count,
      cells: [...cells.call(book.account(accountId))].map((cell) => ({
        instrument: cell.instrument.instrumentId,
        pos: cell.pos,
        buy: cell.buy,
        sell: cell.sell,
        cost: cell.cost.toFixed(),
        realised: cell.realised.toFixed(),
        fees: cell.fees.toFixed(),
      })),
    }),
  ),
  orders: [...book.orders()].map(({ order, state, leaves, cumulative }) => ({
    id: order.clientOrderId,
    intent: order.intent,
    isExit: order.isExit,
    state,
    leaves,
    cumulative,
  })),
});

describe('a new journal', () => {
  test('begins with what the run is about, on disk before it is open', async () => {
    const log = new ScriptedAppendLog();
    const book = new Book();
    let open = false;
    const opening = Journal.open(
      { input: { seed: 7 }, accounts: [{ accountId: 'acc', currency: 'USDT', balance: 12n }] },
      { log, book, instruments: INSTRUMENTS, clock, tradingDay: new TradingDay() },
    ).finally(() => (open = true));
    await clock.turn();
    expect(open).toBe(false);
    log.commit();
    const { recovered } = await opening;
    expect(recovered).toEqual({
      records: 0,
      openedAtMs: NOON_MS,
      lastAtMs: NOON_MS,
      dayId: '2026-01-02',
      inDoubt: [],
      fromSnapshot: undefined,
      skippedSnapshots: [],
      tornBytes: undefined,
    });
    expect(log.durable).toEqual([
      {
        seq: 1,
        record: {
          type: 'opened',
          version: 1,
          atMs: NOON_MS,
          dayId: '2026-01-02',
          input: { seed: 7 },
          accounts: [{ accountId: 'acc', currency: 'USDT', balance: '12' }],
        },
      },
    ]);
    expect(book.account('acc')?.cash.toFixed()).toBe('12');
  });

  test.for([
    ['a balance that is none', [{ accountId: 'acc', currency: 'USDT', balance: 'lots' }], 'NUMBER_INVALID'],
    [
      'an account twice',
      [
        { accountId: 'acc', currency: 'USDT', balance: '1' },
        { accountId: 'acc', currency: 'USDT', balance: '2' },
      ],
      'OPTION_INVALID',
    ],
  ] as const)('is not begun with %s', async ([, accounts, code]) => {
    const log = new ScriptedAppendLog();
    await expect(openJournal(log, new Book(), clock, { accounts })).rejects.toMatchObject({ code });
    expect([log.pending, log.durable]).toEqual([0, []]);
  });

  test('is not open when the disk refuses its first record', async () => {
    const log = new ScriptedAppendLog();
    const opening = Journal.open(
      { input: {}, accounts: [] },
      { log, book: new Book(), instruments: [], clock, tradingDay: new TradingDay() },
    );
    await clock.turn();
    log.fail();
    await expect(opening).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  });
});

test('a misspelt option is refused by name', async () => {
  const options = { input: {}, accounts: [], checkpointEach: 5 } as never;
  await expect(
    Journal.open(options, {
      log: new ScriptedAppendLog(),
      book: new Book(),
      instruments: [],
      clock,
      tradingDay: new TradingDay(),
    }),
  ).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('checkpointEach') as string,
  });
});

describe('a journal that exists', () => {
  test('builds the Book again: positions, holds, cash, costs, day open, high-water mark', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    world.mark(137);
    world.clock.advance(86_400_000);
    world.mark(120);
    world.mark(100, 'SILVER');
    await world.drained(
      world.desk.submit(intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '121' } })),
    );
    world.driver.fill(idOf('exit'), 'x1', '3', { price: '121.5', fee: { amount: '0.07', currency: 'USDT' } });
    await world.drained(world.desk.submit(intent({ intentId: 'silver', instrumentId: 'SILVER' })));
    world.driver.tell({ type: 'cancelled', clientOrderId: idOf('silver'), cumulative: '2' });
    await world.drain();

    const { book, journal } = await reopen(world.log);
    expect(stateOf(book)).toEqual(stateOf(world.book));
    expect(journal.recovered).toMatchObject({
      records: world.records.length,
      dayId: '2026-01-03',
      inDoubt: [],
    });
  });

  test('keeps its own accounts, whatever the options say', async () => {
    const log = logOf(OPENED);
    const book = new Book();
    await openJournal(log, book, clock, {
      accounts: [{ accountId: 'other', currency: 'EUR', balance: '1' }],
    });
    expect([...book.accounts()].map(({ accountId }) => accountId)).toEqual(['acc']);
    expect(log.pending).toBe(0);
  });

  test('makes unknown what has no outcome, and what was being cancelled; what works, works', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent({ intentId: 'works' })));
    await world.drained(world.desk.submit(intent({ intentId: 'cancelling' })));
    void world.desk.cancel(idOf('cancelling'));
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    await world.drain();
    const { book, journal } = await reopen(world.log);
    expect(journal.recovered.inDoubt).toEqual([idOf('cancelling'), ONE_ID]);
    expect([...book.orders()].map(({ state, leaves }) => [state, leaves])).toEqual([
      ['working', 10],
      ['unknown', 10],
      ['unknown', 10],
    ]);
  });

  test('an order that was cancelled before the send, and whose end is not on disk, is in doubt', async () => {
    const world = await DeskWorld.open();
    void world.desk.submit(intent());
    void world.desk.cancel(ONE_ID);
    world.log.commit();
    const { journal } = await reopen(world.log);
    expect(journal.recovered.inDoubt).toEqual([ONE_ID]);
  });

  test('is still in doubt after the restart after this one', async () => {
    const world = await DeskWorld.open();
    void world.desk.submit(intent());
    world.log.commit();
    const again = await DeskWorld.open({ log: new ScriptedAppendLog(world.log.durable) });
    expect(again.history).toEqual(['submitting', 'timedOut']);
    const { journal, book } = await reopen(again.log);
    expect([journal.recovered.inDoubt, book.order(ONE_ID)?.state]).toEqual([[ONE_ID], 'unknown']);
  });

  test('goes on where it ended', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const { driver } = world;
    const again = await DeskWorld.open({ log: new ScriptedAppendLog(world.log.durable), driver });
    await again.drained(again.desk.submit(intent()));
    expect(again.records.length).toBe(world.records.length + 2);
  });

  test('says what a crash tore off its end, where the log knows', async () => {
    const log = Object.assign(logOf(OPENED), { openReport: { tornBytes: 12 } });
    const { recovered } = await openJournal(log, new Book(), clock);
    expect(recovered).toEqual({
      records: 1,
      openedAtMs: NOON_MS,
      lastAtMs: NOON_MS,
      dayId: '2026-01-02',
      inDoubt: [],
      fromSnapshot: undefined,
      skippedSnapshots: [],
      tornBytes: 12,
    });
  });

  test('reads the same Book from the same records, each time', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    expect(stateOf((await reopen(world.log)).book)).toEqual(stateOf((await reopen(world.log)).book));
  });
});

describe('a journal that cannot be read names the record, the field and what it found', () => {
  const cases: readonly [string, unknown[], string, RegExp][] = [
    [
      'another version',
      [{ ...OPENED, version: 2 }],
      'FORMAT_UNSUPPORTED',
      /^journal record 1: version: expected 1, got 2$/,
    ],
    ['no version', [{ type: 'opened' }], 'FORMAT_UNSUPPORTED', /record 1: version: expected 1, got nothing$/],
    ['no beginning', [SUBMITTING], 'INPUT_INVALID', /record 1: type: expected opened .* got "submitting"$/],
    ['a second beginning', [OPENED, OPENED], 'INPUT_INVALID', /record 2: type: expected opened first/],
    ['a record that is none', [OPENED, 7], 'INPUT_INVALID', /record 2: /],
    ['an unknown type', [OPENED, { type: 'doubled' }], 'INPUT_INVALID', /record 2: type: /],
    [
      'a field of the wrong kind',
      [OPENED, { ...SUBMITTING, isExit: 'no' }],
      'INPUT_INVALID',
      /record 2: isExit: .*"no"/,
    ],
    [
      'a field deep inside',
      [OPENED, { ...SUBMITTING, intent: { ...SUBMITTING.intent, price: { type: 'limit' } } }],
      'INPUT_INVALID',
      /record 2: intent\.price\.limit: .*got nothing/,
    ],
    [
      'a quantity off the grid',
      [OPENED, { ...SUBMITTING, quantity: '0.5' }],
      'INPUT_INVALID',
      /record 2: quantity: expected a multiple of the step 1 of GOLD, got 0\.5/,
    ],
    [
      'a price that is none',
      [OPENED, SUBMITTING, { ...FILLED, price: 'free' }],
      'INPUT_INVALID',
      /record 3: price: .*"free"/,
    ],
    [
      'money that is none',
      [OPENED, { ...SUBMITTING, highWater: 'high' }],
      'INPUT_INVALID',
      /record 2: highWater: .*"high"/,
    ],
    [
      'an event of an order that was never submitted',
      [OPENED, FILLED],
      'INPUT_INVALID',
      /record 2: clientOrderId: expected an order submitted before, got c$/,
    ],
    [
      'an order twice',
      [OPENED, SUBMITTING, SUBMITTING],
      'INPUT_INVALID',
      /record 3: clientOrderId: .*got c again/,
    ],
    [
      'an account that was not opened',
      [OPENED, { ...SUBMITTING, intent: { ...SUBMITTING.intent, accountId: 'nobody' } }],
      'INPUT_INVALID',
      /record 2: accountId: .*nobody/,
    ],
    [
      'an instrument that is not configured',
      [OPENED, { ...SUBMITTING, intent: { ...SUBMITTING.intent, instrumentId: 'LEAD' } }],
      'INSTRUMENT_UNKNOWN',
      /record 2: instrumentId: expected a configured instrument, got LEAD$/,
    ],
    [
      'a roll of an account that was not opened',
      [
        OPENED,
        {
          type: 'dayRolled',
          atMs: 0,
          dayId: '2026-01-03',
          accounts: [{ accountId: 'nobody', dayOpen: '1', highWater: '1' }],
        },
      ],
      'INPUT_INVALID',
      /record 2: accountId: .*nobody/,
    ],
  ];
  test.for(cases)('%s', async ([, records, code, message]) => {
    const opening = openJournal(logOf(...records), new Book(), clock, { instruments: [GOLD] });
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

test('the digest is that of the records: the same run has the same', async () => {
  const digestOf = async (...records: unknown[]): Promise<string> => {
    const log = new MemoryAppendLog(logOf(...records).durable);
    return (await openJournal(log, new Book(), clock)).digest();
  };
  const digest = await digestOf(OPENED, SUBMITTING);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(OPENED, SUBMITTING)).toBe(digest);
  expect(await digestOf(OPENED, { ...SUBMITTING, atMs: NOON_MS + 1 })).not.toBe(digest);
});

test('nobody can patch a journal into saying that something is on disk', () => {
  const patch = (): void => {
    Journal.prototype.submitting = () => Promise.resolve();
  };
  expect(patch).toThrow(TypeError);
});
