import { describe, expect, test } from 'vitest';
import { type CallOptions, newCall } from '../../src/resilience/call.ts';
import { pipeline } from '../../src/resilience/pipeline.ts';

describe('newCall', () => {
  test('has normal priority, weight 1, no deadline', () => {
    expect(newCall()).toEqual({
      signal: undefined,
      priority: 'normal',
      weight: 1,
      deadlineMs: Infinity,
      retries: undefined,
      timeoutMs: undefined,
      attempt: 1,
      stats: { attempts: 0, waitMs: 0, workMs: 0 },
    });
  });

  test.each<[CallOptions, string]>([
    [{ weight: -1 }, 'call: weight: expected 0 or more, got -1'],
    [{ weight: NaN }, 'call: weight: expected 0 or more, got NaN'],
    [{ timeoutMs: 0 }, 'call: timeoutMs: expected more than 0, got 0'],
    [{ timeoutMs: NaN }, 'call: timeoutMs: expected more than 0, got NaN'],
    [{ retries: -1 }, 'call: retries: expected a whole number, 0 or more, got -1'],
    [{ retries: 1.5 }, 'call: retries: expected a whole number, 0 or more, got 1.5'],
    [{ retries: Infinity }, 'call: retries: expected a whole number, 0 or more, got Infinity'],
    [
      { priority: 'urgent' as 'high' },
      'call: priority: expected one of critical, high, normal, low, got urgent',
    ],
  ])('refuses %j', async (options, message) => {
    expect(() => newCall(options)).toThrow(message);
    await expect(pipeline({}).execute(() => Promise.resolve(1), options)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message,
    });
  });
});
