import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { person } from '../../src/core/index.ts';
import { OrderDesk, Venue } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book } from '../../src/trading/index.ts';
import {
  INSTRUMENTS,
  NOON_MS,
  ONE_ID,
  WIDE_EXECUTION,
  WIDE_RISK,
  intent,
  openJournal,
  view,
} from '../support/desk-world.ts';
import { ScriptedDriver } from '../support/scripted-driver.ts';

/** Desks on one kill switch, and a disk that takes everything. */
async function sharing(named: { readonly venue?: string } = {}) {
  const clock = new ManualClock(NOON_MS);
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock, ...named }, true);
  const logs: ScriptedAppendLog[] = [];
  const drain = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) {
      for (const log of logs) log.commit();
      await clock.turn();
    }
  };
  const open = async (name: string, guardVenue?: string) => {
    const [book, log, driver] = [new Book(), new ScriptedAppendLog(), new ScriptedDriver()];
    logs.push(log);
    const journal = await openJournal(log, book, clock);
    const named = guardVenue === undefined ? {} : { venueName: guardVenue };
    const desk = new OrderDesk(
      {},
      {
        book,
        guard: new RiskGuard(WIDE_RISK, { book, killSwitch, clock, ...named }),
        policy: new ExecutionPolicy(WIDE_EXECUTION),
        killSwitch,
        journal,
        clock,
        instruments: INSTRUMENTS,
        venue: new Venue(Object.assign(driver, { name })),
      },
    );
    desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }));
    const submitted = async (intentId: string): Promise<string> => {
      const outcome = desk.submit(intent({ intentId }));
      await drain();
      return (await outcome).kind;
    };
    return { desk, driver, submitted };
  };
  return { killSwitch, drain, open };
}

describe('a kill switch that names a venue', () => {
  test('is refused by a desk of another one', async () => {
    const { open } = await sharing({ venue: 'typo' });
    await expect(open('a')).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: 'OrderDesk: killSwitch: expected one of venue a, got one of typo',
    });
  });

  test('keeps the entries of its desk out until that has been reconciled', async () => {
    const { open, drain } = await sharing({ venue: 'a' });
    const { desk, submitted } = await open('a');
    expect(await submitted('one')).toBe('denied');
    void desk.start();
    await drain();
    expect(await submitted('one')).toBe('accepted');
  });
});

test('a guard that names another venue is refused', async () => {
  const { open } = await sharing();
  await expect(open('a', 'b')).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: 'OrderDesk: guard: expected one of venue a, got one of b',
  });
});

describe('desks of two venues that share a kill switch', () => {
  test('each is kept out until it has been reconciled itself', async () => {
    const { open, drain } = await sharing();
    const [a, b] = [await open('a', 'a'), await open('b', 'b')];
    void a.desk.start();
    await drain();
    expect([await a.submitted('one'), await b.submitted('one')]).toEqual(['accepted', 'denied']);
  });

  test('a trip of one venue leaves the other alone', async () => {
    const { open, drain, killSwitch } = await sharing();
    const [a, b] = [await open('a', 'a'), await open('b', 'b')];
    void Promise.all([a.desk.start(), b.desk.start()]);
    await drain();
    await Promise.all([a.submitted('one'), b.submitted('one')]);
    const scope = { kind: 'venue', id: 'b' } as const;
    void killSwitch.trip({ scope, to: 'halted', reason: 'test', by: person('ada') });
    expect([a.driver.cancels, b.driver.cancels]).toEqual([[], [ONE_ID]]);
    expect([await a.submitted('two'), await b.submitted('two')]).toEqual(['accepted', 'denied']);
  });

  test('where their guards name none, what restrains one restrains the other', async () => {
    const { open, drain } = await sharing();
    const [a] = [await open('a'), await open('b')];
    void a.desk.start();
    await drain();
    expect(await a.submitted('one')).toBe('denied');
  });
});
