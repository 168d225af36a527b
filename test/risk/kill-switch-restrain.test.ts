import { describe, expect, test } from 'vitest';
import { person, system } from '../../src/core/index.ts';
import { FIRM, type Scope } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import {
  ANN,
  AT_MS,
  account,
  halted,
  kinds,
  open,
  reducing,
  release,
  scripted,
  workingOrders,
} from './support/kill-switch.ts';

const RECOVERY = system('recovery');
const unreconciled = (scope: Scope = FIRM, to: 'reducing' | 'halted' = 'reducing') => ({
  scope,
  to,
  reason: 'not reconciled yet',
  by: RECOVERY,
});
const RECORD = {
  scope: FIRM,
  state: 'reducing',
  reason: 'not reconciled yet',
  by: RECOVERY,
  atMs: AT_MS,
};

describe('KillSwitch, restrain', () => {
  test('counts at once, and is listed apart from what was tripped', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled());
    expect([killSwitch.tradingState(), killSwitch.restraints(), killSwitch.records()]).toEqual([
      'reducing',
      [RECORD],
      [],
    ]);
  });

  test('lifting it needs nobody', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled())[Symbol.dispose]();
    expect([killSwitch.tradingState(), killSwitch.restraints()]).toEqual(['active', []]);
  });

  test('is told, and so is its end, once', async () => {
    const { killSwitch, changes } = await open();
    const restraint = killSwitch.restrain(unreconciled());
    restraint[Symbol.dispose]();
    restraint[Symbol.dispose]();
    expect(changes).toEqual([
      { kind: 'restrained', record: RECORD },
      { kind: 'unrestrained', record: RECORD },
    ]);
  });

  test('says anew why, and when it did', async () => {
    const { killSwitch, changes, clock } = await open();
    const restraint = killSwitch.restrain(unreconciled());
    clock.advance(5);
    restraint.update('positions differ');
    const updated = { ...RECORD, reason: 'positions differ', atMs: AT_MS + 5 };
    expect([killSwitch.restraints(), changes.at(-1)]).toEqual([
      [updated],
      { kind: 'restrained', record: updated },
    ]);
  });

  test('the same reason again is not told', async () => {
    const { killSwitch, changes } = await open();
    killSwitch.restrain(unreconciled()).update('not reconciled yet');
    expect(changes.length).toBe(1);
  });

  test('a new reason after its end restrains nothing', async () => {
    const { killSwitch } = await open();
    const restraint = killSwitch.restrain(unreconciled());
    restraint[Symbol.dispose]();
    restraint.update('positions differ');
    expect([killSwitch.tradingState(), killSwitch.restraints()]).toEqual(['active', []]);
  });

  test('several on one scope stand beside each other', async () => {
    const { killSwitch } = await open();
    const first = killSwitch.restrain(unreconciled());
    const second = killSwitch.restrain(unreconciled(FIRM, 'halted'));
    const states = [killSwitch.tradingState()];
    second[Symbol.dispose]();
    states.push(killSwitch.tradingState());
    first[Symbol.dispose]();
    states.push(killSwitch.tradingState());
    expect(states).toEqual(['halted', 'reducing', 'active']);
  });

  test('concerns only what is in its scope', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled(account('acc')));
    expect([
      killSwitch.tradingState(pricedOf({ accountId: 'acc' })),
      killSwitch.tradingState(pricedOf({ accountId: 'other' })),
    ]).toEqual(['reducing', 'active']);
  });

  test('cancels nothing and writes nothing', async () => {
    const { store, killSwitch } = await scripted();
    const { calls, port } = workingOrders();
    killSwitch.attach(port);
    killSwitch.restrain(unreconciled());
    expect([calls, store.written.length]).toEqual([[], 1]);
  });

  test('its end loosens nothing that was tripped', async () => {
    const { killSwitch } = await open();
    const restraint = killSwitch.restrain(unreconciled(FIRM, 'halted'));
    await killSwitch.trip(reducing());
    restraint[Symbol.dispose]();
    expect(killSwitch.tradingState()).toBe('reducing');
  });

  test('a release does not lift it', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled());
    await killSwitch.trip(halted());
    await killSwitch.release(release());
    expect(killSwitch.tradingState()).toBe('reducing');
  });

  test('alone it is nothing to release', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled());
    await expect(killSwitch.release(release())).rejects.toThrow(
      expect.objectContaining({ code: 'RELEASE_REFUSED' }),
    );
  });

  test('a restart forgets it', async () => {
    const { store, killSwitch } = await scripted();
    killSwitch.restrain(unreconciled());
    await killSwitch.trip(halted(account('acc')));
    const reopened = await open({ store, isNew: false });
    expect(reopened.killSwitch.records().map(({ scope }) => scope)).toEqual([account('acc')]);
  });

  test('stands though a listener throws', async () => {
    const { killSwitch, changes } = await open();
    killSwitch.onChange(({ kind }) => {
      if (kind === 'restrained') throw new Error('a bug');
    });
    killSwitch.restrain(unreconciled());
    expect([killSwitch.tradingState(), kinds(changes)]).toEqual(['reducing', ['restrained', 'failed']]);
  });
});

