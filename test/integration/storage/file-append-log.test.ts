import { copyFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type AppendLog, FileAppendLog, type LogEntry } from '../../../src/storage/index.ts';
import { encodeLine } from '../../../src/storage/log-line.ts';
import { ScriptedFs, systemError } from '../../storage/support/scripted-fs.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const GOLDEN = fileURLToPath(new URL('../../storage/golden/', import.meta.url));
const GOLDEN_RECORDS = [
  { state: 'submitting', intent: { id: 'i-1', quantity: '0.001' } },
  'text with "quotes", é, 💰 and \u2028',
  [1, null, true, -0.5],
  {},
  0,
];

const SEGMENT_1 = 'journal-00000001.jsonl';
const SEGMENT_2 = 'journal-00000002.jsonl';

async function readAll(log: AppendLog, fromSeq?: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of log.read(fromSeq)) entries.push(entry);
  return entries;
}

/** A closed log with these records in one segment. */
async function logWith(...records: unknown[]): Promise<{ directory: string; path: string; text: string }> {
  const directory = await temporaryDirectory();
  const path = join(directory, SEGMENT_1);
  const text = records.map((record, at) => encodeLine(at + 1, JSON.stringify(record))).join('');
  await writeFile(path, text);
  return { directory, path, text };
}

const openIn = (directory: string, fs = new ScriptedFs()) =>
  FileAppendLog.open({ directory, name: 'journal' }, { fs });

describe('FileAppendLog, format', () => {
  test('reads the golden files of version 1', async () => {
    const directory = await temporaryDirectory();
    for (const file of ['log-v1-00000001.jsonl', 'log-v1-00000002.jsonl']) {
      await copyFile(join(GOLDEN, file), join(directory, file));
    }
    const log = await FileAppendLog.open({ directory, name: 'log-v1' });
    expect(log.openReport).toEqual({ records: 5, tornBytes: 0, segments: 2 });
    expect((await readAll(log)).map(({ record }) => record)).toEqual(GOLDEN_RECORDS);
    await log.close();
  });

  test('writes the golden files of version 1, byte by byte', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'log-v1', segmentBytes: 235 });
    for (const record of GOLDEN_RECORDS) await log.append(record);
    await log.close();
    for (const file of ['log-v1-00000001.jsonl', 'log-v1-00000002.jsonl']) {
      expect(await readFile(join(directory, file), 'utf8')).toBe(await readFile(join(GOLDEN, file), 'utf8'));
    }
  });

  test('creates the directory and an empty first segment', async () => {
    const directory = join(await temporaryDirectory(), 'deep', 'down');
    const log = await openIn(directory);
    expect(log.openReport).toEqual({ records: 0, tornBytes: 0, segments: 1 });
    expect(await readdir(directory)).toEqual([SEGMENT_1]);
    await log.close();
  });

  test('leaves logs alone whose names begin alike', async () => {
    const { directory } = await logWith('mine');
    await writeFile(join(directory, 'journal-2-00000001.jsonl'), 'not mine');
    await writeFile(join(directory, 'journal-0000001.jsonl'), 'no segment');
    const log = await openIn(directory);
    expect(log.openReport).toEqual({ records: 1, tornBytes: 0, segments: 1 });
    await log.close();
  });

  test.each([
    [{ directory: '', name: 'journal' }, 'directory'],
    [{ directory: 'x', name: '../journal' }, 'name'],
    [{ directory: 'x', name: 'Journal' }, 'name'],
    [{ directory: 'x', name: 'journal', segmentBytes: 0 }, 'segmentBytes'],
    [{ directory: 'x', name: 'journal', durability: 'none' }, 'durability'],
  ])('refuses the options %j', async (options, field) => {
    await expect(FileAppendLog.open(options)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(field) as unknown,
    });
  });
});

