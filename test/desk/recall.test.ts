import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { recentRecords } from '../../src/desk/journal/journal-recent.ts';
import type { Recovered } from '../../src/desk/journal/journal-replay.ts';
import { type RecallDeps, recall } from '../../src/desk/recall.ts';
import type { RiskLimitsInput } from '../../src/risk/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { Book } from '../../src/trading/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, idOf, intent } from '../support/desk-world.ts';
import { never } from '../support/scripted-driver.ts';

const WINDOW_MS = 60_000;

/** What a new process finds `ms` later: the journal, a clock that begins anew, and no record of a trip. */
async function restarted(world: DeskWorld, ms: number, risk: Partial<RiskLimitsInput>): Promise<DeskWorld> {
  const again = await DeskWorld.open({
    log: new ScriptedAppendLog(world.log.durable),
    clock: new ManualClock(world.clock.nowMs() + ms),
    driver: world.driver,
    risk,
    unstarted: true,
  });
  await again.throughTurns(again.desk.start());
  again.mark(100);
  return again;
}

const submit = (world: DeskWorld, intentId: string, overrides = {}) =>
  world.drained(world.desk.submit(intent({ intentId, ...overrides })));
const codesOf = (outcome: unknown) =>
  (outcome as { denials?: { code: string }[] }).denials?.map(({ code }) => code) ?? 'sent';

describe('after a restart', () => {
  test.each([
    [WINDOW_MS - 1, ['MESSAGE_RATE_LIMIT']],
    [WINDOW_MS, 'sent'],
  ])('orders and cancels of %i ms ago count', async (ms, expected) => {
    const risk = { messageRate: { max: 2, windowMs: WINDOW_MS } };
    const world = await DeskWorld.open({ risk });
    await submit(world, 'one');
    world.driver.onCancel = (clientOrderId) => {
      world.driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
      return Promise.resolve();
    };
    await world.drained(world.desk.cancel(ONE_ID));
    const again = await restarted(world, ms, risk);
    expect(codesOf(await submit(again, 'next'))).toEqual(expected);
  });

  test.each([
    [WINDOW_MS - 1, ['DUPLICATE_CONTENT']],
    [WINDOW_MS, 'sent'],
  ])('the content of an order of %i ms ago is known, as it was sent', async (ms, expected) => {
    const risk = { duplicateWindowMs: WINDOW_MS };
    const world = await DeskWorld.open({ risk });
    await submit(world, 'one');
    await world.drained(world.desk.amend(ONE_ID, { quantity: '12', limit: '99' }));
    expect(world.book.order(ONE_ID)?.order).toMatchObject({ qty: 12, worst: 99 });
    const again = await restarted(world, ms, risk);
    expect(codesOf(await submit(again, 'next'))).toEqual(expected);
  });

  test('what was rejected is no duplicate', async () => {
    const risk = { duplicateWindowMs: WINDOW_MS };
    const world = await DeskWorld.open({ risk });
    world.driver.onPlace = () => Promise.resolve({ status: 'rejected', reason: 'no' });
    await submit(world, 'one');
    const again = await restarted(world, 1, risk);
    again.driver.onPlace = () => Promise.resolve({ status: 'accepted' });
    expect(codesOf(await submit(again, 'next'))).toBe('sent');
  });

  test.each([
    [WINDOW_MS - 1, ['strategy']],
    [WINDOW_MS, []],
  ])(
    'a strategy that had sent all it may %i ms ago is stopped, though its trip was lost',
    async (ms, trips) => {
      const risk = { repeatedExecution: { max: 2, windowMs: WINDOW_MS } };
      const world = await DeskWorld.open({ risk });
      await submit(world, 'one');
      world.driver.onPlace = never;
      void world.desk.submit(intent({ intentId: 'last' }));
      await world.drain(); // it is written and sent; the process ends before the venue has answered
      expect(world.killSwitch.records()).toEqual([]);
      const again = await restarted(world, ms, risk);
      expect(again.killSwitch.records().map(({ scope }) => scope.kind)).toEqual(trips);
      expect(again.journal.recovered.inDoubt).toEqual([idOf('last')]);
      again.driver.onPlace = () => Promise.resolve({ status: 'accepted' });
      expect(codesOf(await submit(again, 'more'))).toEqual(
        trips.length > 0 ? ['KILL_SWITCH_REDUCING'] : 'sent',
      );
    },
  );

  test('fewer than it may leave it free, and count on', async () => {
    const risk = { repeatedExecution: { max: 2, windowMs: WINDOW_MS } };
    const world = await DeskWorld.open({ risk });
    await submit(world, 'one');
    const again = await restarted(world, 1, risk);
    expect(again.killSwitch.records()).toEqual([]);
    expect(codesOf(await submit(again, 'two'))).toBe('sent');
    expect(again.killSwitch.records()).toMatchObject([{ state: 'reducing' }]);
  });

  test('a second start counts nothing twice', async () => {
    const risk = { messageRate: { max: 2, windowMs: WINDOW_MS } };
    const world = await DeskWorld.open({ risk });
    await submit(world, 'one');
    const again = await restarted(world, 1, risk);
    await again.throughTurns(again.desk.start());
    expect(codesOf(await submit(again, 'two'))).toBe('sent');
    expect(codesOf(await submit(again, 'three'))).toEqual(['MESSAGE_RATE_LIMIT']);
  });

  test('what a clock that was set back shows to come from the future has just happened', async () => {
    const risk = { messageRate: { max: 1, windowMs: WINDOW_MS } };
    const world = await DeskWorld.open({ risk });
    await submit(world, 'one');
    const again = await restarted(world, -5_000, risk);
    again.clock.advance(WINDOW_MS - 1);
    again.mark(100);
    expect(codesOf(await submit(again, 'two'))).toEqual(['MESSAGE_RATE_LIMIT']);
    again.clock.advance(1);
    again.mark(100);
    expect(codesOf(await submit(again, 'three'))).toBe('sent');
  });
});

