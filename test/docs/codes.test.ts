import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codesInUse } from '../../scripts/codes.ts';
import { root } from '../../scripts/rooms.ts';
import { ERROR_CATALOGUE } from '../../src/core/index.ts';
import { DENIAL_CATALOGUE } from '../../src/trading/index.ts';

const page = readFileSync(`${root}docs/guides/errors-and-denials.md`, 'utf8');
const inUse = codesInUse();

/** The first column of the table that is made from a catalogue. */
function listed(catalogue: string): readonly string[] {
  const begin = page.indexOf(`<!-- catalogue ${catalogue} -->`);
  const part = page.slice(begin, page.indexOf('<!-- end -->', begin));
  return [...part.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = '']) => code);
}

const sorted = (codes: Iterable<string>): readonly string[] => [...new Set(codes)].sort();

describe('the catalogue of errors', () => {
  test('is on the page, whole and in order', () => {
    expect(listed('errors')).toEqual(Object.keys(ERROR_CATALOGUE));
  });

  test('has the codes that the sources throw, and no other', () => {
    expect(sorted(inUse.errors)).toEqual(sorted(Object.keys(ERROR_CATALOGUE)));
  });
});

describe('the catalogue of denials', () => {
  test('is on the page, whole and in order', () => {
    expect(listed('denials')).toEqual(Object.keys(DENIAL_CATALOGUE));
  });

  test('has the codes that the sources deny with, and no other', () => {
    expect(sorted(inUse.denials.map(({ code }) => code))).toEqual(sorted(Object.keys(DENIAL_CATALOGUE)));
  });
});
