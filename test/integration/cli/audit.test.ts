import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AuditLog, headSigner } from '../../../src/audit/index.ts';
import { newSigningKeys } from '../../../src/core/index.ts';
import { encodeLine } from '../../../src/storage/log-line.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { clock, damage, dataDirectory, portcullis, recordsOf, using } from '../../cli/support/data.ts';

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

/** The same directory, with a signed head as its fourth record and a fifth behind it, and the files that a person would have. */
async function signed() {
  const { path } = await audited();
  const keys = newSigningKeys();
  await using(path, async (directory) => {
    const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
    await audit.signHead(headSigner(keys.privateKey));
  });
  const kept = (await recordsOf(path, 'audit'))[3]?.['details'];
  const files = await temporaryDirectory();
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(files, name), text);
    return join(files, name);
  };
  const record = () =>
    using(path, async (directory) => {
      await (await AuditLog.open(await directory.openLog('audit'), { clock })).record({ kind: 'more' });
    });
  return { path, kept, write, record, key: await write('desk.pub', keys.publicKey) };
}

describe('audit verify --public-key', () => {
  test('says who has signed how much, and what nobody has signed', async () => {
    const { path, key, record } = await signed();
    const lines = [
      'audit: 4 records, the chain holds',
      'audit: signed by desk.pub up to record 3, at 2026-01-02T12:00:00.000Z',
    ];
    const { code, out } = await portcullis('audit', 'verify', path, '--public-key', key);
    expect([code, out]).toEqual([0, [...lines, expect.stringMatching(/^head 4:/)]]);
    await record();
    const more = await portcullis('audit', 'verify', path, '--public-key', key);
    expect(more.out[2]).toBe('audit: nobody has signed the 2 records behind it');
  });

  test('takes several keys, and says when none of them has signed', async () => {
    const { path, key, write } = await signed();
    const other = await write('old.pub', newSigningKeys().publicKey);
    const both = await portcullis('audit', 'verify', path, '--public-key', `${other},${key}`);
    expect(both.out[1]).toContain('signed by desk.pub');
    expect(await portcullis('audit', 'verify', path, '--public-key', other)).toEqual({
      code: 1,
      out: ['audit: record 1: expected a head signed by old.pub, found none'],
      err: [],
    });
  });

  test('refuses a file that is no public key, or not there', async () => {
    const { path, write } = await signed();
    const file = await write('key.pub', newSigningKeys().privateKey);
    expect(await portcullis('audit', 'verify', path, '--public-key', file)).toEqual({
      code: 2,
      out: [],
      err: [`portcullis: INPUT_INVALID: ${file}: expected a public Ed25519 key as PEM`],
    });
    expect(await portcullis('audit', 'verify', path, '--public-key', `${file}.no`)).toMatchObject({
      code: 2,
      err: [expect.stringMatching(/^portcullis: FILE_UNREADABLE: .*key\.pub\.no: ENOENT/)],
    });
  });
});

describe('audit head', () => {
  test('prints the last signed head, which verify takes from a file', async () => {
    const { path, kept, write, key } = await signed();
    const { code, out, err } = await portcullis('audit', 'head', path);
    expect([code, out.map((line) => JSON.parse(line) as unknown), err]).toEqual([0, [kept], []]);
    const file = await write('head.json', `${out[0] ?? ''}\n`);
    expect(await portcullis('audit', 'verify', path, '--head', file, '--public-key', key)).toMatchObject({
      code: 0,
    });
    const unchecked = await portcullis('audit', 'verify', path, '--head', file);
    expect([unchecked.code, unchecked.out[0]]).toEqual([
      0,
      'the signature of the head is not checked: give --public-key',
    ]);
  });

  test('prints SEQ:HASH where nothing is signed, which verify takes from a file as well', async () => {
    const { path, hashes } = await audited();
    const { out } = await portcullis('audit', 'head', path);
    expect(out).toEqual([`3:${hashes[2] ?? ''}`]);
    const file = join(await temporaryDirectory(), 'head');
    await writeFile(file, out.join('\n'));
    expect(await portcullis('audit', 'verify', path, '--head', file)).toMatchObject({ code: 0 });
  });

  test('gives none of a chain that is broken', async () => {
    const { path } = await audited();
    const records = await recordsOf(path, 'audit');
    const lines = records.toSpliced(1, 1).map((record, at) => encodeLine(at + 1, JSON.stringify(record)));
    await writeFile(join(path, AUDIT), lines.join(''));
    expect(await portcullis('audit', 'head', path)).toEqual({
      code: 1,
      out: [],
      err: ['audit: record 2: expected record 2, got 3'],
    });
  });

  test('says what was cut off where errors go, so that the answer stays a file', async () => {
    const { path, kept } = await signed();
    await appendFile(join(path, AUDIT), '{"v":1');
    const { out, err } = await portcullis('audit', 'head', path);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([kept]);
    expect(err).toEqual([expect.stringContaining('a last record was cut off')]);
  });

  test.each(['{"version":1}', 'nonsense'])('verify refuses a file that holds %j', async (text) => {
    const { path, write } = await signed();
    const file = await write('head.json', text);
    const { code, err } = await portcullis('audit', 'verify', path, '--head', file);
    expect([code, err[0]]).toEqual([2, expect.stringContaining(`INPUT_INVALID: ${file}: signed head: `)]);
  });
});

describe('an audit log whose beginning was removed', () => {
  test('takes a trip of the kill switch, verifies by its signature, and says where it begins', async () => {
    const { path, write, record } = await signed();
    const keys = newSigningKeys();
    const key = await write('new.pub', keys.publicKey);
    await using(path, async (directory) => {
      const log = await directory.openLog('audit', { segmentBytes: 1 });
      const audit = await AuditLog.open(log, { clock });
      await audit.record({ kind: 'more' });
      await audit.signHead(headSigner(keys.privateKey));
      await log.trim(5);
    });
    await expect(record()).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    const who = ['--scope', 'firm', '--to', 'reducing', '--by', 'mira', '--reason', 'r'];
    expect(await portcullis('kill-switch', 'trip', path, ...who)).toMatchObject({ code: 0 });
    const { out } = await portcullis('audit', 'verify', path, '--public-key', key);
    expect(out.slice(0, 3)).toEqual([
      'audit: 3 records from 5 on, the chain holds',
      'audit: signed by new.pub up to record 5, at 2026-01-02T12:00:00.000Z',
      'audit: nobody has signed the 2 records behind it',
    ]);
    expect(await portcullis('audit', 'verify', path)).toMatchObject({ code: 1 });
    expect((await portcullis('audit', 'head', path)).out[0]).toContain('"seq":5');
  });
});
