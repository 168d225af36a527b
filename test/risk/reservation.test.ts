import { describe, expect, test } from 'vitest';
import { type Hold, Reservation } from '../../src/risk/reservation.ts';
import type { HeldOrder } from '../../src/trading/index.ts';
import { heldOf } from '../support/orders.ts';

/** A hold that writes down what is done with it. */
function reserved({ keep = (): void => undefined }: { keep?: () => void } = {}) {
  const order = heldOf();
  const calls: (readonly [string, HeldOrder])[] = [];
  const hold: Hold = {
    keep(kept) {
      calls.push(['keep', kept]);
      keep();
    },
    drop: (dropped) => calls.push(['drop', dropped]),
  };
  return { order, calls, reservation: new Reservation(order, hold) };
}
const spent = (state: string) =>
  expect.objectContaining({
    code: 'RESERVATION_SPENT',
    message: expect.stringContaining(`is ${state}`) as string,
  }) as Error;

describe('Reservation', () => {
  test('carries the order it holds', () => {
    const { order, reservation } = reserved();
    expect(reservation.order).toBe(order);
  });

  test('is dropped when it is disposed of', () => {
    const { order, calls, reservation } = reserved();
    reservation[Symbol.dispose]();
    expect(calls).toEqual([['drop', order]]);
  });

  test('is dropped once, however often it is disposed of', () => {
    const { order, calls, reservation } = reserved();
    reservation[Symbol.dispose]();
    reservation[Symbol.dispose]();
    expect(calls).toEqual([['drop', order]]);
  });

  test('is not dropped after it was kept', () => {
    const { order, calls, reservation } = reserved();
    reservation.keep();
    reservation[Symbol.dispose]();
    expect(calls).toEqual([['keep', order]]);
  });

  test('cannot be kept twice', () => {
    const { reservation } = reserved();
    reservation.keep();
    expect(() => {
      reservation.keep();
    }).toThrow(spent('kept'));
  });

  test('cannot be kept after it was dropped', () => {
    const { reservation } = reserved();
    reservation[Symbol.dispose]();
    expect(() => {
      reservation.keep();
    }).toThrow(spent('dropped'));
  });

  test('is dropped when keeping it fails', () => {
    const { order, calls, reservation } = reserved({
      keep: () => {
        throw new Error('an order of this id exists');
      },
    });
    expect(() => {
      using held = reservation;
      held.keep();
    }).toThrow('an order of this id exists');
    expect(calls).toEqual([
      ['keep', order],
      ['drop', order],
    ]);
  });
});