describe('recall', () => {
  test('reads nothing of a new journal, or where nothing is counted', async () => {
    const recent = vi.fn<RecallDeps['journal']['recent']>();
    const recalled = (lookBackMs: number, records: number, fromSnapshot?: number) =>
      recall({
        guard: { lookBackMs, recall: vi.fn() },
        journal: { recovered: { records, fromSnapshot } as Recovered, recent },
        book: new Book(),
        clock: new ManualClock(),
      });
    expect([recalled(0, 5), recalled(0, 0, 5), recalled(1, 0)]).toEqual([undefined, undefined, undefined]);
    expect(recent).not.toHaveBeenCalled();
    recent.mockImplementation(() => recentRecords(new MemoryAppendLog(), 0, 0));
    await Promise.all([recalled(1, 1), recalled(1, 0, 5)]);
    expect(recent).toHaveBeenCalledTimes(2);
  });
});

describe('recentRecords', () => {
  const rolled = (atMs: number) => ({ type: 'dayRolled', atMs, dayId: 'd', accounts: [] });

  test.each([
    [0, 8_000, 1, 8_000],
    [7_999, 8_000, 8_000, 8_000],
    [8_000, 8_000, undefined, undefined],
    [500, 7_000, 501, 7_000],
    [6_500, 7_000, 6_501, 7_000],
  ])('after %i, up to record %i', async (sinceMs, toSeq, first, last) => {
    const log = new MemoryAppendLog();
    for (let n = 1; n <= 8_000; n += 1) {
      const record = n === 1 ? { ...OPENED, atMs: 1 } : rolled(n);
      await log.append(record);
    }
    const read = vi.spyOn(log, 'read');
    const found: number[] = [];
    for await (const { atMs } of recentRecords(log, toSeq, sinceMs)) found.push(atMs);
    expect([found.at(0), found.at(-1), found.length]).toEqual([
      first,
      last,
      first === undefined || last === undefined ? 0 : last - first + 1,
    ]);
    const from = read.mock.calls.at(-1)?.[0] ?? 0;
    expect(toSeq - from < 5 * Math.max(1_024, toSeq - sinceMs)).toBe(true); // and not the whole log
  });
});

const OPENED = { type: 'opened', version: 1, dayId: 'd', input: {}, accounts: [], atMs: NOON_MS };
