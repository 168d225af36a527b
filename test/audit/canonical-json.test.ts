import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/audit/index.ts';
import { decimal } from '../../src/core/index.ts';

describe('canonicalJson', () => {
  test('sorts members by name on every level and keeps the order of lists', () => {
    expect(canonicalJson({ b: [2, 1, { d: null, c: true }], a: 'x', B: 0 })).toBe(
      '{"B":0,"a":"x","b":[2,1,{"c":true,"d":null}]}',
    );
  });

  test('sorts by UTF-16 code units, not by locale or code point', () => {
    expect(canonicalJson({ '\u{1f4b0}': 1, '\uff21': 2, é: 3, z: 4 })).toBe(
      '{"z":4,"é":3,"\u{1f4b0}":1,"\uff21":2}',
    );
  });

  test('writes numbers in one way', () => {
    expect(canonicalJson([1.0, -0, 1e21, 0.1, 1e-7])).toBe('[1,0,1e+21,0.1,1e-7]');
  });

  test('leaves out members that are undefined, and honours toJSON', () => {
    const value = { gone: undefined, at: new Date(0), price: decimal('1.50') };
    expect(canonicalJson(value)).toBe('{"at":"1970-01-01T00:00:00.000Z","price":"1.5"}');
  });

  test('takes an object without a prototype, and members called as those of one', () => {
    expect(canonicalJson(Object.assign(Object.create(null) as object, { b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
    expect(canonicalJson(JSON.parse('{"__proto__":1,"constructor":2}'))).toBe(
      '{"__proto__":1,"constructor":2}',
    );
  });

  test.each([
    ['NaN', { a: { b: [0, NaN] } }, 'a.b.1: expected a JSON value, got NaN'],
    ['an infinity', -Infinity, '(whole): expected a JSON value, got -Infinity'],
    ['a bigint', { a: 1n }, 'a: expected a JSON value, got bigint'],
    ['a function', { a: () => 1 }, 'a: expected a JSON value, got function'],
    ['a symbol', [Symbol('s')], '0: expected a JSON value, got symbol'],
    ['undefined as a whole', undefined, '(whole): expected a JSON value, got undefined'],
    ['undefined in a list', [undefined], '0: expected a JSON value, got undefined'],
    ['a map', { a: new Map() }, 'a: expected a JSON value, got an instance of Map'],
    [
      'an object of a strange prototype',
      Object.create(Object.create(null) as object),
      '(whole): expected a JSON value, got an object that is not plain',
    ],
    ['an error', { a: new RangeError('x') }, 'a: expected a JSON value, got an instance of RangeError'],
  ])('refuses %s', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', message }));
  });

  test('takes 64 levels and refuses 65, cycles with them', () => {
    const nest = (levels: number): unknown => (levels === 0 ? 1 : [nest(levels - 1)]);
    expect(canonicalJson(nest(64))).toBe(`${'['.repeat(64)}1${']'.repeat(64)}`);
    expect(() => canonicalJson(nest(65))).toThrow('more than 64 levels');
    const endless = { toJSON: (): unknown => endless };
    expect(() => canonicalJson(endless)).toThrow('more than 64 levels');
  });
});
