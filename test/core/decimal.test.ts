import Big from 'big.js';
import { describe, expect, test } from 'vitest';
import { ZERO, decimal, decimalText, roundHalfEven } from '../../src/core/index.ts';

describe('decimal', () => {
  test.each([
    ['0', '0'],
    ['-12.50', '-12.5'],
    ['0.000000000000000000000000000000000000000000001', '0.000000000000000000000000000000000000000000001'],
    [123n, '123'],
    [-1n, '-1'],
    [new Big('1.5'), '1.5'],
  ])('reads %s exactly', (input, text) => {
    expect(decimal(input).toFixed()).toBe(text);
  });

  test('takes a Decimal of another big.js constructor, and gives back one of ours', () => {
    const Loose = Big();
    Loose.DP = 2;
    expect(decimal(new Loose('1')).div('3').toFixed()).toBe(`0.${'3'.repeat(40)}`);
  });

  test('adds 0.1 and 0.2', () => {
    expect(decimal('0.1').plus('0.2').toFixed()).toBe('0.3');
  });

  test.each([
    1,
    0.1,
    NaN,
    Infinity,
    null,
    undefined,
    true,
    {},
    [],
    '',
    ' ',
    '1e5',
    '1E5',
    '+1',
    '.5',
    '5.',
    '1,5',
    '0x10',
    '１',
    ' 1',
    '1\n',
    'NaN',
    'Infinity',
    '--1',
  ])('refuses %j', (input) => {
    expect(() => decimal(input as string, 'price')).toThrow(
      expect.objectContaining({
        code: 'NUMBER_INVALID',
        message: expect.stringMatching(
          /^price: expected a plain decimal as string, bigint or Decimal/,
        ) as unknown,
      }),
    );
  });

  test('names the value that it refuses', () => {
    expect(() => decimal('1e5', 'price')).toThrow(/got "1e5"$/);
    expect(() => decimal(0.1 as unknown as string)).toThrow(/^decimal: .* got number 0\.1$/);
  });

  test('takes 48 characters, and refuses 49', () => {
    expect(decimal('9'.repeat(48)).toFixed()).toBe('9'.repeat(48));
    expect(() => decimal('9'.repeat(49))).toThrow(/of at most 48 characters/);
  });

  test.each([10n ** 60n, new Big('1e5000000'), new Big('1e-5000000'), new Big('1e48')])(
    'refuses what would grow without bounds',
    (input) => {
      expect(() => decimal(input)).toThrow(expect.objectContaining({ code: 'NUMBER_INVALID' }));
    },
  );

  test('quotes no more than the beginning of a long text', () => {
    expect(() => decimal('x'.repeat(10_000))).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{0,200}$/) as unknown }),
    );
  });

  test('refuses to be mixed with numbers afterwards', () => {
    expect(() => decimal('1').plus(0.1)).toThrow(/Invalid/);
  });
});

describe('decimalText', () => {
  test('is plain, never in exponents', () => {
    expect(decimalText(decimal('0.00000001'))).toBe('0.00000001');
  });

  test.each([1, null, '1e-8', new Big('1e60')])('is undefined for %s', (input) => {
    expect(decimalText(input)).toBeUndefined();
  });
});

describe('roundHalfEven', () => {
  test.each([
    ['0.125', '0.12'],
    ['0.135', '0.14'],
    ['-0.125', '-0.12'],
    ['0.1251', '0.13'],
  ])('rounds %s to %s', (value, rounded) => {
    expect(roundHalfEven(decimal(value), 2).toFixed()).toBe(rounded);
  });
});

test('ZERO is zero', () => {
  expect(ZERO.toFixed()).toBe('0');
});
