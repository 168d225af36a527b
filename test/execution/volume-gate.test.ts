import { describe, expect, test } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { volumeGate } from '../../src/execution/index.ts';
import { heldOf } from '../support/orders.ts';
import { executionViewOf, marketOf } from '../support/views.ts';

const gate = volumeGate({ entry: 0.1, exit: 0.5 });
const ask = (qty: number, recentVolume: number, isExit = false, on = gate) =>
  on.check(heldOf({ qty, isExit, view: marketOf({ recentVolume: lots(recentVolume) }) }), executionViewOf());
const denial = (measured: number, limit = 0.1) => ({
  gate: 'volume',
  code: 'VOLUME_TOO_LOW',
  measured,
  limit,
  note: 'of the volume of 60000 ms',
});

describe('volumeGate', () => {
  test('lets an order through of exactly the fraction', () => {
    expect(ask(10, 100)).toBeUndefined();
  });

  test('also where the product of the fraction and the volume is not exact', () => {
    expect(ask(29, 100, false, volumeGate({ entry: 0.29, exit: 1 }))).toBeUndefined();
  });

  test('denies one lot more', () => {
    expect(ask(11, 100)).toEqual(denial(0.11));
  });

  test('has a limit of its own for exits', () => {
    expect([ask(50, 100, true), ask(51, 100, true)]).toEqual([undefined, denial(0.51, 0.5)]);
  });

  test('denies when nothing was traded', () => {
    expect(ask(1, 0)).toEqual(denial(Infinity));
  });

  test('denies when nothing was traded and nothing is asked for', () => {
    expect(volumeGate({ entry: NaN, exit: 1 }).check(heldOf({ qty: 0 }), executionViewOf())).toEqual(
      denial(0, NaN),
    );
  });

  test.each([NaN, -1])('denies a volume of %s', (recentVolume) => {
    expect(ask(1, recentVolume)).toEqual(denial(1 / recentVolume));
  });

  test('denies a quantity that is none', () => {
    expect(ask(NaN, 100)).toEqual(denial(NaN));
  });

  test('with a limit of 0 takes nothing', () => {
    expect(ask(1, 100, false, volumeGate({ entry: 0, exit: 0 }))).toEqual(denial(0.01, 0));
  });

  test('can be off for exits', () => {
    expect(ask(1, 0, true, volumeGate({ entry: 0.1, exit: 'none' }))).toBeUndefined();
  });
});
