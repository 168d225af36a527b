import { describe, expect, test } from 'vitest';
import { idempotencyGate } from '../../src/execution/index.ts';
import { heldOf } from '../support/orders.ts';
import { executionViewOf } from '../support/views.ts';

const order = heldOf();

describe('idempotencyGate', () => {
  test('lets a new id through', () => {
    expect(idempotencyGate().check(order, executionViewOf({ seen: new Set(['another']) }))).toBeUndefined();
  });

  test.each([true, false])('denies a known id, exit or not (%s)', (isExit) => {
    const seen = new Set([order.clientOrderId]);
    expect(idempotencyGate().check({ ...order, isExit }, executionViewOf({ seen }))).toEqual({
      gate: 'idempotency',
      code: 'DUPLICATE_ORDER',
      note: order.clientOrderId,
    });
  });
});
