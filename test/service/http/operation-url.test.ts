import { describe, expect, test } from 'vitest';
import { operationUrl } from '../../../src/service/http/operation-url.ts';

const BASE = 'http://quotes.test';

describe('the URL of an operation', () => {
  test.each([
    ['text', 'BTC-USDT', 'BTC-USDT'],
    ['a number', 7, '7'],
    ['a slash', 'BTC/USDT', 'BTC%2FUSDT'],
    ['what ends a path', '?x=1#y', '%3Fx%3D1%23y'],
    ['a percent sign', '%2e%2e', '%252e%252e'],
    ['dots and more', '..x', '..x'],
    ['another script', 'ü', '%C3%BC'],
  ])('has %s as one segment', (_, symbol, segment) => {
    const url = operationUrl(BASE, '/quotes/:symbol/last', { params: { symbol } });
    expect(url.href).toBe(`${BASE}/quotes/${segment}/last`);
  });

  test.each([[''], ['.'], ['..'], [undefined], [null], [true], [{}]])(
    'refuses %j for a segment: it would name another route',
    (symbol) => {
      expect(() => operationUrl(BASE, '/quotes/:symbol', { params: { symbol } })).toThrow(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          message: expect.stringContaining('params.symbol: expected') as string,
        }),
      );
    },
  );

  test.each([
    ['http://quotes.test/', 'http://quotes.test/a'],
    ['http://quotes.test/v1', 'http://quotes.test/v1/a'],
    ['http://quotes.test/v1//', 'http://quotes.test/v1/a'],
  ])('below %s is %s', (base, href) => {
    expect(operationUrl(base, '/a', {}).href).toBe(href);
  });

  test('has a query in which a list gives its key several times, and nothing is left out', () => {
    const query = { tag: ['a', 'b&c'], none: [], from: 1, all: false, id: 12n, gone: undefined, empty: '' };
    expect(operationUrl(BASE, '/a', { query }).search).toBe('?tag=a&tag=b%26c&from=1&all=false&id=12&empty=');
  });

  test.each([[null], [{ a: 1 }], [new Date(0)], [['a', { b: 1 }]]])('refuses %j in a query', (value) => {
    expect(() => operationUrl(BASE, '/a', { query: { value } })).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining('query.value: expected texts, numbers and booleans') as string,
      }),
    );
  });
});
