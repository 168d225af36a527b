import { describe, expect, test } from 'vitest';
import type { CancelResult, CancelRound } from '../../src/risk/index.ts';
import { settle } from '../support/state-stores.ts';
import {
  NOTHING_LEFT,
  confirmedOf,
  failure,
  halted,
  kinds,
  open,
  recordOf,
  reducing,
  round,
  scripted,
  workingOrders,
} from './support/kill-switch.ts';

const NAKED = { accountId: 'acc', instrumentId: 'GOLD', position: '1.5' };

/** A switch with one desk whose cancels end when told to. */
async function withDesk() {
  const opened = await scripted();
  const ending = Promise.withResolvers<CancelResult>();
  opened.killSwitch.attach(workingOrders(() => round(['a', 'b'], ending.promise)).port);
  return { ...opened, ending };
}

describe('KillSwitch, the end of its cancels', () => {
  test('a trip does not wait for it', async () => {
    const { killSwitch, changes } = await withDesk();
    const { durable, cancelRequested } = await killSwitch.trip(halted());
    await settle();
    expect([durable, cancelRequested, changes.map(({ kind }) => kind)]).toEqual([
      true,
      ['a', 'b'],
      ['tripped'],
    ]);
  });

  test('is reported and told: what is left, and what is unprotected', async () => {
    const { killSwitch, changes, ending } = await withDesk();
    const { confirmed } = await killSwitch.trip(halted());
    const result = { left: ['b'], unprotected: [NAKED] };
    ending.resolve(result);
    expect([await confirmed, changes.at(-1)]).toEqual([result, confirmedOf(recordOf(halted()), result)]);
  });

  test('is known though the disk hangs', async () => {
    const { killSwitch, changes, ending, store } = await withDesk();
    store.mode = 'wait';
    void killSwitch.trip(halted());
    ending.resolve(NOTHING_LEFT);
    await settle();
    expect(changes.at(-1)).toEqual(confirmedOf(recordOf(halted())));
  });

  test('is told also when there was nothing to cancel', async () => {
    const { killSwitch, changes } = await open();
    const { confirmed } = await killSwitch.trip(halted());
    expect([await confirmed, changes.at(-1)]).toEqual([NOTHING_LEFT, confirmedOf(recordOf(halted()))]);
  });

  test('of a trip that changes nothing is told only if it had something to cancel', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(halted());
    await killSwitch.trip(halted());
    killSwitch.attach(workingOrders().port);
    await killSwitch.trip(halted());
    expect(changes.map(({ kind }) => kind)).toEqual(['tripped', 'confirmed', 'confirmed']);
  });

  test('is one for all desks', async () => {
    const { killSwitch } = await open();
    const first = { left: ['a'], unprotected: [NAKED] };
    const second = { left: ['b'], unprotected: [{ ...NAKED, accountId: 'other' }] };
    for (const result of [first, second])
      killSwitch.attach(workingOrders(() => round([...result.left], Promise.resolve(result))).port);
    const { confirmed } = await killSwitch.trip(reducing());
    expect(await confirmed).toEqual({
      left: ['a', 'b'],
      unprotected: [...first.unprotected, ...second.unprotected],
    });
  });

  test('of a desk that throws knows nothing left', async () => {
    const { killSwitch } = await open();
    killSwitch.attach({
      cancel: () => {
        throw new Error('no connection');
      },
    });
    const { confirmed, error } = await killSwitch.trip(halted());
    expect([await confirmed, error]).toEqual([
      NOTHING_LEFT,
      failure('CALLBACK_FAILED', 'the cancels of a trip failed'),
    ]);
  });

  test.each<[string, () => Promise<CancelResult>]>([
    ['rejects', () => Promise.reject(new Error('a bug'))],
    ['is nothing', () => Promise.resolve(undefined as unknown as CancelResult)],
    ['has no list', () => Promise.resolve({ left: ['a'] } as unknown as CancelResult)],
  ])('that %s leaves all that was asked for, and is told as failed', async (_name, settled) => {
    const { killSwitch, changes } = await open();
    killSwitch.attach(workingOrders(() => round(['a', 'b'], settled())).port);
    const { confirmed } = await killSwitch.trip(halted());
    const result = { left: ['a', 'b'], unprotected: [] };
    expect([await confirmed, changes.slice(1)]).toEqual([
      result,
      [
        {
          kind: 'failed',
          record: recordOf(halted()),
          error: failure('CALLBACK_FAILED', 'the cancels of a trip failed'),
        },
        confirmedOf(recordOf(halted()), result),
      ],
    ]);
  });

  test.each([undefined, [], { requested: 5 }])('a desk that answers %j stops nothing', async (answer) => {
    const { killSwitch, changes } = await open();
    killSwitch.attach(workingOrders(() => answer as unknown as CancelRound).port);
    const report = await killSwitch.trip(halted());
    expect([report.error?.code, killSwitch.tradingState(), kinds(changes)]).toEqual([
      'CALLBACK_FAILED',
      'halted',
      ['failed', 'tripped'],
    ]);
  });
});
