import { describe, expect, test } from 'vitest';
import { parseTracestate } from '../../src/telemetry/index.ts';

const kept = (header: string): string | undefined => parseTracestate(header)?.serialize();
const members = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}=${i}`).join(',');
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/';
/** All printable ASCII but comma and equals sign, the space not at the end. */
const characters = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i))
  .filter((each) => !',='.includes(each))
  .join('');

describe('parseTracestate', () => {
  test.each([
    ['one member', 'foo=1'],
    ['several, in their order', 'foo=1,bar=2,baz=3'],
    ['every character of a key', `${letters}=1`],
    ['every character of a tenant and a system', `${letters}@a-z0-9_-*/=1`],
    ['a tenant that begins with a digit', '0foo@bar=1'],
    ['every character of a value', `foo=${characters}`],
    ['a key of 256 characters', `${'z'.repeat(256)}=1`],
    ['a tenant of 241 and a system of 14', `${'t'.repeat(241)}@${'v'.repeat(14)}=1`],
    ['a value of 256 characters', `foo=${'v'.repeat(256)}`],
    ['a value that begins with spaces', 'foo=  1'],
    ['32 members', members(32)],
  ])('keeps %s', (_, header) => {
    expect(kept(header)).toBe(header);
  });

  test.each([
    ['foo=1 \t , \t bar=2, \t baz=3', 'foo=1,bar=2,baz=3'],
    [' foo=1\t', 'foo=1'],
    ['foo=1,,bar=2', 'foo=1,bar=2'],
    [',foo=1, ', 'foo=1'],
  ])('reads %j as %s', (header, expected) => {
    expect(kept(header)).toBe(expected);
  });

  test.each([
    ['nothing', ''],
    ['separators alone', ' , ,'],
    ['a key twice', 'foo=1,foo=2'],
    ['a key without a value', 'foo'],
    ['an empty key', '=1'],
    ['an empty value', 'foo=,bar=3'],
    ['a space behind a key', 'foo =1'],
    ['a key in capitals', 'FOO=1'],
    ['a key with a dot', 'foo.bar=1'],
    ['a key that begins with a digit', '0foo=1'],
    ['an empty system', 'foo@=1,bar=2'],
    ['an empty tenant', '@foo=1,bar=2'],
    ['two at signs', 'foo@@bar=1,bar=2'],
    ['two systems', 'foo@bar@baz=1,bar=2'],
    ['a system that begins with a digit', 'foo@1bar=1'],
    ['a key of 257 characters', `foo=1,${'z'.repeat(257)}=1`],
    ['a tenant of 242', `foo=1,${'t'.repeat(242)}@v=1`],
    ['a system of 15', `foo=1,t@${'v'.repeat(15)}=1`],
    ['a value with an equals sign', 'foo=bar=baz'],
    ['a value of 257 characters', `foo=${'v'.repeat(257)}`],
    ['a value beyond ASCII', 'foo=\u00e9'],
    ['a control character', 'foo=a\u0001b'],
    ['33 members', members(33)],
  ])('drops a header with %s', (_, header) => {
    expect(kept(header)).toBeUndefined();
  });

  describe('of a header over 512 characters', () => {
    const sized = (key: string, length: number): string => `${key}=${'x'.repeat(length - key.length - 1)}`;
    const short = ['a', 'b', 'c', 'd'].map((key) => sized(key, 100));

    test('keeps all at exactly 512', () => {
      const header = [...short, sized('e', 108)].join(',');
      expect(header).toHaveLength(512);
      expect(kept(header)).toBe(header);
    });

    test('drops the last one character later', () => {
      expect(kept([...short, sized('e', 109)].join(','))).toBe(short.join(','));
    });

    test('drops members over 128 characters first, the last of them first, and no more than needed', () => {
      const [first, second] = [sized('long1', 129), sized('long2', 129)];
      expect(kept([first, ...short.slice(0, 3), second].join(','))).toBe(
        [first, ...short.slice(0, 3)].join(','),
      );
      expect(kept([first, second, ...short].join(','))).toBe(short.join(','));
    });

    test('a member that is too long alone leaves nothing', () => {
      expect(kept(`${'k'.repeat(256)}=${'v'.repeat(255)}`)).toHaveLength(512);
      expect(kept(`${'k'.repeat(256)}=${'v'.repeat(256)}`)).toBeUndefined();
    });

    test('a member of exactly 128 is not a long one', () => {
      const edge = sized('edge', 128);
      expect(kept([edge, ...short].join(','))).toBe([edge, ...short.slice(0, 3)].join(','));
    });
  });
});

describe('a trace state', () => {
  test('gives what it holds', () => {
    const state = parseTracestate('foo=1,bar=2');
    expect([state?.get('bar'), state?.get('baz')]).toEqual(['2', undefined]);
  });

  test('puts what is set in front, and stays itself', () => {
    const state = parseTracestate('foo=1,bar=2');
    expect(state?.set('bar', '3').serialize()).toBe('bar=3,foo=1');
    expect(state?.set('new', '4').unset('foo').serialize()).toBe('new=4,bar=2');
    expect(state?.serialize()).toBe('foo=1,bar=2');
  });

  test('sets nothing that may not stand in a header', () => {
    const state = parseTracestate('foo=1');
    expect(state?.set('Bad', '1')).toBe(state);
    expect(state?.set('good', 'a,b')).toBe(state);
  });

  test('the last member makes room for a 33rd', () => {
    const text = parseTracestate(members(32))?.set('new', '1').serialize();
    expect(text).toBe(`new=1,${members(31)}`);
  });
});