describe('KillSwitch, why it restricts', () => {
  const order = pricedOf({ accountId: 'acc' });

  test('says nothing while nothing is restricted', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted(account('other')));
    expect([killSwitch.whyRestricted(order), killSwitch.whyRestricted()]).toEqual([
      undefined,
      'account:other: fire',
    ]);
  });

  test('names the strictest', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(reducing());
    void killSwitch.trip(halted(account('acc')));
    expect(killSwitch.whyRestricted(order)).toBe('account:acc: fire');
  });

  test('of the equally strict, what was tripped before what is restrained, the oldest first', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled());
    const reasons = [killSwitch.whyRestricted(order)];
    void killSwitch.trip(reducing(account('acc')));
    void killSwitch.trip({ ...reducing(), reason: 'later' });
    reasons.push(killSwitch.whyRestricted(order));
    expect(reasons).toEqual(['firm: not reconciled yet', 'account:acc: drawdown']);
  });
});

describe('KillSwitch, permitExit', () => {
  const order = pricedOf();
  const { clientOrderId } = order;
  const flatten = { by: ANN, reason: 'flatten' };

  test('halted counts as reducing for exactly this order', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted());
    killSwitch.permitExit(clientOrderId, flatten);
    expect([
      killSwitch.tradingState(order),
      killSwitch.tradingState(pricedOf({ intentId: 'another' })),
      killSwitch.tradingState(),
    ]).toEqual(['reducing', 'halted', 'halted']);
  });

  test.each([
    ['active', undefined],
    ['reducing', reducing()],
  ] as const)('leaves %s as it is', async (state, trip) => {
    const { killSwitch } = await open();
    if (trip !== undefined) void killSwitch.trip(trip);
    killSwitch.permitExit(clientOrderId, flatten);
    expect(killSwitch.tradingState(order)).toBe(state);
  });

  test('restricts nothing where another account is halted', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted(account('other')));
    killSwitch.permitExit(clientOrderId, flatten);
    expect(killSwitch.tradingState(order)).toBe('active');
  });

  test('counts for what is restrained as well', async () => {
    const { killSwitch } = await open();
    killSwitch.restrain(unreconciled(FIRM, 'halted'));
    killSwitch.permitExit(clientOrderId, flatten);
    expect(killSwitch.tradingState(order)).toBe('reducing');
  });

  test('ends when it is disposed of', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted());
    killSwitch.permitExit(clientOrderId, flatten)[Symbol.dispose]();
    expect(killSwitch.tradingState(order)).toBe('halted');
  });

  test('of two for one order each ends for itself, and once', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted());
    const first = killSwitch.permitExit(clientOrderId, flatten);
    const second = killSwitch.permitExit(clientOrderId, flatten);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    const between = killSwitch.tradingState(order);
    second[Symbol.dispose]();
    expect([between, killSwitch.tradingState(order)]).toEqual(['reducing', 'halted']);
  });

  test('is told', async () => {
    const { killSwitch, changes } = await open();
    killSwitch.permitExit(clientOrderId, flatten);
    expect(changes).toEqual([{ kind: 'exit-permitted', clientOrderId, ...flatten, atMs: AT_MS }]);
  });

  test('stands though a listener throws, which is told without a record', async () => {
    const { killSwitch, changes } = await open();
    void killSwitch.trip(halted());
    killSwitch.onChange(({ kind }) => {
      if (kind === 'exit-permitted') throw new Error('a bug');
    });
    killSwitch.permitExit(clientOrderId, flatten);
    expect([killSwitch.tradingState(order), changes.at(-1)]).toEqual([
      'reducing',
      { kind: 'failed', error: expect.objectContaining({ code: 'CALLBACK_FAILED' }) as Error },
    ]);
  });

  test.each([
    { by: RECOVERY, reason: 'flatten' },
    { by: person(' '), reason: 'flatten' },
    { by: ANN, reason: '' },
  ])('takes a person with a reason, not %o', async (who) => {
    const { killSwitch, changes } = await open();
    void killSwitch.trip(halted());
    expect(() => killSwitch.permitExit(clientOrderId, who)).toThrow(
      expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }),
    );
    expect([killSwitch.tradingState(order), kinds(changes)]).toEqual(['halted', ['tripped']]);
  });
});
