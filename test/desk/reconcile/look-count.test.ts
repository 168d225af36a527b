import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { LookCount } from '../../../src/desk/reconcile/look-count.ts';

const counted = (graceMs: number, looks: number) => {
  const clock = new ManualClock();
  return { clock, count: new LookCount(clock, { graceMs, looks }) };
};

/** One more look, a moment later. */
const next = ({ clock, count }: ReturnType<typeof counted>, what: string, about: unknown = 'same') => {
  clock.advance(1);
  return count.more(what, about);
};

test('enough are as many as the rule says', () => {
  const counting = counted(0, 3);
  expect([1, 2, 3, 4].map(() => next(counting, 'one'))).toEqual([undefined, undefined, 3, 4]);
});

test('two in one instant are one', () => {
  const { clock, count } = counted(0, 2);
  expect([count.more('one', 'same'), count.more('one', 'same')]).toEqual([undefined, undefined]);
  clock.advance(1);
  expect([count.more('one', 'same'), count.more('one', 'same')]).toEqual([2, 2]);
});

test('enough are they only when the grace period since the first is over', () => {
  const { clock, count } = counted(1_000, 1);
  const looks = [count.more('one', 'same')];
  clock.advance(999);
  looks.push(count.more('one', 'same'));
  clock.advance(1);
  looks.push(count.more('one', 'same'));
  expect(looks).toEqual([undefined, undefined, 3]);
});

test('what is known has changed: counting begins again, and so does the grace period', () => {
  const { clock, count } = counted(1_000, 2);
  count.more('one', 'before');
  clock.advance(1_000);
  expect(count.more('one', 'after')).toBeUndefined();
  clock.advance(999);
  expect(count.more('one', 'after')).toBeUndefined();
});

test('counts each order by itself', () => {
  const counting = counted(0, 2);
  expect([next(counting, 'one'), next(counting, 'two'), next(counting, 'two')]).toEqual([
    undefined,
    undefined,
    2,
  ]);
});

test('what was forgotten begins again', () => {
  const counting = counted(0, 2);
  next(counting, 'one');
  expect(counting.count.has('one')).toBe(true);
  counting.count.forget('one');
  expect(counting.count.has('one')).toBe(false);
  expect(next(counting, 'one')).toBeUndefined();
});
