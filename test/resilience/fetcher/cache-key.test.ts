import { describe, expect, test } from 'vitest';
import { type RequestIdentity, cacheKey } from '../../../src/resilience/fetcher/cache-key.ts';

const keyOf = (parts: Partial<RequestIdentity> = {}): string =>
  cacheKey({ source: 's', method: 'GET', path: '/p', ...parts });

describe('cacheKey', () => {
  test.each<[string, Partial<RequestIdentity>, Partial<RequestIdentity>]>([
    ['the order of parameters', { params: { a: 1, b: 2 } }, { params: { b: 2, a: 1 } }],
    ['the order of parts of a query', { params: 'a=1&b=2' }, { params: 'b=2&a=1' }],
    ['the order and case of headers', { headers: { A: '1', b: '2' } }, { headers: { b: '2', a: '1' } }],
    ['the case of the method', { method: 'get' }, { method: 'GET' }],
    ['what is undefined', { params: { a: undefined } }, {}],
    ['a number or its text', { params: { a: 1 } }, { params: { a: '1' } }],
    ['a list of one', { params: { a: ['1'] } }, { params: { a: '1' } }],
    ['an empty query', { params: '' }, { params: '' }],
  ])('does not heed %s', (_, a, b) => {
    expect(keyOf(a)).toBe(keyOf(b));
  });

  test.each<[string, Partial<RequestIdentity>, Partial<RequestIdentity>]>([
    ['the source', { source: 'a' }, { source: 'b' }],
    ['where the source is', { baseUrl: 'https://main.example' }, { baseUrl: 'https://test.example' }],
    ['the order of a list', { params: { a: [1, 2] } }, { params: { a: [2, 1] } }],
    ['the order of one name in a query', { params: 'a=1&a=2' }, { params: 'a=2&a=1' }],
    ['a name without a value', { params: 'a' }, { params: 'a=' }],
    ['where a text ends', { params: { a: '1&b=2' } }, { params: { a: '1', b: '2' } }],
    ['where the path ends', { source: 's', path: '/p/p' }, { source: 's/p', path: '/p' }],
    ['quotes', { params: { 'a","b': '1' } }, { params: { a: 'b', 1: '' } }],
    ['halves of characters', { params: { a: '\ud800' } }, { params: { a: '\ud801' } }],
    ['whose it is', { cacheKey: 'a' }, {}],
    ['a header and a parameter', { params: { a: '1' } }, { headers: { a: '1' } }],
  ])('heeds %s', (_, a, b) => {
    expect(keyOf(a)).not.toBe(keyOf(b));
  });
});
