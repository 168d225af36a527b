import { describe, expect, test } from 'vitest';
import { LineWriter } from '../../src/telemetry/line-writer.ts';

type Answer = number | string;

/** A descriptor that takes what its script says: everything, so many bytes, or an error of this code. */
function writing(bufferBytes: number, script: Answer[] = []) {
  const taken: string[] = [];
  const writer = new LineWriter(7, bufferBytes, {
    writeSync: (fd, bytes) => {
      expect(fd).toBe(7);
      const answer = script.shift() ?? 'all';
      if (typeof answer === 'string' && answer !== 'all')
        throw Object.assign(new Error(answer), { code: answer });
      const count = answer === 'all' ? bytes.length : answer;
      taken.push(bytes.subarray(0, count).toString());
      return count;
    },
  });
  return { writer, taken };
}

describe('LineWriter', () => {
  test('writes each line at once without a buffer', () => {
    const { writer, taken } = writing(0);
    writer.write('a\n');
    writer.write('b\n');
    expect(taken).toEqual(['a\n', 'b\n']);
  });

  test('collects until the buffer is full, or flushed', () => {
    const { writer, taken } = writing(4);
    writer.write('ab\n');
    expect(taken).toEqual([]);
    writer.write('cd\n');
    expect(taken).toEqual(['ab\ncd\n']);
    writer.write('e\n');
    writer.flushSync();
    writer.flushSync();
    expect(taken).toEqual(['ab\ncd\n', 'e\n']);
  });

  test('writes the rest of what was taken in part, in the middle of a character too', () => {
    const { writer, taken } = writing(0, [3]);
    writer.write('aé€\n');
    expect(Buffer.concat(taken.map((text) => Buffer.from(text))).toString()).toBe('aé€\n');
    expect([taken.length, writer.lost]).toEqual([2, 0]);
  });

  test('waits a little for a pipe that is full', () => {
    const { writer, taken } = writing(0, ['EAGAIN', 'EBUSY']);
    writer.write('a\n');
    expect([taken, writer.lost]).toEqual([['a\n'], 0]);
  });

  test('keeps for later what a reader that stands still does not take', () => {
    const { writer, taken } = writing(
      0,
      Array.from({ length: 41 }, () => 'EAGAIN'),
    );
    writer.write('a\n');
    expect([taken, writer.lost]).toEqual([[], 0]);
    writer.write('b\n');
    expect([taken, writer.lost]).toEqual([['a\nb\n'], 0]);
  });

  test('waits once for a reader that stands still, and again only when it has read', () => {
    const busy = (count: number) => Array.from({ length: count }, () => 'EAGAIN');
    const script = [...busy(41), ...busy(1), 'all', ...busy(2), 'all'];
    const { writer, taken } = writing(0, script);
    writer.write('a\n');
    expect(script).toHaveLength(5);
    writer.write('b\n');
    expect([script.length, taken]).toEqual([4, []]);
    writer.write('c\n');
    expect([script.length, taken]).toEqual([3, ['a\nb\nc\n']]);
    writer.write('d\n');
    expect([script.length, taken.at(-1)]).toEqual([0, 'd\n']);
  });

  test('keeps no more than a mebibyte or so, and counts the lines beyond', () => {
    const { writer } = writing(
      0,
      Array.from({ length: 82 }, () => 'EAGAIN'),
    );
    writer.write(`${'x'.repeat(1_048_577)}\n`);
    writer.write('b\n');
    expect(writer.lost).toBe(1);
  });

  test.each(['EPIPE', 'ENOSPC', 'EBADF'])(
    '%s loses the lines, counts them, and goes on with the next',
    (code) => {
      const { writer, taken } = writing(100, [code]);
      writer.write('a\n');
      writer.write('b\n');
      writer.flushSync();
      expect([taken, writer.lost]).toEqual([[], 2]);
      writer.write('c\n');
      writer.flushSync();
      expect([taken, writer.lost]).toEqual([['c\n'], 2]);
    },
  );
});