describe('FileAppendLog, group commit', () => {
  test('one record takes one write and one sync', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    await log.append('a');
    expect([fs.count('write'), fs.count('datasync')]).toEqual([1, 1]);
    await log.close();
  });

  test('a hundred records of one tick share one sync', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    await Promise.all(Array.from({ length: 100 }, (_, at) => log.append({ at })));
    expect([fs.count('write'), fs.count('datasync')]).toEqual([1, 1]);
    await log.close();
  });

  test('what arrives during a sync goes out together after it', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    const gate = Promise.withResolvers<undefined>();
    const syncing = new Promise<void>((resolve) => {
      fs.disturb = ({ what }) => {
        if (what !== 'datasync') return undefined;
        resolve();
        return gate.promise;
      };
    });
    const first = log.append('first');
    await syncing;
    const later = Array.from({ length: 99 }, (_, at) => log.append({ at }));
    expect(log.pending).toBe(100);
    gate.resolve(undefined);
    await Promise.all([first, ...later]);
    expect([fs.count('write'), fs.count('datasync')]).toEqual([2, 2]);
    await log.close();
  });

  test('a record resolves only after its sync', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    const steps: string[] = [];
    fs.disturb = async ({ what }) => {
      await Promise.resolve();
      steps.push(what);
      return undefined;
    };
    await log.append('a').then(() => steps.push('resolved'));
    expect(steps).toEqual(['write', 'datasync', 'resolved']);
    await log.close();
  });

  test('splits a batch that would be long to encode', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    const megabyte = 'x'.repeat(1024 * 1024);
    await Promise.all([log.append(megabyte), log.append('small'), log.append('small')]);
    expect(fs.count('write')).toBe(2);
    expect(await readAll(log)).toHaveLength(3);
    await log.close();
  });
});

describe('FileAppendLog, segments', () => {
  test('begins a new segment once the last has reached its size, and syncs its name before the record', async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const bytes = encodeLine(1, '"a"').length;
    const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes: bytes }, { fs });
    await log.append('a');
    expect(await readdir(directory)).toEqual([SEGMENT_1]);
    fs.calls.length = 0;
    await log.append('b');
    expect(fs.calls.map(({ what, path }) => [what, path])).toEqual([
      ['open', join(directory, SEGMENT_2)],
      ['syncDirectory', directory],
      ['write', join(directory, SEGMENT_2)],
      ['datasync', join(directory, SEGMENT_2)],
    ]);
    await log.close();
  });

  test('goes on in a last segment that is not full', async () => {
    const directory = await temporaryDirectory();
    const options = { directory, name: 'journal', segmentBytes: encodeLine(1, '"a"').length + 1 };
    for (const record of ['a', 'b', 'c']) {
      const log = await FileAppendLog.open(options);
      await log.append(record);
      await log.close();
    }
    const log = await FileAppendLog.open(options);
    expect(log.openReport).toEqual({ records: 3, tornBytes: 0, segments: 2 });
    expect((await readAll(log)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await log.close();
  });

  test('reads only the segments that hold what was asked for', async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'journal', segmentBytes: 1 }, { fs });
    for (const record of ['a', 'b', 'c', 'd']) await log.append(record);
    fs.calls.length = 0;
    expect(await readAll(log, 3)).toEqual([
      { seq: 3, record: 'c' },
      { seq: 4, record: 'd' },
    ]);
    expect(fs.count('open')).toBe(2);
    await log.close();
  });

  test('a segment made just before a crash, still empty, is used', async () => {
    const { directory } = await logWith('a');
    await writeFile(join(directory, SEGMENT_2), '');
    const log = await openIn(directory);
    expect(log.openReport).toEqual({ records: 1, tornBytes: 0, segments: 2 });
    await log.append('b');
    expect(await readFile(join(directory, SEGMENT_2), 'utf8')).toBe(encodeLine(2, '"b"'));
    await log.close();
  });

  test('reads lines across the chunks in which the file is read', async () => {
    const records = ['x'.repeat(300_000), 'y'.repeat(262_144), 'z'];
    const { directory } = await logWith(...records);
    const log = await openIn(directory);
    expect((await readAll(log)).map(({ record }) => record)).toEqual(records);
    await log.close();
  });

  test('reads what was durable when the reading began', async () => {
    const { directory } = await logWith('a', 'b');
    const log = await openIn(directory);
    const seen: unknown[] = [];
    for await (const { record } of log.read()) {
      seen.push(record);
      await log.append('later');
    }
    expect(seen).toEqual(['a', 'b']);
    await log.close();
  });

  test('a reader may stop early', async () => {
    const { directory } = await logWith('a', 'b');
    const log = await openIn(directory);
    for await (const { record } of log.read()) {
      expect(record).toBe('a');
      break;
    }
    await log.close();
  });
});

