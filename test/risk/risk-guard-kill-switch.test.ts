import { describe, expect, test } from 'vitest';
import { guardOf } from '../support/guard.ts';
import { heldOf, pricedOf } from '../support/orders.ts';
import { ANN, account, halted, open, reducing } from './support/kill-switch.ts';

/** A guard under a real switch, with a position of 10 GOLD. */
async function guarded() {
  const { killSwitch } = await open();
  const setup = guardOf({ deps: { killSwitch } });
  setup.trade({ qty: 10 });
  return { ...setup, killSwitch };
}

const EXIT = { intentId: 'exit', side: 'sell', qty: 10 } as const;

describe('RiskGuard, under a kill switch', () => {
  test('the denial says which scope restricts, and why', async () => {
    const { guard, killSwitch } = await guarded();
    void killSwitch.trip(reducing(account('acc')));
    expect(guard.evaluate(pricedOf({ intentId: 'entry' }))).toEqual({
      decision: 'reject',
      denials: [{ gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING', note: 'account:acc: drawdown' }],
    });
  });

  test('so does the last look', async () => {
    const { guard, killSwitch } = await guarded();
    void killSwitch.trip(halted());
    expect(guard.confirm(heldOf())).toEqual({
      gate: 'kill-switch',
      code: 'KILL_SWITCH_HALTED',
      note: 'firm: fire',
    });
  });

  test('an exit that a person permits goes out of halted, at both looks', async () => {
    const { guard, killSwitch } = await guarded();
    void killSwitch.trip(halted());
    const exit = pricedOf(EXIT);
    using _permit = killSwitch.permitExit(exit.clientOrderId, { by: ANN, reason: 'flatten' });
    const verdict = guard.reserve(exit);
    expect([
      verdict.decision,
      guard.confirm(heldOf({ ...EXIT, isExit: true })),
      guard.evaluate(pricedOf({ ...EXIT, intentId: 'another' })).decision,
    ]).toEqual(['approve', undefined, 'reject']);
  });

  test('a permit lets no entry out of halted', async () => {
    const { guard, killSwitch } = await guarded();
    void killSwitch.trip(halted());
    const entry = pricedOf({ intentId: 'entry' });
    using _permit = killSwitch.permitExit(entry.clientOrderId, { by: ANN, reason: 'flatten' });
    expect(guard.evaluate(entry)).toEqual({
      decision: 'reject',
      denials: [{ gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING', note: 'firm: fire' }],
    });
  });

  test('a guard that names its venue is concerned by trips of that only, at both looks', async () => {
    const { killSwitch } = await open();
    const looks = (venueName: string) => {
      const { guard } = guardOf({ deps: { killSwitch, venueName } });
      return [guard.evaluate(pricedOf()).decision, guard.confirm(heldOf())?.note];
    };
    void killSwitch.trip(halted({ kind: 'venue', id: 'a' }));
    expect([looks('a'), looks('b')]).toEqual([
      ['reject', 'venue:a: fire'],
      ['approve', undefined],
    ]);
  });

  test('while nothing is restricted nobody is asked why', () => {
    let asked = 0;
    const { guard } = guardOf({
      deps: {
        killSwitch: {
          tradingState: () => 'active',
          whyRestricted: () => {
            asked += 1;
            return 'never';
          },
        },
      },
    });
    guard.evaluate(pricedOf());
    guard.confirm(heldOf());
    expect(asked).toBe(0);
  });
});
