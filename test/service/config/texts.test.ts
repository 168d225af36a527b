import { describe, expect, test } from 'vitest';
import { readEnvText } from '../../../src/service/config/env-text.ts';
import { readJson } from '../../../src/service/config/json-text.ts';
import { nearest } from '../../../src/service/config/nearest.ts';

describe('readJson', () => {
  test.each(['{}', '[]', '1', '"x"', ' { "a" : [ 1 , -2.5e+3, "\\u00e9\\n" ] , "b" : null , "c":true} \n'])(
    'reads %j',
    (text) => {
      expect(readJson(text)).toEqual({ value: JSON.parse(text) as unknown });
    },
  );

  test.each([
    ['', 1, 1, 'a JSON value'],
    ['{', 1, 2, 'a name in double quotes'],
    ['{"a"}', 1, 5, ':'],
    ['{\n  "a": sesame\n}', 2, 8, 'a JSON value'],
    ['{"a": 1,\n}', 2, 1, 'a name in double quotes'],
    ['{"a": 1\n "b": 2}', 2, 2, ', or }'],
    ['[1 2]', 1, 4, ', or ]'],
    ['[1,]', 1, 4, 'a JSON value'],
    ['{} {}', 1, 4, 'the end of the file'],
    ['01', 1, 1, 'a JSON value'],
    ['"open', 1, 1, 'a JSON value'],
    ['"a\tb"', 1, 1, 'a JSON value'],
    ["{'a': 1}", 1, 2, 'a name in double quotes'],
    ['{"a":1,"b":{"a":1},"\\u0061":2}', 1, 20, 'each name once in an object'],
  ])('says where %j is damaged', (text, line, column, expected) => {
    expect(readJson(text)).toEqual({ fault: { line, column, expected } });
  });

  test('takes 64 levels and no more', () => {
    expect(readJson('['.repeat(65) + ']'.repeat(65))).toHaveProperty('value');
    expect(readJson('['.repeat(66) + ']'.repeat(66))).toEqual({
      fault: { line: 1, column: 66, expected: 'at most 64 levels' },
    });
  });
});

describe('readEnvText', () => {
  test('reads what Node reads', () => {
    const text = '# head\n\nA=1\r\nexport B = two words # why\nC="x # y"  # c\nD=\'it\'\nE="a\nb"\nF=\nG=`q`';
    expect(readEnvText(text)).toEqual({
      values: { A: '1', B: 'two words', C: 'x # y', D: 'it', E: 'a\nb', F: '', G: 'q' },
    });
  });

  test('an exported name without a value, at the end', () => {
    expect(readEnvText('export A=')).toEqual({ values: { A: '' } });
  });

  test.each([
    ['A=1\nno line\nB=2', 2, 1, 'NAME=value'],
    ['A=1\n=2', 2, 1, 'NAME=value'],
    ['1A=2', 1, 1, 'NAME=value'],
    ['A=1\nB="open\nC=3', 2, 3, 'a closing quote'],
    ['A="x" y', 1, 6, 'nothing after the closing quote'],
    ['A=1\nB=2\nA=3', 3, 1, 'each name once'],
  ])('says where %j is damaged', (text, line, column, expected) => {
    expect(readEnvText(text)).toEqual({ fault: { line, column, expected } });
  });
});

describe('nearest', () => {
  const known = ['QUOTES_HTTP__PORT', 'QUOTES_HTTP__HOST', 'QUOTES_REGION'];

  test.each([
    ['QUOTES_HTTP__PROT', ['QUOTES_HTTP__PORT', 'QUOTES_HTTP__HOST']],
    ['QUOTES_HTTP_PORT', ['QUOTES_HTTP__PORT', 'QUOTES_HTTP__HOST']],
    ['QUOTES_REGOIN', ['QUOTES_REGION']],
    ['quotes_region', ['QUOTES_REGION']],
    ['COMPLETELY_DIFFERENT', []],
  ])('%s', (name, meant) => {
    expect(nearest(name, known)).toEqual(meant);
  });

  test('names three at most, those of equal distance by name', () => {
    expect(nearest('ax', ['ad', 'ac', 'ab', 'aa'])).toEqual(['aa', 'ab', 'ac']);
  });

  test('two steps are near for a short name, three are not', () => {
    expect(nearest('abc', ['xyc', 'xyz'])).toEqual(['xyc']);
  });

  test('a swap of neighbours is one step', () => {
    expect(nearest('ba', ['xx', 'ab', 'bx'])).toEqual(['ab', 'bx', 'xx']);
    expect(nearest('abcdefgh', ['badcfegh', 'badcefgh'])).toEqual(['badcefgh']);
  });
});
