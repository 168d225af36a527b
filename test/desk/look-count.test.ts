import { expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { LookCount } from '../../src/desk/look-count.ts';

const counted = (graceMs: number, looks: number) => {
  const clock = new ManualClock();
  return { clock, count: new LookCount(clock, { graceMs, looks }) };
};

test('enough are as many as the rule says', () => {
  const { count } = counted(0, 3);
  expect([1, 2, 3, 4].map(() => count.more('one', 'same'))).toEqual([undefined, undefined, 3, 4]);
});

test('enough are they only when the grace period since the first is over', () => {
  const { clock, count } = counted(1_000, 1);
  const looks = [count.more('one', 'same')];
  clock.advance(999);
  looks.push(count.more('one', 'same'));
  clock.advance(1);
  expect([...looks, count.more('one', 'same')]).toEqual([undefined, undefined, 3]);
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
  const { count } = counted(0, 2);
  expect([count.more('one', 0), count.more('two', 0), count.more('two', 0)]).toEqual([
    undefined,
    undefined,
    2,
  ]);
});

test('what was forgotten begins again', () => {
  const { count } = counted(0, 2);
  count.more('one', 0);
  count.forget('one');
  expect(count.more('one', 0)).toBeUndefined();
});
