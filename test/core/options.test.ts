import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PortcullisError, parseInput, parseOptions } from '../../src/core/index.ts';

const schema = z.strictObject({
  timeoutMs: z.int().min(1).default(5),
  nested: z.strictObject({ names: z.array(z.string()) }).optional(),
  live: z.string().optional(),
});

const message = (input: unknown): string => {
  try {
    parseOptions('Thing', schema, input as z.input<typeof schema>);
  } catch (error) {
    return (error as Error).message;
  }
  return 'parsed';
};

describe('parseOptions', () => {
  test('gives the parsed options, defaults filled in', () => {
    expect(parseOptions('Thing', schema, {})).toEqual({ timeoutMs: 5 });
  });

  test('names component, field, expectation and value', () => {
    expect(message({ timeoutMs: 0 })).toBe('Thing: timeoutMs: Too small: expected number to be >=1, got 0');
  });

  test('names every field that is wrong, by its path', () => {
    expect(message({ timeoutMs: NaN, nested: { names: ['a', 1n] } })).toMatch(
      /^Thing: timeoutMs: .*, got NaN; nested\.names\.1: .*, got 1n$/,
    );
  });

  test('names a misspelt field', () => {
    expect(message({ timeotMs: 1 })).toBe('Thing: (whole): Unrecognized key: "timeotMs"');
  });

  test('says that a field is missing', () => {
    expect(message({ nested: {} })).toMatch(/^Thing: nested\.names: .*, got nothing$/);
  });

  test.each([
    [{ a: 1n }, '{ a: 1n }'],
    [() => 1, 'a function'],
    [Symbol('x'), 'Symbol(x)'],
    [null, 'null'],
    [{ toJSON: () => undefined }, '{ toJSON: [Function: toJSON] }'],
  ])('shows %s, whatever it is', (live, shown) => {
    expect(message({ live })).toMatch(new RegExp(`got ${shown.replace(/[()[\]{}]/g, '\\$&')}$`));
  });

  test('shows what refers to itself', () => {
    const live: { self?: unknown } = {};
    live.self = live;
    expect(message({ live })).toContain('Circular');
  });

  test('cuts a long value', () => {
    const error = message({ timeoutMs: 'x'.repeat(1_000) });
    expect([error.length < 200, error.endsWith('...')]).toEqual([true, true]);
  });

  test('throws OPTION_INVALID with the issues as details', () => {
    expect(() => parseOptions('Thing', schema, { timeoutMs: 0 })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        retryable: false,
        details: { issues: ['timeoutMs: Too small: expected number to be >=1, got 0'] },
      }),
    );
  });
});

test('parseInput throws INPUT_INVALID', () => {
  expect(() => parseInput('line 3', schema, 7)).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^line 3: \(whole\): /) as unknown,
    }),
  );
});

describe('PortcullisError', () => {
  test('knows from its code whether a repeat may help', () => {
    expect([
      new PortcullisError('LOG_WRITE_FAILED', 'x').retryable,
      new PortcullisError('OPTION_INVALID', 'x').retryable,
    ]).toEqual([true, false]);
  });

  test('carries its cause and details, and has no cause without one', () => {
    const cause = new Error('disk');
    expect(new PortcullisError('LOG_WRITE_FAILED', 'x', { cause, details: { line: 3 } })).toMatchObject({
      name: 'PortcullisError',
      message: 'x',
      cause,
      details: { line: 3 },
    });
    expect('cause' in new PortcullisError('LOG_WRITE_FAILED', 'x')).toBe(false);
  });
});
