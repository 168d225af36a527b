import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../src/core/options.ts';
import { subscribeOptionsSchema } from '../../src/events/subscribe-options.ts';

const parsed = (options: object): unknown => parseOptions('subscribe', subscribeOptionsSchema, options);

describe('subscribeOptionsSchema', () => {
  test('has the defaults that SubscribeOptions tells of', () => {
    expect(parsed({})).toEqual({
      from: 'new',
      concurrency: 1,
      maxInFlight: 1000,
      maxAttempts: 5,
      backoffMs: 100,
      maxBackoffMs: 30_000,
      handlerTimeoutMs: 30_000,
    });
  });

  test.each(['new', 'beginning', { timeMs: 0 }, { topic: 'order', position: '0' }])(
    'takes from %o',
    (from) => {
      expect(parsed({ from })).toMatchObject({ from });
    },
  );

  test.each([
    { from: 'end' },
    { from: { timeMs: -1 } },
    { from: { timeMs: NaN } },
    { from: { topic: 'order' } },
    { from: { topic: '', position: '1' } },
    { from: { timeMs: 1, position: '1' } },
    { concurrency: 0 },
    { concurrency: 1.5 },
    { maxInFlight: 0 },
    { maxAttempts: 0 },
    { backoffMs: -1 },
    { maxBackoffMs: Infinity },
    { handlerTimeoutMs: 0 },
    { retries: 3 },
  ])('refuses %o', (options) => {
    expect(() => parsed(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }) as Error);
  });

  test.each([
    { concurrency: 1 },
    { maxInFlight: 1 },
    { maxAttempts: 1 },
    { backoffMs: 0 },
    { handlerTimeoutMs: 1 },
  ])('takes the least: %o', (options) => {
    expect(parsed(options)).toMatchObject(options);
  });
});
