import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AppendLog, FileAppendLog } from '../../../src/storage/index.ts';
import { encodeLine } from '../../../src/storage/log-line.ts';
import { killAfter, ScriptedFs, systemError } from '../../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const START = 'journal-start.json';
const segment = (number: number) => `journal-0000000${number}.jsonl`;

const openIn = (directory: string, fs = new ScriptedFs()) =>
  FileAppendLog.open({ directory, name: 'journal', segmentBytes: 1 }, { fs });

/** A log of five records, each in a segment of its own. */
async function fiveSegments(fs = new ScriptedFs()): Promise<{ directory: string; log: FileAppendLog }> {
  const directory = await temporaryDirectory();
  const log = await openIn(directory, fs);
  for (const record of ['a', 'b', 'c', 'd', 'e']) await log.append(record);
  return { directory, log };
}

async function seqsOf(log: AppendLog): Promise<number[]> {
  const seqs: number[] = [];
  for await (const { seq } of log.read()) seqs.push(seq);
  return seqs;
}

describe('FileAppendLog, trim', () => {
  test('removes the segments of older records, oldest first, once their end is noted for good', async () => {
    const fs = new ScriptedFs();
    const { directory, log } = await fiveSegments(fs);
    fs.calls.length = 0;
    expect(await log.trim(3)).toBe(3);
    const draft = join(directory, `${START}.draft`);
    expect(fs.calls.map(({ what, path }) => [what, path])).toEqual([
      ['remove', draft],
      ['open', draft],
      ['write', draft],
      ['datasync', draft],
      ['rename', join(directory, START)],
      ['syncDirectory', directory],
      ['remove', join(directory, segment(1))],
      ['remove', join(directory, segment(2))],
    ]);
    expect((await readdir(directory)).sort()).toEqual([segment(3), segment(4), segment(5), START]);
    expect(await readFile(join(directory, START), 'utf8')).toBe(encodeLine(3, '{"segment":3}'));
    await log.close();
  });

  test('opens again where it begins, and says so', async () => {
    const { directory, log } = await fiveSegments();
    await log.trim(4);
    await log.close();
    const reopened = await openIn(directory);
    expect(reopened.firstSeq).toBe(4);
    expect(reopened.openReport).toEqual({ records: 2, tornBytes: 0, segments: 2 });
    expect(await reopened.append('f')).toEqual({ seq: 6 });
    expect(await seqsOf(reopened)).toEqual([4, 5, 6]);
    expect(await reopened.trim(6)).toBe(6);
    await reopened.close();
    const again = await openIn(directory);
    expect(again.firstSeq).toBe(6);
    await again.close();
  });

  test.each([
    [2, 2],
    [5, 5],
    [6, 5],
    [Infinity, 5],
    [1, 1],
    [NaN, 1],
  ])('asked for everything before %d, begins at %d', async (beforeSeq, firstSeq) => {
    const { log } = await fiveSegments();
    expect(await log.trim(beforeSeq)).toBe(firstSeq);
    await log.close();
  });

  test('keeps a segment one of whose records is not older', async () => {
    const directory = await temporaryDirectory();
    const segmentBytes = 2 * encodeLine(1, '"a"').length;
    const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes });
    for (const record of ['a', 'b', 'c', 'd', 'e']) await log.append(record);
    expect(await log.trim(4)).toBe(3);
    expect(await log.trim(5)).toBe(5);
    await log.close();
  });

  test('of a log whose last segment is empty, the number that comes next is the first', async () => {
    const { directory, log } = await fiveSegments();
    await log.close();
    await writeFile(join(directory, segment(6)), '');
    const reopened = await openIn(directory);
    expect(await reopened.trim(Infinity)).toBe(6);
    await reopened.close();
    const again = await openIn(directory);
    expect([again.firstSeq, again.openReport.records]).toEqual([6, 0]);
    expect(await again.append('f')).toEqual({ seq: 6 });
    await again.close();
  });

  test('trims asked for at once go one after the other', async () => {
    const { log } = await fiveSegments();
    expect(await Promise.all([log.trim(4), log.trim(2), log.trim(5)])).toEqual([4, 4, 5]);
    await log.close();
  });

  test('keeps what somebody still has to read, and lets go of it with the next trim', async () => {
    const { log } = await fiveSegments();
    const reader = log.read(2)[Symbol.asyncIterator]();
    await reader.next();
    expect(await log.trim(5)).toBe(2);
    await reader.return?.();
    expect(await log.trim(5)).toBe(5);
    await log.close();
  });

  test('close waits for a trim under way', async () => {
    const { directory, log } = await fiveSegments();
    const trimmed = log.trim(5);
    await log.close();
    expect(await readdir(directory)).toEqual([segment(5), START]);
    expect(await trimmed).toBe(5);
  });

  test('a disk that refuses leaves the log in use, and the next trim does what is left', async () => {
    const fs = new ScriptedFs();
    const { directory, log } = await fiveSegments(fs);
    const cause = systemError('EROFS');
    fs.disturb = ({ what, path }) => {
      if (what === 'remove' && path.endsWith(segment(2))) throw cause;
      return undefined;
    };
    await expect(log.trim(4)).rejects.toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: `log ${join(directory, 'journal')}: old records were not removed: ${cause.message}`,
      cause,
    });
    fs.disturb = () => undefined;
    expect(await log.append('f')).toEqual({ seq: 6 });
    expect(await seqsOf(log)).toEqual([4, 5, 6]);
    expect(await log.trim(1)).toBe(4);
    expect((await readdir(directory)).sort()).toEqual([segment(4), segment(5), segment(6), START]);
    await log.close();
  });

  test('killed at any point: opens, holds what is not older, and has removed what it no longer counts', async () => {
    const begins: number[] = [];
    for (let calls = 0; ; calls++) {
      const fs = new ScriptedFs();
      const { directory, log } = await fiveSegments(fs);
      killAfter(fs, calls);
      const isThrough = await log.trim(4).then(
        () => true,
        () => false,
      );
      await log.close();
      const reopened = await openIn(directory);
      begins.push(reopened.firstSeq);
      expect(await seqsOf(reopened)).toEqual([1, 2, 3, 4, 5].slice(reopened.firstSeq - 1));
      const segments = (await readdir(directory)).filter((file) => file.endsWith('.jsonl'));
      expect(segments).toHaveLength(5 - reopened.firstSeq + 1);
      await reopened.close();
      if (isThrough) break;
    }
    // Calls let through: the first five end with the rename, which decides.
    expect(begins).toEqual([1, 1, 1, 1, 1, 4, 4, 4, 4, 4]);
  });
});

