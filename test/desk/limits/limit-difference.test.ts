import { expect, test } from 'vitest';
import { limitDifferences } from '../../../src/desk/limits/limit-difference.ts';

const of = (scope: object, limits: object) => ({ scope, ...limits }) as never;

test('names each value that differs, in the order of the paths', () => {
  expect(
    limitDifferences(
      { b: { x: 1, y: 'none' }, a: '5', same: [1], gone: true },
      { b: { x: 2, y: 'none' }, a: '6', same: [1], come: ['x'] },
    ),
  ).toEqual([
    { path: 'a', from: '5', to: '6' },
    { path: 'b.x', from: 1, to: 2 },
    { path: 'come', to: ['x'] },
    { path: 'gone', from: true },
  ]);
});

test('compares a list as a whole', () => {
  expect(limitDifferences({ list: ['a', 'b'] }, { list: ['b', 'a'] })).toEqual([
    { path: 'list', from: ['a', 'b'], to: ['b', 'a'] },
  ]);
});

test('compares limits of a scope with those of that scope, wherever they stand', () => {
  const [firm, venue] = [{ kind: 'firm' }, { kind: 'venue', id: 'paper' }];
  expect(
    limitDifferences(
      { scopes: [of(firm, { a: 1 }), of(venue, { a: 1 })] },
      { scopes: [of(venue, { a: 2, b: null }), of(firm, { a: 1 })] },
    ),
  ).toEqual([
    { path: 'scopes[venue:paper].a', from: 1, to: 2 },
    { path: 'scopes[venue:paper].b', to: null },
  ]);
  expect(limitDifferences({ scopes: [] }, { scopes: [of(firm, { a: 1 })] })).toEqual([
    { path: 'scopes[firm].a', to: 1 },
  ]);
});

test('finds nothing between equals', () => {
  expect(limitDifferences({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2 }] } })).toEqual([]);
});
