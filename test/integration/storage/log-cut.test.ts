import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { FileAppendLog, type LogEntry } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const files = async (directory: string): Promise<string[]> => (await readdir(directory)).sort();
async function entries(log: FileAppendLog): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for await (const entry of log.read()) found.push(entry);
  return found;
}

describe('FileAppendLog.startSegment', () => {
  test('puts the next record into a file of its own, once', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit' });
    await log.append('a');
    log.startSegment();
    log.startSegment();
    expect(await files(directory)).toEqual(['audit-00000001.jsonl']);
    await log.append('b');
    await log.append('c');
    expect(await files(directory)).toEqual(['audit-00000001.jsonl', 'audit-00000002.jsonl']);
    expect(await log.trim(2)).toBe(2);
    await log.close();
    const again = await FileAppendLog.open({ directory, name: 'audit' });
    expect(await entries(again)).toEqual([
      { seq: 2, record: 'b' },
      { seq: 3, record: 'c' },
    ]);
    await again.close();
  });

  test('does nothing to a file without a record', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit' });
    log.startSegment();
    await log.append('a');
    expect(await files(directory)).toEqual(['audit-00000001.jsonl']);
    await log.close();
  });
});

describe('FileAppendLog with firstSeq', () => {
  test('begins a new log there, and it is whole when it is opened again', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit', firstSeq: 8 });
    expect([log.firstSeq, log.openReport.records]).toEqual([8, 0]);
    expect(await log.append('h')).toEqual({ seq: 8 });
    await log.close();
    const again = await FileAppendLog.open({ directory, name: 'audit' });
    expect(await entries(again)).toEqual([{ seq: 8, record: 'h' }]);
    await again.close();
  });

  test('leaves a log alone that is there', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit' });
    await log.append('a');
    await log.close();
    const again = await FileAppendLog.open({ directory, name: 'audit', firstSeq: 8 });
    expect(await again.append('b')).toEqual({ seq: 2 });
    await again.close();
  });

  test('begins there also when it was killed before the first file', async () => {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit', firstSeq: 8 });
    await log.close();
    const again = await FileAppendLog.open({ directory, name: 'audit', firstSeq: 8 });
    expect(await again.append('h')).toEqual({ seq: 8 });
    await again.close();
  });
});
