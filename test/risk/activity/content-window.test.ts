import { describe, expect, test } from 'vitest';
import { ContentWindow, MOST_CONTENTS } from '../../../src/risk/activity/content-window.ts';
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

  test('forgets none before its time, and says when it is full', () => {
    const contents = window(1_000);
    for (let n = 0; n < MOST_CONTENTS - 1; n += 1)
      contents.kept(heldOf({ intentId: `i-${n}`, qty: n + 1, decidedMonotonicMs: 100 }));
    expect(contents.isFull(100)).toBe(false);
    contents.kept(heldOf({ intentId: 'last', qty: 1, decidedMonotonicMs: 600 }));
    expect([contents.size, contents.isFull(1_099), contents.isFull(1_100)]).toEqual([
      MOST_CONTENTS,
      true,
      false,
    ]);
    contents.kept(heldOf({ intentId: 'exit', qty: 2, decidedMonotonicMs: 1_099 }));
    expect([contents.size, contents.isFull(1_099)]).toEqual([MOST_CONTENTS + 1, true]);
    expect(contents.find(pricedOf({ qty: 3 }))).toMatchObject({ atMs: 100 });
    contents.kept(heldOf({ intentId: 'next', qty: 9, decidedMonotonicMs: 1_100 }));
    expect([contents.size, contents.find(pricedOf({ qty: 3 }))]).toEqual([3, undefined]);
  });

  test('finds the youngest, in whatever order they are told', () => {
    const contents = window(1_000);
    const [old, young, older] = ['a', 'b', 'c'].map((intentId, at) =>
      heldOf({ intentId, decidedMonotonicMs: [5, 9, 2][at] ?? NaN }),
    );
    for (const order of [old, young, older]) if (order !== undefined) contents.kept(order);
    expect(contents.find(pricedOf())).toEqual({ clientOrderId: young?.clientOrderId, atMs: 9 });
  });

  test('of two of one moment finds the one that was told last', () => {
    const contents = window(100);
    contents.kept(heldOf({ intentId: 'a' }));
    const last = heldOf({ intentId: 'b' });
    contents.kept(last);
    expect(contents.find(pricedOf())).toEqual({ clientOrderId: last.clientOrderId, atMs: 0 });
  });

  test.each([{ qty: 10 + 2 ** 32 }, { worst: 100 + 2 ** 32 }])(
    'does not take %o for the same, though it has the same number',
    (other) => {
      const contents = window(100);
      contents.kept(heldOf({ intentId: 'a' }));
      expect(contents.find(pricedOf(other))).toBeUndefined();
    },
  );

  test('an order that it does not know leaves nothing', () => {
    const contents = window(100);
    contents.kept(heldOf({ intentId: 'a' }));
    contents.happened({ type: 'rejected', clientOrderId: 'unknown' });
    expect(contents.size).toBe(1);
  });

  test('of two alike one may leave', () => {
    const contents = window(100);
    const [first, second] = ['a', 'b'].map((intentId) => heldOf({ intentId }));
    if (first === undefined || second === undefined) throw new Error();
    contents.kept(first);
    contents.kept(second);
    contents.happened({ type: 'rejected', clientOrderId: second.clientOrderId });
    expect(contents.find(pricedOf())?.clientOrderId).toBe(first.clientOrderId);
  });

  test.each(['10.6', '0.4', '0'])(
    'of %s that was asked for, whole lots count, or else what is held',
    (quantity) => {
      const contents = window(100);
      const order = heldOf({ intentId: 'a' });
      contents.kept({ ...order, intent: { ...order.intent, quantity } });
      expect(contents.find(pricedOf())).toBeDefined();
    },
  );

  test('takes the quantity that is held where the intent has none that can be read', () => {
    const contents = window(100);
    const order = heldOf({ intentId: 'a' });
    contents.kept({ ...order, intent: { ...order.intent, quantity: 10n } });
    expect(contents.find(pricedOf())).toBeDefined();
  });
});
