import { describe, expect, test, vi } from 'vitest';
import { SignalListeners } from '../../src/storage/signal-listeners.ts';

describe('SignalListeners', () => {
  test('calls those of the key, and all of them when all are meant', () => {
    const listeners = new SignalListeners();
    const [limits, lease] = [vi.fn(), vi.fn()];
    listeners.add('limits', limits);
    listeners.add('lease', lease);
    listeners.call('limits');
    listeners.callAll();
    expect([limits, lease].map(({ mock }) => mock.calls.length)).toEqual([2, 1]);
  });

  test('one that throws is named by its key, and the next is called all the same', () => {
    const thrown: unknown[] = [];
    const listeners = new SignalListeners((key, error) => thrown.push([key, error]));
    const [error, next] = [new Error('broken'), vi.fn()];
    listeners.add('limits', () => {
      throw error;
    });
    listeners.add('limits', next);
    listeners.call('limits');
    expect(thrown).toEqual([['limits', error]]);
    expect(next).toHaveBeenCalledOnce();
  });

  test('one that is added while others are called waits for the next call', () => {
    const listeners = new SignalListeners();
    const late = vi.fn();
    listeners.add('limits', () => {
      listeners.add('limits', late);
    });
    listeners.call('limits');
    expect(late).not.toHaveBeenCalled();
    listeners.call('limits');
    expect(late).toHaveBeenCalledOnce();
  });

  test('what is disposed twice takes away no other that has come meanwhile', () => {
    const listeners = new SignalListeners();
    const [first, second] = [vi.fn(), vi.fn()];
    const listening = listeners.add('limits', first);
    listening[Symbol.dispose]();
    listeners.add('limits', second);
    listening[Symbol.dispose]();
    listeners.call('limits');
    expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
  });

  test('once cleared calls nobody', () => {
    const listeners = new SignalListeners();
    const listener = vi.fn();
    listeners.add('limits', listener);
    listeners.clear();
    listeners.call('limits');
    listeners.callAll();
    expect(listener).not.toHaveBeenCalled();
  });
});
