import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { OrderActivity } from '../../../src/risk/activity/order-activity.ts';
import { heldOf, pricedOf } from '../../support/orders.ts';

const activity = () => new OrderActivity({ clock: new ManualClock(), killSwitch: {} });

describe('OrderActivity', () => {
  test('counts nothing until a gate needs it', () => {
    const counted = activity();
    expect(counted.isOn).toBe(false);
    counted.kept(heldOf());
    const counts = counted.messages('account', { max: 5, windowMs: 100 });
    expect([counted.isOn, counts.countWithin(pricedOf(), 100, 0)]).toEqual([true, 0]);
  });

  test('looks back as far as the furthest limit', () => {
    const counted = activity();
    const looks = [counted.lookBackMs];
    counted.messages('account', { max: 1, windowMs: 100 });
    looks.push(counted.lookBackMs);
    counted.executions('firm', { max: 1, windowMs: 300 });
    looks.push(counted.lookBackMs);
    counted.contents(200);
    looks.push(counted.lookBackMs);
    counted.contents(500);
    looks.push(counted.lookBackMs);
    expect(looks).toEqual([0, 100, 300, 300, 500]);
  });

  test('remembers contents for as long as was asked', () => {
    const counted = activity();
    const contents = counted.contents(100);
    counted.kept(heldOf({ intentId: 'a' }));
    counted.kept(heldOf({ intentId: 'b', qty: 11, decidedMonotonicMs: 99 }));
    expect(contents.find(pricedOf())).toMatchObject({ atMs: 0 });
  });

  test('gives every gate the same counter, extended as far as any looks back', () => {
    const counted = activity();
    const counts = counted.messages('account', { max: 1, windowMs: 100 });
    counted.kept(heldOf({ intentId: 'a' }));
    expect(counted.messages('account', { max: 3, windowMs: 100 })).toBe(counts);
    counted.kept(heldOf({ intentId: 'b' }));
    expect(counts.countWithin(pricedOf(), 100, 0)).toBe(2);
    expect(counted.messages('firm', { max: 1, windowMs: 1 })).not.toBe(counts);
    expect(counted.executions('firm', { max: 1, windowMs: 1 })).toBe(
      counted.executions('firm', { max: 1, windowMs: 1 }),
    );
    expect(counted.contents(1)).toBe(counted.contents(2));
    expect(counted.latch()).toBe(counted.latch());
  });
});
