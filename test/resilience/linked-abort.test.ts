import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { linkedAbort } from '../../src/resilience/linked-abort.ts';

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('linkedAbort', () => {
  test('aborts with its parent, for the same reason, and tells just before', () => {
    const parent = new AbortController();
    const seen: unknown[] = [];
    const link = linkedAbort(parent.signal, () => seen.push(`told, aborted: ${link.signal.aborted}`));
    link.signal.addEventListener('abort', () => seen.push(link.signal.reason));
    parent.abort('shutdown');
    expect(seen).toEqual(['told, aborted: false', 'shutdown']);
    expect(listenersOf(parent.signal)).toBe(0);
  });

  test('is aborted at once under a parent that was, and tells nobody', () => {
    const onAbort = vi.fn();
    const link = linkedAbort(AbortSignal.abort('long ago'), onAbort);
    expect(link.signal.reason).toBe('long ago');
    expect(onAbort).not.toHaveBeenCalled();
    link.dispose();
  });

  test('aborts alone: neither its parent nor its siblings hear of it', () => {
    const parent = new AbortController();
    const [one, other] = [linkedAbort(parent.signal), linkedAbort(parent.signal)];
    one.abort('too slow');
    expect(one.signal.reason).toBe('too slow');
    expect([parent.signal.aborted, other.signal.aborted]).toEqual([false, false]);
  });

  test('works without a parent', () => {
    const link = linkedAbort(undefined);
    expect(link.signal.aborted).toBe(false);
    link.abort('enough');
    link.dispose();
    expect(link.signal.reason).toBe('enough');
  });

  test('keeps the first reason', () => {
    const parent = new AbortController();
    const link = linkedAbort(parent.signal);
    link.abort('first');
    parent.abort('second');
    expect(link.signal.reason).toBe('first');
  });

  test('once let go, hears nothing of its parent any more, however often it is let go', () => {
    const parent = new AbortController();
    const onAbort = vi.fn();
    const link = linkedAbort(parent.signal, onAbort);
    expect(listenersOf(parent.signal)).toBe(1);
    link.dispose();
    link.dispose();
    expect(listenersOf(parent.signal)).toBe(0);
    parent.abort();
    expect([link.signal.aborted, onAbort.mock.calls.length]).toEqual([false, 0]);
  });
});
