import { describe, expect, test } from 'vitest';
import { LineSplitter } from '../../src/market-data/line-splitter.ts';

describe('LineSplitter', () => {
  test('gives the lines that a chunk completes, and keeps the rest', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('one\ntwo\nth'))).toEqual(['one', 'two']);
    expect(splitter.push(Buffer.from('re'))).toEqual([]);
    expect(splitter.push(Buffer.from('e\n'))).toEqual(['three']);
    expect(splitter.end()).toEqual([]);
  });

  test('gives a last line without a newline at the end', () => {
    const splitter = new LineSplitter();
    splitter.push(Buffer.from('one\ntwo'));
    expect(splitter.end()).toEqual(['two']);
  });

  test('keeps blank lines, so that line numbers stay right', () => {
    expect(new LineSplitter().push(Buffer.from('one\n\ntwo\n'))).toEqual(['one', '', 'two']);
  });

  test('decodes a character that lies across two chunks', () => {
    const bytes = Buffer.from('币安\n');
    const splitter = new LineSplitter();
    splitter.push(bytes.subarray(0, 2));
    expect(splitter.push(bytes.subarray(2))).toEqual(['币安']);
  });

  test('takes a line of 16 MiB', () => {
    const splitter = new LineSplitter();
    splitter.push(Buffer.alloc(16 * 1024 * 1024, 'x'));
    expect(splitter.push(Buffer.from('\n'))[0]).toHaveLength(16 * 1024 * 1024);
  });

  test('refuses one byte more, before the memory is full', () => {
    const splitter = new LineSplitter();
    splitter.push(Buffer.alloc(16 * 1024 * 1024, 'x'));
    expect(() => splitter.push(Buffer.from('x'))).toThrow('expected a line of at most 16777216 bytes');
  });
});