describe('FileAppendLog, torn tail', () => {
  test.each([
    ['half a line', (line: string) => line.slice(0, line.length / 2)],
    ['a line without its newline', (line: string) => line.slice(0, -1)],
    ['a line with a bad checksum', (line: string) => line.replace('torn', 'worn')],
    ['zeros', () => '\0'.repeat(5000)],
  ])('%s at the very end is removed and reported', async (_, tear) => {
    const { directory, path, text } = await logWith('a', 'b');
    const tail = tear(encodeLine(3, '"torn"'));
    await writeFile(path, text + tail);
    const log = await openIn(directory);
    expect(log.openReport).toEqual({ records: 2, tornBytes: tail.length, segments: 1 });
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(await log.append('c')).toEqual({ seq: 3 });
    await log.close();
  });

  test('a first record that was torn leaves an empty log', async () => {
    const { directory, path, text } = await logWith('a');
    await truncate(path, text.length - 2);
    const log = await openIn(directory);
    expect(log.openReport).toEqual({ records: 0, tornBytes: text.length - 2, segments: 1 });
    await log.close();
  });

  test('makes durable what it is about to believe', async () => {
    const fs = new ScriptedFs();
    const { directory, path } = await logWith('written, but perhaps not synced');
    await (await openIn(directory, fs)).close();
    expect(fs.calls).toEqual([
      { what: 'open', path, bytes: 0 },
      { what: 'datasync', path, bytes: 0 },
    ]);
  });
});

