import { ManualClock } from 'portcullis/core';
import { expect, test } from 'vitest';
import type { Notice } from '../../../notification/notice.ts';
import { type Notification, Notifications } from '../../../notification/notifications.ts';

const notice = (given: Partial<Notice> = {}): Notice => ({
  ...{
    type: 'risk.alert-raised',
    severity: 'warning',
    subject: 'account:main',
    code: 'LIMIT_NEAR',
    text: '80 %',
  },
  ...given,
});

function begin(options: ConstructorParameters<typeof Notifications>[0] = {}) {
  const clock = new ManualClock();
  const told: Notification[] = [];
  const notifications = new Notifications(options, { clock, tell: (one) => told.push(one) });
  let events = 0;
  const add = (one: Notice, atMs: number): void => {
    events += 1;
    notifications.add(`event-${events}`, one, atMs);
  };
  return { clock, told, notifications, add };
}

test('the first is told at once, the others of its window at its end as one', () => {
  const { clock, told, add } = begin({ windowMs: 1_000 });
  add(notice(), 1);
  add(notice({ text: '85 %' }), 2);
  add(notice({ text: '90 %' }), 3);
  expect(told).toEqual([{ ...notice(), count: 1, firstMs: 1, lastMs: 1 }]);
  clock.advance(999);
  expect(told).toHaveLength(1);
  clock.advance(1);
  expect(told.slice(1)).toEqual([{ ...notice({ text: '90 %' }), count: 3, firstMs: 1, lastMs: 3 }]);
});

test('one that stayed alone is told once, and after its window anew', () => {
  const { clock, told, add } = begin({ windowMs: 1_000 });
  add(notice(), 1);
  clock.advance(1_000);
  add(notice(), 2);
  expect(told.map(({ count, firstMs }) => [count, firstMs])).toEqual([
    [1, 1],
    [1, 2],
  ]);
});

test.each([
  { code: 'LIMIT_REACHED' },
  { subject: 'account:other' },
  { severity: 'critical' as const },
  { type: 'x' },
])('what differs in %o is something else', (other) => {
  const { told, add } = begin();
  add(notice(), 1);
  add(notice(other), 1);
  expect(told).toHaveLength(2);
});

test('the last ones are there with the newest first, counted', () => {
  const { notifications, add } = begin({ remembered: 2 });
  for (const code of ['A', 'B', 'C', 'C']) add(notice({ code }), 1);
  expect(notifications.last(10).map(({ code, count }) => [code, count])).toEqual([
    ['C', 2],
    ['B', 1],
  ]);
  expect(notifications.last(1).map(({ code }) => code)).toEqual(['C']);
  expect(notifications.last(10, 'critical')).toEqual([]);
});

test('at the end what was counted is told', () => {
  const { clock, told, notifications, add } = begin();
  add(notice(), 1);
  add(notice(), 2);
  notifications[Symbol.dispose]();
  expect(told.map(({ count }) => count)).toEqual([1, 2]);
  clock.advance(120_000);
  expect(told).toHaveLength(2);
});

test('refuses a window of nothing', () => {
  expect(() => begin({ windowMs: 0 })).toThrow(/windowMs/);
});

test('an event that is delivered again is not counted again, as long as it is known', () => {
  const { told, notifications } = begin({ knownEvents: 2 });
  for (const id of ['a', 'a', 'b', 'a', 'c', 'b', 'a']) notifications.add(id, notice(), 1);
  notifications[Symbol.dispose]();
  expect(told.map(({ count }) => count)).toEqual([1, 4]); // a, b, c, and a that was forgotten by then
});
