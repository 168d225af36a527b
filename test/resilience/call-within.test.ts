import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { CallWithin, isAborted, listen, unlisten } from '../../src/resilience/call-within.ts';
import { type Call, newCall } from '../../src/resilience/call.ts';

const listener = () => ({ handleEvent: vi.fn() });
const toldOf = ({ handleEvent }: ReturnType<typeof listener>): number => handleEvent.mock.calls.length;

const outer = newCall({
  signal: new AbortController().signal,
  priority: 'high',
  weight: 2,
  retries: 1,
  timeoutMs: 5,
});

describe('CallWithin', () => {
  test('is as the outer call but for its signal and its deadline', () => {
    const inner = new CallWithin(outer, 70);
    expect({ ...(inner as Call), signal: undefined }).toEqual({
      ...outer,
      signal: undefined,
      deadlineMs: 70,
    });
    expect(inner.stats).toBe(outer.stats);
    expect(inner.signal).not.toBe(outer.signal);
  });

  test('has one signal, which aborts with it and leaves that of the outer call alone', () => {
    const inner = new CallWithin(outer, 70);
    const { signal } = inner;
    expect([inner.signal, signal.aborted, isAborted(inner)]).toEqual([signal, false, false]);
    inner.abort('late');
    expect([signal.aborted, signal.reason, isAborted(inner), isAborted(outer)]).toEqual([
      true,
      'late',
      true,
      false,
    ]);
  });

  test('has a signal that has aborted when it is read only then, for the first reason', () => {
    const inner = new CallWithin(outer, 70);
    inner.abort('first');
    inner.abort('second');
    expect([inner.signal.aborted, inner.signal.reason]).toEqual([true, 'first']);
  });

  test('a copy by spread is aborted with it', () => {
    const inner = new CallWithin(outer, 70);
    const copy = { ...(inner as Call), attempt: 2 };
    const told = listener();
    listen(copy, told);
    inner.abort('late');
    expect([copy.signal?.reason, isAborted(copy), toldOf(told)]).toEqual(['late', true, 1]);
  });

  test('a copy with a signal of its own is aborted with that, and not with it', () => {
    const inner = new CallWithin(outer, 70);
    const own = new AbortController();
    const copy = { ...(inner as Call), signal: own.signal };
    const told = listener();
    listen(copy, told);
    inner.abort('late');
    expect([isAborted(copy), toldOf(told)]).toEqual([false, 0]);
    own.abort();
    expect([isAborted(copy), toldOf(told)]).toEqual([true, 1]);
  });
});

describe.each([
  [
    'a call with a signal',
    () => {
      const controller = new AbortController();
      return { call: newCall({ signal: controller.signal }), abort: () => controller.abort() };
    },
  ],
  [
    'a call within another',
    () => {
      const call = new CallWithin(outer, 70);
      return { call, abort: () => call.abort('late') };
    },
  ],
])('who listens to %s', (_what, make) => {
  test('is told once, with all others, and when the call is aborted already', () => {
    const { call, abort } = make();
    const all = [listener(), listener(), listener()];
    const states: boolean[] = [];
    all[0]?.handleEvent.mockImplementation(() => states.push(isAborted(call), call.signal?.aborted === true));
    for (const one of all) listen(call, one);
    abort();
    abort();
    expect([all.map(toldOf), states]).toEqual([
      [1, 1, 1],
      [true, true],
    ]);
  });

  test('is not told after it has gone, whoever else stays', () => {
    const { call, abort } = make();
    const [first, second, third] = [listener(), listener(), listener()];
    for (const one of [first, second, third]) listen(call, one);
    unlisten(call, third);
    unlisten(call, first);
    unlisten(call, first);
    abort();
    expect([first, second, third].map(toldOf)).toEqual([0, 1, 0]);
    if (call.signal !== undefined) expect(getEventListeners(call.signal, 'abort')).toEqual([]);
  });

  test('finds the room of one that has gone', () => {
    const { call, abort } = make();
    const [first, second] = [listener(), listener()];
    listen(call, first);
    unlisten(call, first);
    listen(call, second);
    abort();
    expect([first, second].map(toldOf)).toEqual([0, 1]);
  });
});

test('a call without a signal is never aborted, and nobody is told', () => {
  const call = newCall();
  const told = listener();
  listen(call, told);
  unlisten(call, told);
  expect([isAborted(call), toldOf(told)]).toEqual([false, 0]);
});