describe('FileAppendLog, damage', () => {
  const refusal = (path: string, line: number, offset: number, expected: string, got: string) => ({
    code: 'LOG_DAMAGED',
    message:
      `${path}: line ${line} (byte ${offset}): expected ${expected}, got ${got}. Restore the log from a copy. Or keep ` +
      `every record that is whole, the damaged files moved aside, with: portcullis journal repair ${dirname(path)}`,
    details: { path, line, offset, expected, got },
  });

  test('a record in the middle that was changed is refused, and the file left as it is', async () => {
    const { directory, path, text } = await logWith('a', 'b', 'c');
    const damaged = text.replace('"b"', '"x"');
    await writeFile(path, damaged);
    const [, crc = ''] = /"seq":2,"crc":"(\w+)"/.exec(text) ?? [];
    const [, crcNow = ''] = /"crc":"(\w+)"/.exec(encodeLine(2, '"x"')) ?? [];
    await expect(openIn(directory)).rejects.toMatchObject(
      refusal(path, 2, encodeLine(1, '"a"').length, `checksum ${crc}`, `checksum ${crcNow}`),
    );
    expect(await readFile(path, 'utf8')).toBe(damaged);
  });

  test('the command in the message is one that a shell takes, whatever the directory is called', async () => {
    const directory = join(await temporaryDirectory(), "it's here");
    await mkdir(directory);
    await writeFile(join(directory, SEGMENT_1), 'bad\nbad\n');
    await expect(openIn(directory)).rejects.toMatchObject({
      message: expect.stringMatching(/: portcullis journal repair '\/.*\/it'\\''s here'$/) as unknown,
    });
  });

  test('the newline before the last record damaged is not taken for one torn record', async () => {
    const { directory, path, text } = await logWith(
      'a',
      { v: 1, seq: 3, nested: { v: 1, seq: 3, x: 1 } },
      'c',
    );
    const newline = text.lastIndexOf('\n', text.length - 2);
    await writeFile(path, `${text.slice(0, newline)} ${text.slice(newline + 1)}`);
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'LOG_DAMAGED', details: { line: 2 } });
  });

  test('a torn record that holds what looks like the next one is still torn', async () => {
    const { directory, path } = await logWith('a', { v: 1, seq: 2 });
    const text =
      encodeLine(1, '"a"') + encodeLine(2, '{"v":1,"seq":3,"x":[{"v":1,"seq":3,"y":1}]}').slice(0, -2);
    await writeFile(path, text);
    const log = await openIn(directory);
    expect(log.openReport.records).toBe(1);
    await log.close();
  });

  test('a missing record is refused', async () => {
    const { directory, path } = await logWith();
    await writeFile(path, encodeLine(1, '"a"') + encodeLine(3, '"c"') + encodeLine(4, '"d"'));
    await expect(openIn(directory)).rejects.toMatchObject(
      refusal(path, 2, encodeLine(1, '"a"').length, 'sequence number 2', '3'),
    );
  });

  test('a last record of the wrong number is refused, not taken for torn', async () => {
    const { directory, path } = await logWith();
    await writeFile(path, encodeLine(1, '"a"') + encodeLine(1, '"a"'));
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
  });

  test('two bad lines at the end are more than a torn write', async () => {
    const { directory, path, text } = await logWith('a');
    await writeFile(path, `${text}bad\nbad\n`);
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'LOG_DAMAGED', details: { line: 2 } });
  });

  test('a bad end of a segment that has a successor is refused', async () => {
    const { directory, path, text } = await logWith('a', 'b');
    await writeFile(path, text.slice(0, -1));
    await writeFile(join(directory, SEGMENT_2), encodeLine(3, '"c"'));
    await expect(openIn(directory)).rejects.toMatchObject(
      refusal(
        path,
        2,
        encodeLine(1, '"a"').length,
        'a newline at the end of the record',
        'the end of the file',
      ),
    );
  });

  test.each([
    ['the first', [SEGMENT_2], SEGMENT_1],
    ['the first, the next one empty', [], SEGMENT_1],
    ['one in the middle', [SEGMENT_1, 'journal-00000003.jsonl'], SEGMENT_2],
  ])('a missing segment is refused: %s', async (_, files, missing) => {
    const directory = await temporaryDirectory();
    if (files.length === 0) await writeFile(join(directory, SEGMENT_2), '');
    for (const file of files) {
      const seq = Number(file.at(-7));
      await writeFile(join(directory, file), encodeLine(seq, '"a"'));
    }
    await expect(openIn(directory)).rejects.toMatchObject(
      refusal(join(directory, missing), 1, 0, 'a segment of the log', 'no such file'),
    );
  });

  test('a record of another version is refused as such, also at the very end', async () => {
    const { directory, path, text } = await logWith('a');
    await writeFile(path, `${text}{"v":2,"new":"shape"}\n`);
    await expect(openIn(directory)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `${path}: line 2 (byte ${text.length}): expected version 1, got 2`,
    });
  });

  test('damage done since the log was opened is found by the reader', async () => {
    const { directory, path, text } = await logWith('a', 'b');
    const log = await openIn(directory);
    await writeFile(path, text.replace('"b"', '"x"'));
    await expect(readAll(log)).rejects.toMatchObject({ code: 'LOG_DAMAGED', details: { line: 2 } });
    await log.close();
  });

  test('a file cut short since the log was opened is found by the reader', async () => {
    const { directory, path, text } = await logWith('a', 'b');
    const log = await openIn(directory);
    await truncate(path, text.length - 3);
    await expect(readAll(log)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    await log.close();
  });

  test('whole records missing at the end since the log was opened are found by the reader', async () => {
    const { directory, path } = await logWith('a', 'b');
    const log = await openIn(directory);
    const bytes = encodeLine(1, '"a"').length;
    await truncate(path, bytes);
    await expect(readAll(log)).rejects.toMatchObject(
      refusal(path, 2, bytes, `${2 * bytes} bytes`, `${bytes} bytes`),
    );
    await log.close();
  });
});