describe('FileAppendLog, start of a trimmed log', () => {
  const trimmed = async (): Promise<string> => {
    const { directory, log } = await fiveSegments();
    await log.trim(3);
    await log.close();
    return directory;
  };

  test.each([
    ['the first segment', [3], segment(3)],
    ['a segment in the middle', [4], segment(4)],
    ['every segment', [3, 4, 5], segment(3)],
  ])('%s lost is damage, and nothing is removed', async (_, lost, missing) => {
    const directory = await trimmed();
    for (const number of lost) await rm(join(directory, segment(number)));
    await writeFile(join(directory, segment(1)), encodeLine(1, '"a"'));
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      details: { path: join(directory, missing), expected: 'a segment of the log', got: 'no such file' },
      message: expect.stringContaining(`portcullis journal repair ${directory}`) as unknown,
    });
    expect(await readdir(directory)).toContain(segment(1));
  });

  test('a first segment that begins with another record is damage', async () => {
    const directory = await trimmed();
    await writeFile(join(directory, START), encodeLine(2, '{"segment":3}'));
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      details: { path: join(directory, segment(3)), line: 1, expected: 'sequence number 2', got: '3' },
    });
  });

  test('the note of the start lost is damage', async () => {
    const directory = await trimmed();
    await rm(join(directory, START));
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
      details: { path: join(directory, segment(1)) },
    });
  });

  test.each([
    ['changed', encodeLine(3, '{"segment":4}').replace('4', '3'), 'LOG_DAMAGED'],
    ['cut off', encodeLine(3, '{"segment":3}').slice(0, 20), 'LOG_DAMAGED'],
    ['empty', '', 'LOG_DAMAGED'],
    ['of another version', '{"v":2,"start":3}\n', 'FORMAT_UNSUPPORTED'],
  ])('a note that is %s is refused', async (_, text, code) => {
    const directory = await trimmed();
    await writeFile(join(directory, START), text);
    await expect(openIn(directory)).rejects.toMatchObject({
      code,
      details: { path: join(directory, START) },
    });
  });
});
