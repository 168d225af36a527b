import { describe, expect, test } from 'vitest';
import { PARTS, budgetMs, parseOptions } from './options.ts';

const DEFAULTS = {
  ...{ minutes: 5, rate: 1_000, instruments: 100, rounds: 50 },
  ...{ parts: [...PARTS], 'ramp-seconds': 15, 'quotes-every': 500, 'lease-ms': 3_000 },
};

describe('options of the load', () => {
  test('has a default for everything', () => {
    expect(parseOptions([])).toEqual(DEFAULTS);
  });

  test('is told all of it', () => {
    const args = [
      ...[
        '--minutes',
        '0.5',
        '--rate',
        '50',
        '--instruments',
        '4',
        '--variants',
        'paper-files,exchange-files',
      ],
      ...['--parts', 'load,takeover', '--rounds', '3', '--ramp-seconds', '0', '--quotes-every', '100'],
      ...['--redis', 'redis://127.0.0.1:6390', '--json', 'out.json', '--lease-ms', '1000'],
    ];
    expect(parseOptions(args)).toEqual({
      ...{ minutes: 0.5, rate: 50, instruments: 4, variants: ['paper-files', 'exchange-files'] },
      ...{ parts: ['load', 'takeover'], rounds: 3, 'ramp-seconds': 0, 'quotes-every': 100 },
      ...{ redis: 'redis://127.0.0.1:6390', json: 'out.json', 'lease-ms': 1_000 },
    });
  });

  test('counts what is named twice once', () => {
    expect(parseOptions(['--parts', 'load,load'])).toMatchObject({ parts: ['load'] });
  });

  test('has nothing to do where help is asked for', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });

  test.each([
    [['--rate', '0'], /rate/],
    [['--rate', '1.5'], /rate/],
    [['--rate', 'many'], /rate/],
    [['--minutes', '0'], /minutes/],
    [['--minutes', '-1'], /minutes|ambiguous/],
    [['--rounds', '0'], /rounds/],
    [['--instruments', '201'], /instruments/],
    [['--quotes-every', '5000'], /quotes-every/],
    [['--variants', 'exchange-memory'], /variants/],
    [['--parts', ''], /parts/],
    [['--redis', 'http://127.0.0.1'], /redis/],
    [['--speed', '1'], /speed/],
    [['more'], /more|positional/i],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('the time that it may take in all', () => {
  const budget = (...args: string[]): number => {
    const options = parseOptions(args);
    if (options === undefined) throw new Error('expected options');
    return budgetMs(options);
  };

  test('is more than the load and the rounds by themselves', () => {
    expect(budget('--parts', 'load', '--variants', 'paper-files', '--minutes', '60')).toBeGreaterThan(
      60 * 60_000,
    );
    expect(budget('--parts', 'takeover', '--rounds', '100')).toBeGreaterThan(100 * 8_000);
  });

  test('grows with each part, variant, minute and round', () => {
    const least = budget('--parts', 'load', '--variants', 'paper-files');
    expect(budget('--parts', 'load', '--variants', 'paper-files,exchange-files')).toBe(2 * least);
    expect(budget('--parts', 'load')).toBe(3 * least);
    expect(budget('--parts', 'load,takeover', '--variants', 'paper-files')).toBeGreaterThan(least);
    expect(budget('--parts', 'load', '--variants', 'paper-files', '--minutes', '6')).toBeGreaterThan(least);
    expect(budget('--parts', 'propagation', '--rounds', '51')).toBeGreaterThan(
      budget('--parts', 'propagation', '--rounds', '50'),
    );
  });
});
