import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/index.ts';
import { ExecutionPolicy, parseExecutionLimits } from '../../src/execution/index.ts';

const limitsOf = (limits: object) => new ExecutionPolicy(limits).limits;
const invalid = (message: string) =>
  expect.objectContaining({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(message) as string,
  }) as Error;
const ALL = ['GTC', 'IOC', 'FOK'];
const DEFAULTS = {
  spreadBps: { entry: 50, exit: 'none' },
  depth: { withinBps: 20, multiple: { entry: 1, exit: 'none' } },
  volumeFraction: { entry: 0.1, exit: 'none' },
  slippage: { perOrderBps: { entry: 50, exit: 'none' }, perDay: 'none', perStrategyDay: 'none' },
  timeInForce: { entry: ALL, exit: ALL },
  collarBps: { entry: 200, exit: 1_000 },
};

describe('execution limits', () => {
  test('have a default each: entries are limited, exits by the collar alone', () => {
    expect(limitsOf({})).toEqual(DEFAULTS);
  });

  test('a limit for entries leaves exits without one', () => {
    expect(limitsOf({ spreadBps: { entry: 5 } })).toEqual({
      ...DEFAULTS,
      spreadBps: { entry: 5, exit: 'none' },
    });
  });

  test('a part of a group leaves the rest of it as it was', () => {
    expect(
      limitsOf({ depth: { withinBps: 5 }, slippage: { perDay: '10' }, timeInForce: { entry: ['IOC'] } }),
    ).toEqual({
      ...DEFAULTS,
      depth: { ...DEFAULTS.depth, withinBps: 5 },
      slippage: { ...DEFAULTS.slippage, perDay: 10_000_000 },
      timeInForce: { entry: ['IOC'], exit: ALL },
    });
  });

  test.each(['1.5', decimal('1.5')])('reads money from %s', (perDay) => {
    expect(limitsOf({ slippage: { perDay } }).slippage.perDay).toBe(1_500_000);
  });

  test.each<[object, string]>([
    [{ spread: { entry: 5 } }, 'spread'],
    [{ spreadBps: { entry: 5, exits: 6 } }, 'exits'],
    [{ spreadBps: 5 }, 'spreadBps'],
    [{ spreadBps: { exit: 5 } }, 'spreadBps.entry'],
    [{ spreadBps: { entry: -1 } }, 'spreadBps.entry'],
    [{ spreadBps: { entry: NaN } }, 'spreadBps.entry'],
    [{ spreadBps: { entry: 'off' } }, 'spreadBps.entry'],
    [{ depth: { within: 5 } }, 'within'],
    [{ depth: { multiple: { entry: Infinity } } }, 'depth.multiple.entry'],
    [{ volumeFraction: { entry: '10' } }, 'volumeFraction.entry'],
    [{ slippage: { perDay: 100 } }, 'slippage.perDay'],
    [{ slippage: { perDay: '-100' } }, 'slippage.perDay'],
    [{ slippage: { perDay: '1e3' } }, 'slippage.perDay'],
    [{ slippage: { perDay: '9007199255' } }, 'slippage.perDay'],
    [{ slippage: { perStrategyDay: 100 } }, 'slippage.perStrategyDay'],
    [{ slippage: { perStrategyDay: { alpha: 100 } } }, 'slippage.perStrategyDay'],
    [{ slippage: { perStrategyDay: { 'a b': '100' } } }, 'slippage.perStrategyDay'],
    [{ spreadMedian: {} }, 'spreadMedian.multiple'],
    [{ spreadMedian: { multiple: { entry: 0 } } }, 'spreadMedian.multiple.entry'],
    [{ spreadMedian: { multiple: { entry: 2 }, minSamples: 0 } }, 'spreadMedian.minSamples'],
    [{ spreadMedian: { multiple: { entry: 2 }, samples: 3 } }, 'samples'],
    [{ periodCollarBps: { exit: 5 } }, 'periodCollarBps.entry'],
    [{ periodCollarBps: { entry: 10_001 } }, 'periodCollarBps.entry'],
    [{ timeInForce: { entry: [] } }, 'timeInForce.entry'],
    [{ timeInForce: { entry: ['GTD'] } }, 'timeInForce.entry.0'],
    [{ collarBps: { entry: 200 } }, 'collarBps.exit'],
    [{ collarBps: { entry: 200, exit: 'none' } }, 'collarBps.exit'],
    [{ collarBps: { entry: 'none', exit: 200 } }, 'collarBps.entry'],
    [{ collarBps: { entry: 200, exit: 10_001 } }, 'collarBps.exit'],
  ])('refuses %o by name', (limits, name) => {
    expect(() => limitsOf(limits)).toThrow(invalid(name));
  });

  test('of the further gates are not there until they are given; a part of them has defaults', () => {
    expect(limitsOf({ spreadMedian: { multiple: { entry: 3 } }, periodCollarBps: { entry: 100 } })).toEqual({
      ...DEFAULTS,
      spreadMedian: { multiple: { entry: 3, exit: 'none' }, minSamples: 30 },
      periodCollarBps: { entry: 100, exit: 'none' },
    });
    expect(Object.keys(limitsOf({}))).toEqual(Object.keys(DEFAULTS));
  });

  test.each<[unknown, unknown]>([
    ['10', 10_000_000],
    ['none', 'none'],
    [
      { beta: '1', alpha: 'none' },
      { alpha: 'none', beta: 1_000_000 },
    ],
  ])('the budget of a strategy is one amount, or one by strategy: %o', (perStrategyDay, expected) => {
    expect(limitsOf({ slippage: { perStrategyDay } }).slippage.perStrategyDay).toEqual(expected);
  });

  test('cannot be changed behind the back of the policy, at any depth', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    const given = {
      ...DEFAULTS,
      slippage: { ...DEFAULTS.slippage, perDay: '1', perStrategyDay: { alpha: '1' } },
      spreadMedian: { multiple: { entry: 3 } },
      periodCollarBps: { entry: 100 },
    };
    expect([limitsOf({}), limitsOf(structuredClone(given))].map(frozen)).toEqual([true, true]);
  });

  test('are read by themselves as the policy reads them', () => {
    expect(parseExecutionLimits({ collarBps: { entry: 1, exit: 2 } })).toEqual(
      limitsOf({ collarBps: { entry: 1, exit: 2 } }),
    );
    expect(parseExecutionLimits()).toEqual(DEFAULTS);
    expect(() => parseExecutionLimits({ spreadBps: { entry: NaN } })).toThrow(invalid('spreadBps.entry'));
  });
});
