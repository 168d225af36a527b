import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type RequestIdentity, cacheKey } from '../../../src/resilience/fetcher/cache-key.ts';

/** Short, and full of what separates things elsewhere, so that two of them are often nearly the same. */
const text = fc.string({
  unit: fc.constantFrom('a', 'b', '&', '=', '/', '"', ',', '[', ']', ' ', '\\', '\ud800'),
  maxLength: 4,
});
const value = fc.oneof(text, fc.integer({ min: 0, max: 2 }), fc.boolean(), fc.array(text, { maxLength: 3 }));
const request: fc.Arbitrary<RequestIdentity> = fc.record({
  source: text,
  baseUrl: fc.option(text, { nil: undefined }),
  method: fc.constantFrom('GET', 'HEAD'),
  path: text,
  params: fc.dictionary(text, value, { maxKeys: 3 }),
  headers: fc.dictionary(text, text, { maxKeys: 2 }),
  cacheKey: fc.option(text, { nil: undefined }),
});

/** What is sent, by another way than the key is made: each name with all its values in order, names in a set. */
const sent = ({
  source,
  baseUrl,
  method,
  path,
  params = {},
  headers = {},
  cacheKey: owner,
}: RequestIdentity) => ({
  source,
  baseUrl,
  method,
  path,
  owner,
  headers: new Map(Object.entries(headers)),
  params: new Map(
    Object.entries(params)
      .map(([name, given]): [string, string[]] => [name, [given as string | string[]].flat().map(String)])
      .filter(([, values]) => values.length > 0),
  ),
});

const equal = (a: unknown, b: unknown): boolean => {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
};

test.prop([request, request], { numRuns: 2_000 })(
  'two requests share a key if and only if they are sent alike',
  (a, b) => {
    expect(cacheKey(a) === cacheKey(b)).toBe(equal(sent(a), sent(b)));
  },
);

test.prop([request, fc.constantFrom('source', 'baseUrl', 'path', 'cacheKey'), text])(
  'changing one part changes the key',
  (a, part, other) => {
    expect(cacheKey(a) === cacheKey({ ...a, [part]: other })).toBe(a[part as 'path'] === other);
  },
);

test.prop([request, fc.nat()])('the order of parameters is no part of the key', (a, seed) => {
  const entries = Object.entries(a.params ?? {});
  const turn = entries.length === 0 ? 0 : seed % entries.length;
  const turned = Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)]);
  expect(cacheKey({ ...a, params: turned })).toBe(cacheKey(a));
});