describe('FileAppendLog, disk that refuses', () => {
  test('finishes a short write', async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const log = await openIn(directory, fs);
    fs.disturb = ({ what }) => (what === 'write' ? 7 : undefined);
    await log.append('in sevens');
    const line = encodeLine(1, '"in sevens"');
    expect(await readFile(join(directory, SEGMENT_1), 'utf8')).toBe(line);
    expect([fs.count('write'), fs.count('datasync')]).toEqual([Math.ceil(line.length / 7), 1]);
    await log.close();
  });

  test('does not try for ever when the disk takes nothing', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    fs.disturb = ({ what }) => (what === 'write' ? 0 : undefined);
    await expect(log.append('a')).rejects.toMatchObject({
      code: 'LOG_WRITE_FAILED',
      message: expect.stringContaining('the disk took no bytes') as unknown,
    });
    await log.close();
  });

  test('a disk that fills up in the middle of a batch leaves nothing of the batch', async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const log = await openIn(directory, fs);
    await log.append('durable');
    let left = 60; // bytes: one whole line and a part of the next
    fs.disturb = ({ what, bytes }) => {
      if (what !== 'write') return undefined;
      if (left === 0) throw systemError('ENOSPC');
      const allowed = Math.min(bytes, left);
      left -= allowed;
      return allowed;
    };
    const cause = systemError('ENOSPC');
    const results = await Promise.allSettled([log.append('b'), log.append('c'), log.append('d')]);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'LOG_WRITE_FAILED',
          message:
            `log ${join(directory, 'journal')}: record 2 was not written: ${cause.message}. Nothing is written after ` +
            'it; close the log and open it again once the disk is well',
          cause,
        },
      });
    }
    expect(await readFile(join(directory, SEGMENT_1), 'utf8')).toBe(encodeLine(1, '"durable"'));
    await log.close();
  });

  test('writes nothing after a failure, though the disk is well again', async () => {
    const fs = new ScriptedFs();
    const directory = await temporaryDirectory();
    const log = await openIn(directory, fs);
    fs.disturb = ({ what }) => {
      if (what !== 'datasync') return undefined;
      fs.disturb = () => undefined;
      throw systemError('EIO');
    };
    await expect(log.append('a')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await expect(log.append('b')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await log.flush();
    await log.close();
    expect((await stat(join(directory, SEGMENT_1))).size).toBe(0);
    const reopened = await openIn(directory);
    expect(await reopened.append('c')).toEqual({ seq: 1 });
    await reopened.close();
  });

  test('a failure while closing refuses what was pending and still closes', async () => {
    const fs = new ScriptedFs();
    const log = await openIn(await temporaryDirectory(), fs);
    fs.disturb = ({ what }) => {
      if (what === 'write') throw systemError('EROFS');
      return undefined;
    };
    const refused = expect(log.append('a')).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(log.isClosed).toBe(false);
    await log.close();
    await refused;
    expect(log.isClosed).toBe(true);
    await expect(log.append('b')).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });

  test.each(['open', 'syncDirectory'] as const)(
    'a new log whose %s fails cannot be opened',
    async (refused) => {
      const fs = new ScriptedFs();
      const directory = await temporaryDirectory();
      fs.disturb = ({ what }) => {
        if (what === refused) throw systemError('EROFS');
        return undefined;
      };
      await expect(openIn(directory, fs)).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
        message: `log ${join(directory, 'journal')} cannot be opened: EROFS: the test said so`,
      });
    },
  );

  test('a torn tail that cannot be removed is an error, not a hole', async () => {
    const fs = new ScriptedFs();
    const { directory, path, text } = await logWith('a');
    await writeFile(path, `${text}{"v":1`);
    fs.disturb = ({ what }) => {
      if (what === 'truncate') throw systemError('EROFS');
      return undefined;
    };
    await expect(openIn(directory, fs)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await rm(path);
  });

  test('a file in place of the directory is an error that names it', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    await expect(openIn(path)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await mkdir(`${path}-2`);
  });
});
