import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/index.ts';
import { encodeLine } from '../../src/storage/log-line.ts';
import { clock, damage, dataDirectory, portcullis, recordsOf, using } from './support/data.ts';

const AUDIT = 'audit-00000001.jsonl';

/** A directory with an audit log of three records, and its hashes. */
async function audited() {
  const path = await dataDirectory();
  await using(path, async (directory) => {
    const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
    await audit.record({ kind: 'limits.changed' });
    await audit.record({ kind: 'service.stopped' });
  });
  return { path, hashes: (await recordsOf(path, 'audit')).map(({ hash }) => String(hash)) };
}

describe('audit verify', () => {
  test('counts the records, and gives the head to be kept elsewhere', async () => {
    const { path, hashes } = await audited();
    expect(await portcullis('audit', 'verify', path)).toEqual({
      code: 0,
      out: ['audit: 3 records, the chain holds', `head 3:${hashes[2] ?? ''}`],
      err: [],
    });
  });

  test('names the record that was changed by somebody who got the checksum right', async () => {
    const { path } = await audited();
    const records = await recordsOf(path, 'audit');
    const lines = records.map((record, at) =>
      encodeLine(at + 1, JSON.stringify(record).replace('limits.changed', 'limits.read')),
    );
    await writeFile(join(path, AUDIT), lines.join(''));
    const { code, out, err } = await portcullis('audit', 'verify', path);
    expect([code, err]).toEqual([1, []]);
    expect(out).toEqual([expect.stringMatching(/^audit: record 2: expected content of hash /)]);
  });

  test('goes through a head that was kept', async () => {
    const { path, hashes } = await audited();
    expect(await portcullis('audit', 'verify', path, '--head', `2:${hashes[1] ?? ''}`)).toMatchObject({
      code: 0,
    });
  });

  test('finds that the end was cut off', async () => {
    const { path, hashes } = await audited();
    const text = await readFile(join(path, AUDIT), 'utf8');
    await writeFile(join(path, AUDIT), `${text.split('\n').slice(0, 2).join('\n')}\n`);
    expect(await portcullis('audit', 'verify', path)).toMatchObject({ code: 0 });
    expect(await portcullis('audit', 'verify', path, '--head', `3:${hashes[2] ?? ''}`)).toEqual({
      code: 1,
      out: ['audit: record 3: expected 3 records, got 2: the end was cut off'],
      err: [],
    });
  });

  test('finds a chain that is another one', async () => {
    const { path, hashes } = await audited();
    const other = 'f'.repeat(64);
    expect(await portcullis('audit', 'verify', path, '--head', `2:${other}`)).toEqual({
      code: 1,
      out: [`audit: record 2: expected the hash ${other} that was kept, got ${hashes[1] ?? ''}`],
      err: [],
    });
  });

  test('says where the file is damaged, and not to repair it', async () => {
    const { path } = await audited();
    await damage(path, AUDIT, 2);
    const { code, err } = await portcullis('audit', 'verify', path);
    expect(code).toBe(1);
    expect(err[0]).toMatch(
      new RegExp(`^portcullis: LOG_DAMAGED: ${path}/${AUDIT}: line 2 \\(byte \\d+\\): expected `),
    );
    expect(err[0]).toContain('An audit log is not repaired');
    expect(err[0]).not.toContain('journal repair');
  });

  test('says that there is no audit log', async () => {
    const { path } = await audited();
    expect(await portcullis('audit', 'verify', path, '--log', 'nosuch')).toMatchObject({
      code: 2,
      err: [`portcullis: FILE_UNREADABLE: ${path}: there is no log nosuch`],
    });
  });
});
