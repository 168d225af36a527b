import { describe, expect, test } from 'vitest';
import { ContentWindow } from '../../../src/risk/activity/content-window.ts';
import { heldOf, pricedOf } from '../../support/orders.ts';

const window = (windowMs: number) => {
  const contents = new ContentWindow();
  contents.extend(windowMs);
  return contents;
};

describe('ContentWindow', () => {
  test('forgets what is as old as the window when the next is kept', () => {
    const contents = window(100);
    contents.kept(heldOf({ intentId: 'a', decidedMonotonicMs: 0 }));
    contents.kept(heldOf({ intentId: 'b', qty: 11, decidedMonotonicMs: 99 }));
    expect(contents.size).toBe(2);
    contents.kept(heldOf({ intentId: 'c', qty: 12, decidedMonotonicMs: 100 }));
    expect([contents.size, contents.find(pricedOf())]).toEqual([2, undefined]);
  });

  test('looks back as far as the longest window it was ever asked for', () => {
    const contents = window(100);
    contents.extend(200);
    contents.extend(50);
    contents.kept(heldOf({ intentId: 'a' }));
    contents.kept(heldOf({ intentId: 'b', qty: 11, decidedMonotonicMs: 199 }));
    expect(contents.find(pricedOf())).toMatchObject({ atMs: 0 });
  });

  test('remembers a bounded number: of too many the oldest go', () => {
    const contents = window(1_000);
    for (let n = 0; n < 70_000; n += 1) contents.kept(heldOf({ intentId: `i-${n}`, qty: n + 1 }));
    expect(contents.size).toBe(65_536);
    expect(contents.find(pricedOf({ qty: 70_000 }))).toMatchObject({ atMs: 0 });
    expect(contents.find(pricedOf({ qty: 1 }))).toBeUndefined();
  });

  test('an order that it does not know leaves nothing', () => {
    const contents = window(100);
    contents.kept(heldOf({ intentId: 'a' }));
    contents.happened({ type: 'rejected', clientOrderId: 'unknown', atMs: 0, reason: 'no' });
    expect(contents.size).toBe(1);
  });

  test('of two alike one may leave', () => {
    const contents = window(100);
    const [first, second] = ['a', 'b'].map((intentId) => heldOf({ intentId }));
    if (first === undefined || second === undefined) throw new Error();
    contents.kept(first);
    contents.kept(second);
    contents.happened({ type: 'rejected', clientOrderId: second.clientOrderId, atMs: 0, reason: 'no' });
    expect(contents.find(pricedOf())?.clientOrderId).toBe(first.clientOrderId);
  });

  test('takes the quantity that is held where the intent has none that can be read', () => {
    const contents = window(100);
    const order = heldOf({ intentId: 'a' });
    contents.kept({ ...order, intent: { ...order.intent, quantity: 10n } });
    expect(contents.find(pricedOf())).toBeDefined();
  });
});
