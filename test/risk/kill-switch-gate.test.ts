import { describe, expect, test } from 'vitest';
import { type TradingState, killSwitchGate } from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { riskViewOf } from '../support/views.ts';

const ask = (trading: TradingState, isExit: boolean) =>
  killSwitchGate().check(pricedOf(), riskViewOf({ trading, isExit }));

describe('killSwitchGate', () => {
  test('is asked for entries and for exits', () => {
    expect(killSwitchGate()).toMatchObject({ name: 'kill-switch', appliesTo: 'all' });
  });

  test.each([true, false])('lets everything through while trading is active (exit: %s)', (isExit) => {
    expect(ask('active', isExit)).toBeUndefined();
  });

  test('lets exits through while trading is being reduced', () => {
    expect(ask('reducing', true)).toBeUndefined();
  });

  test('denies entries while trading is being reduced', () => {
    expect(ask('reducing', false)).toEqual({ gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING' });
  });

  test.each([true, false])('denies everything when halted (exit: %s)', (isExit) => {
    expect(ask('halted', isExit)).toEqual({ gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' });
  });

  test.each([undefined, NaN, 'Active'])('takes a state that is none, %s, for halted', (state) => {
    expect(ask(state as unknown as TradingState, true)).toEqual({
      gate: 'kill-switch',
      code: 'KILL_SWITCH_HALTED',
    });
  });

  test.each([
    ['reducing', 'KILL_SWITCH_REDUCING'],
    ['halted', 'KILL_SWITCH_HALTED'],
  ] as const)('says what restricts when it is %s', (trading, code) => {
    const view = riskViewOf({ trading, isExit: false, restriction: 'account:acc: drawdown' });
    expect(killSwitchGate().check(pricedOf(), view)).toEqual({
      gate: 'kill-switch',
      code,
      note: 'account:acc: drawdown',
    });
  });

  test('measures the state, and says what restricts where something does', () => {
    const measure = (restriction?: string) =>
      killSwitchGate().measure?.(pricedOf(), riskViewOf({ trading: 'reducing', restriction }));
    expect([measure(), measure('firm: drill')]).toStrictEqual([
      { measured: 'reducing' },
      { measured: 'reducing', note: 'firm: drill' },
    ]);
  });

  test('says nothing of what restricts where nobody knows', () => {
    expect(ask('halted', false)).toStrictEqual({ gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' });
  });
});
