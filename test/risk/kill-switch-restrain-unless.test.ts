import { describe, expect, test } from 'vitest';
import { system } from '../../src/core/index.ts';
import { FIRM, type Scope } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { AT_MS, account, halted, kinds, open, reducing } from './support/kill-switch.ts';

const LINK = system('link');
const order = (scope: Scope = FIRM, to: 'reducing' | 'halted' = 'reducing') =>
  ({ scope, to, reason: 'no news from the others', by: LINK }) as const;
const RECORD = { scope: FIRM, state: 'reducing', reason: 'no news from the others', by: LINK, atMs: AT_MS };

/** A switch with a condition that is what `fine.is` says. */
async function conditional(given = order()) {
  const world = await open();
  const fine: { is: unknown } = { is: true };
  const restraint = world.killSwitch.restrainUnless(() => {
    if (fine.is instanceof Error) throw fine.is;
    return fine.is as boolean;
  }, given);
  return { ...world, fine, restraint };
}

describe('KillSwitch, restrainUnless', () => {
  test('lets everything through while it is fine', async () => {
    const { killSwitch } = await conditional();
    expect([
      killSwitch.tradingState(pricedOf()),
      killSwitch.restraints(),
      killSwitch.whyRestricted(),
    ]).toEqual(['active', [], undefined]);
  });

  test('is in force in the very call in which it is not fine, with nobody having told the switch', async () => {
    const { killSwitch, fine, changes } = await conditional();
    fine.is = false;
    expect([
      killSwitch.tradingState(pricedOf()),
      killSwitch.whyRestricted(pricedOf()),
      killSwitch.restraints(),
      killSwitch.records(),
      changes,
    ]).toEqual(['reducing', 'firm: no news from the others', [RECORD], [], []]);
    fine.is = true;
    expect(killSwitch.tradingState(pricedOf())).toBe('active');
  });

  test('goes by the monotonic clock: a process that thaws is restrained before any timer has run', async () => {
    const { killSwitch, clock } = await open();
    killSwitch.restrainUnless(() => clock.monotonicMs() <= 3_000, order());
    const seen: unknown[] = [];
    clock.deadline(3_001, () => seen.push(killSwitch.tradingState()));
    clock.advance(3_000);
    expect(killSwitch.tradingState()).toBe('active');
    clock.advance(60_000);
    expect([seen, killSwitch.tradingState()]).toEqual([['reducing'], 'reducing']);
  });

  test.each([[undefined], [null], [1], ['yes'], [NaN], [new Error('broken')]])(
    'takes only true for an answer, not %s',
    async (answer) => {
      const { killSwitch, fine } = await conditional();
      fine.is = answer;
      expect(killSwitch.tradingState()).toBe('reducing');
    },
  );

  test('concerns the orders of its scope', async () => {
    const { killSwitch, fine } = await conditional(order(account('other')));
    fine.is = false;
    expect([killSwitch.tradingState(pricedOf()), killSwitch.tradingState()]).toEqual(['active', 'reducing']);
  });

  test('stands beside what is tripped; the stricter counts, and at the same state what was tripped says why', async () => {
    const { killSwitch, fine } = await conditional();
    fine.is = false;
    await killSwitch.trip(reducing());
    expect([killSwitch.tradingState(), killSwitch.whyRestricted()]).toEqual(['reducing', 'firm: drawdown']);
    await killSwitch.trip(halted(account('x')));
    expect([killSwitch.tradingState(), killSwitch.whyRestricted()]).toEqual(['halted', 'account:x: fire']);
  });

  test('is stricter than what is tripped where it says so', async () => {
    const { killSwitch, fine } = await conditional(order(FIRM, 'halted'));
    await killSwitch.trip(reducing());
    fine.is = false;
    expect([killSwitch.tradingState(), killSwitch.whyRestricted()]).toEqual([
      'halted',
      'firm: no news from the others',
    ]);
  });

  test('says why as it is now, and since when it has not been fine', async () => {
    const { killSwitch, clock } = await open();
    let why = 'first';
    killSwitch.restrainUnless(() => false, { ...order(), reason: () => why });
    const reasons = [killSwitch.restraints()];
    clock.advance(5);
    why = 'second';
    reasons.push(killSwitch.restraints());
    expect(reasons).toEqual([[{ ...RECORD, reason: 'first' }], [{ ...RECORD, reason: 'second' }]]);
  });

  test('restrains also when it cannot say why', async () => {
    const { killSwitch } = await open();
    killSwitch.restrainUnless(() => false, {
      ...order(),
      reason: () => {
        throw new Error('no words');
      },
    });
    expect([killSwitch.tradingState(), killSwitch.whyRestricted()]).toEqual([
      'reducing',
      'firm: a condition of this process is not fine, and cannot say why',
    ]);
  });

  test('is told when asked to tell, each change once', async () => {
    const { killSwitch, fine, restraint, changes } = await conditional();
    expect(restraint.tell()).toBe(false);
    fine.is = false;
    expect([restraint.tell(), restraint.tell()]).toEqual([true, true]);
    expect(changes).toEqual([{ kind: 'restrained', record: RECORD }]);
    fine.is = true;
    expect([restraint.tell(), kinds(changes)]).toEqual([false, ['restrained', 'unrestrained']]);
    expect(killSwitch.tradingState()).toBe('active');
  });

  test('ends when it is disposed of, and is told to have ended', async () => {
    const { killSwitch, fine, restraint, changes } = await conditional();
    fine.is = false;
    restraint.tell();
    restraint[Symbol.dispose]();
    restraint[Symbol.dispose]();
    expect([killSwitch.tradingState(), restraint.tell(), kinds(changes)]).toEqual([
      'active',
      false,
      ['restrained', 'unrestrained'],
    ]);
  });
});
