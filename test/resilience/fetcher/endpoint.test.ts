import { describe, expect, test } from 'vitest';
import { pathOf, weightOf } from '../../../src/resilience/fetcher/endpoint.ts';
import type { ParamValue } from '../../../src/resilience/fetcher/fetch-request.ts';

describe('pathOf', () => {
  test.each([
    ['/time', {}, '/time', ''],
    ['/klines', { symbol: 'BTCUSDT', limit: 5 }, '/klines', 'symbol=BTCUSDT&limit=5'],
    ['/orders/{id}', { id: 7, full: true }, '/orders/7', 'full=true'],
    ['/{a}/{b}/{a}', { a: 'x', b: 'y' }, '/x/y/x', ''],
    ['/t', { symbols: ['A', 'B'], none: undefined }, '/t', 'symbols=A&symbols=B'],
    ['/t', { empty: [] }, '/t', ''],
    ['/{name}', { name: 'a/b?c#d e' }, '/a%2Fb%3Fc%23d%20e', ''],
    ['/t', { 'a b': '&=+' }, '/t', 'a%20b=%26%3D%2B'],
  ])('%s with %j is %s and the query %s', (path, params, filled, query) => {
    expect(pathOf(path, params)).toEqual({ path: filled, query });
  });

  test.each([
    [{}, 'undefined'],
    [{ id: '' }, '""'],
    [{ id: '..' }, '".."'],
    [{ id: '.' }, '"."'],
    [{ id: ['a'] }, 'a list'],
  ])('refuses %j for a name of the path, as it would be another path', (params, got) => {
    expect(() => pathOf('/orders/{id}', params)).toThrow(
      `params.id: expected one value for /orders/{id}, got ${got}`,
    );
  });
});

describe('weightOf', () => {
  const byLimit = {
    weight: {
      param: 'limit',
      absent: 5,
      steps: [
        { upTo: 100, weight: 5 },
        { upTo: 500, weight: 25 },
        { upTo: 5_000, weight: 250 },
      ],
    },
  };

  test.each([
    [{}, 5],
    [{ limit: 1 }, 5],
    [{ limit: 100 }, 5],
    [{ limit: 101 }, 25],
    [{ limit: '500' }, 25],
    [{ limit: 5_000 }, 250],
    [{ limit: 5_001 }, 250],
    [{ limit: 'many' }, 250],
  ])('%j weighs %d', (params, weight) => {
    expect(weightOf(byLimit, params)).toBe(weight);
  });

  const byCount = {
    weight: {
      param: 'symbol',
      steps: [{ upTo: 1, weight: 2 }],
      absent: {
        param: 'symbols',
        by: 'count' as const,
        steps: [
          { upTo: 2, weight: 3 },
          { upTo: 4, weight: 40 },
        ],
        absent: 80,
      },
    },
  };

  test.each<[Record<string, ParamValue>, number]>([
    [{ symbol: 'BTCUSDT' }, 2],
    [{ symbol: 'BTCUSDT', symbols: 'A,B,C' }, 2],
    [{ symbols: '["BTCUSDT"]' }, 3],
    [{ symbols: '["A","B"]' }, 3],
    [{ symbols: '["A","B","C"]' }, 40],
    [{ symbols: ['A', 'B'] }, 3],
    [{ symbols: ['A', 'B', 'C'] }, 40],
    [{ symbols: 'A,B,C,D,E' }, 40],
    [{}, 80],
    [{ symbol: undefined, symbols: undefined }, 80],
  ])('%j weighs %d by the first parameter that is there', (params, weight) => {
    expect(weightOf(byCount, params)).toBe(weight);
  });

  test('a number is for every request', () => {
    expect(weightOf({ weight: 20 }, { limit: 5_000 })).toBe(20);
  });
});
