import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeLine, parseLine } from '../../src/storage/log-line.ts';

const LINE = '{"v":1,"seq":7,"crc":"1396086c","r":{"any":"json é"}}';

const parse = (line: string) => parseLine(Buffer.from(line));

describe('a log line', () => {
  test('is JSON with version, sequence number, checksum and the record as it is', () => {
    expect(encodeLine(7, '{"any":"json é"}')).toBe(`${LINE}\n`);
    expect(JSON.parse(LINE)).toEqual({ v: 1, seq: 7, crc: '1396086c', r: { any: 'json é' } });
  });

  test('carries the CRC-32 of sequence number, blank and record', () => {
    expect(crc32('7 {"any":"json é"}').toString(16)).toBe('1396086c');
  });

  test('gives back number and record', () => {
    expect(parse(LINE)).toEqual({ kind: 'record', seq: 7, json: Buffer.from('{"any":"json é"}') });
  });

  test('pads the checksum to eight digits', () => {
    const text = Array.from({ length: 1000 }, (_, at) => String(at)).find(
      (json) => crc32(`1 ${json}`) < 0x1000000,
    );
    expect(text).toBeDefined();
    expect(parse(encodeLine(1, text ?? '').trimEnd())).toMatchObject({ kind: 'record', seq: 1 });
  });

  test('with another record says which checksum was expected and what it got', () => {
    expect(parse(LINE.replace('any', 'amy'))).toEqual({
      kind: 'damaged',
      expected: 'checksum 1396086c',
      got: `checksum ${crc32('7 {"amy":"json é"}').toString(16).padStart(8, '0')}`,
    });
  });

  test.each([
    ['cut off in the head', LINE.slice(0, 20)],
    ['cut off in the record', LINE.slice(0, -3)],
    ['empty', ''],
    ['not JSON', 'hello'],
    ['of zeros', '\0'.repeat(100)],
    ['with a checksum in capitals', LINE.replace('1396086c', '1396086C')],
  ])('%s is damaged', (_, line) => {
    expect(parse(line)).toMatchObject({ kind: 'damaged', expected: 'a whole record line' });
  });

  test('of another version is not called damaged', () => {
    expect(parse('{"v":2,"whatever":"follows"}')).toEqual({ kind: 'foreign', version: '2' });
    expect(parse(LINE.replace('"v":1', '"v":11'))).toEqual({ kind: 'foreign', version: '11' });
  });

  test('shows no more than its first 40 bytes', () => {
    expect(parse('x'.repeat(41))).toEqual({
      kind: 'damaged',
      expected: 'a whole record line',
      got: `"${'x'.repeat(40)}"...`,
    });
  });
});
