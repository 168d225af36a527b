import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type AuditRecord,
  FileAuditSink,
  type FileAuditSinkOptions,
  verifyAudit,
} from '../../../src/audit/index.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { DataDirectory } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { forge, signedChain, START_MS, trusted } from '../../audit/support/audit-world.ts';

const clock = new ManualClock(START_MS);

/** An archive that is not there yet, and what it holds once it is closed. */
async function archive(options: Partial<FileAuditSinkOptions> = {}) {
  const directory = join(await temporaryDirectory(), 'archive');
  const sink = new FileAuditSink({ directory, ...options }, { clock });
  const held = async () => {
    await sink.close();
    const opened = await DataDirectory.open(directory, { clock });
    const log = await opened.openLog('audit');
    const verdict = await verifyAudit(log, { publicKeys: trusted });
    const seqs: number[] = [];
    for await (const { seq } of log.read()) seqs.push(seq);
    await opened.close();
    return { seqs, verdict };
  };
  return { directory, sink, held };
}

describe('FileAuditSink', () => {
  test('makes a log that verifies as the log itself does', async () => {
    const records = await signedChain('ab*cd*');
    const { sink, held } = await archive();
    await sink.ship([]);
    await sink.ship(records.slice(0, 2));
    await sink.ship(records.slice(2));
    const { verdict } = await held();
    expect(verdict).toMatchObject({ ok: true, records: 6, attested: { seq: 5, by: 'ada' } });
  });

  test('keeps once what comes again, also after a restart', async () => {
    const records = await signedChain('ab*cd*');
    const { sink, held } = await archive();
    await sink.ship(records.slice(0, 4));
    await sink.ship(records.slice(2, 5));
    await sink.close();
    await sink.ship(records);
    await sink.ship(records.slice(0, 1));
    expect((await held()).seqs).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('begins with the first record that comes', async () => {
    const records = await signedChain('ab*cd*');
    const { sink, held } = await archive();
    await sink.ship(records.slice(3, 4));
    await sink.close();
    await sink.ship(records.slice(4));
    const { seqs, verdict } = await held();
    expect(seqs).toEqual([4, 5, 6]);
    expect(verdict).toMatchObject({ ok: true, firstSeq: 4 });
  });

  test.each<[string, (records: AuditRecord[]) => AuditRecord[], RegExp]>([
    [
      'a gap',
      (records) => records.slice(3),
      /^audit archive: record 4 of hash \w+ contradicts .* ends with record 2 of hash/,
    ],
    [
      'another chain',
      (records) => forge(records, 0, (r) => ({ ...r, timeMs: 1 })).slice(2),
      /record 3 .* ends with record 2/,
    ],
    [
      'another record that it has',
      (records) => forge(records, 1, (r) => ({ ...r, timeMs: 1 })),
      /record 2 .* it has the hash/,
    ],
  ])('refuses %s, keeps nothing of it, and takes what fits afterwards', async (_, wrong, why) => {
    const records = await signedChain('ab*cd*');
    const { sink, held } = await archive();
    await sink.ship(records.slice(0, 2));
    await expect(sink.ship(wrong(records))).rejects.toMatchObject({
      code: 'AUDIT_CHAIN_BROKEN',
      message: expect.stringMatching(why) as unknown,
    });
    await sink.ship(records.slice(2));
    expect((await held()).seqs).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('waits for a directory that another process holds', async () => {
    const { sink, directory, held } = await archive();
    const other = await DataDirectory.open(directory, { clock });
    const records = await signedChain('a*');
    await expect(sink.ship(records)).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
    await other.close();
    await sink.ship(records);
    expect((await held()).seqs).toEqual([1, 2]);
  });

  test('goes on behind a record whose write was cut off', async () => {
    const { sink, directory, held } = await archive();
    const records = await signedChain('ab*');
    await sink.ship(records.slice(0, 2));
    await sink.close();
    await appendFile(join(directory, 'audit-00000001.jsonl'), '{"v":1,"seq":3');
    await sink.ship(records.slice(1));
    expect((await held()).seqs).toEqual([1, 2, 3]);
  });

  test('says that the archive is damaged, and lets go of it', async () => {
    const { sink, directory } = await archive({ log: 'audit', segmentBytes: 1 });
    const records = await signedChain('ab*');
    await sink.ship(records.slice(0, 1));
    await sink.ship(records.slice(1, 2));
    await sink.close();
    const path = join(directory, 'audit-00000001.jsonl');
    const text = await readFile(path, 'utf8');
    await appendFile(path, text);
    await expect(sink.ship(records)).rejects.toMatchObject({ code: 'LOG_DAMAGED' });
    await (await DataDirectory.open(directory, { clock })).close();
  });

  test('has a name of its own, and refuses one that is none', () => {
    expect(new FileAuditSink({ directory: 'x' }, { clock }).name).toBe('file');
    expect(new FileAuditSink({ directory: 'x', name: 'mirror' }, { clock }).name).toBe('mirror');
    expect(() => new FileAuditSink({ directory: 'x', name: 'A b' }, { clock })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
