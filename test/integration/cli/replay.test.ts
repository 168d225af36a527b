import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AuditLog, type AuditRecord } from '../../../src/audit/index.ts';
import { linkHash } from '../../../src/audit/audit-record.ts';
import { canonicalJson } from '../../../src/audit/canonical-json.ts';
import { encodeLine } from '../../../src/storage/log-line.ts';
import { DeskWorld, intent } from '../../support/desk-world.ts';
import { clock, dataDirectory, portcullis, recordsOf, using } from '../../cli/support/data.ts';

const AUDIT = 'audit-00000001.jsonl';

/** What a desk left: 1 a start, 2 the rules, 3 an order that was reduced, 4 a denied one, 5 something else. */
async function decided(verdictInputs: 'all' | 'denied' | 'none' = 'all'): Promise<string> {
  const path = await dataDirectory();
  await using(path, async (directory) => {
    const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
    const world = await DeskWorld.open({
      risk: { maxTotalExposure: '1500' },
      deps: { audit },
      desk: { verdictInputs },
    });
    const order = (intentId: string, quantity: string) =>
      world.drained(world.desk.submit(intent({ intentId, quantity })));
    await order('a', '20');
    await order('b', '1');
    await audit.record({ kind: 'service.stopped' });
  });
  return path;
}

type Change = (record: AuditRecord) => AuditRecord;

/** Changes records as somebody who gets the checksums of the lines right, and the chain or not. */
async function tamper(
  path: string,
  seq: number,
  change: Change,
  chain: 'kept' | 'computed-anew',
): Promise<void> {
  const records = (await recordsOf(path, 'audit')) as unknown as AuditRecord[];
  let prev = '0'.repeat(64);
  const lines = records.map((record, at) => {
    const changed = record.seq === seq ? change(record) : record;
    if (chain === 'kept') return encodeLine(at + 1, JSON.stringify(changed));
    const { hash: _, prev: __, ...content } = changed;
    const hash = linkHash(prev, canonicalJson(content));
    const linked = { ...content, prev, hash };
    prev = hash;
    return encodeLine(at + 1, JSON.stringify(linked));
  });
  await writeFile(join(path, AUDIT), lines.join(''));
}

const withDetails =
  (details: object): Change =>
  (record) => ({ ...record, details: { ...record.details, ...details } });

describe('replay', () => {
  test('says that a verdict is the same', async () => {
    const path = await decided();
    expect(await portcullis('replay', '3', '--data-dir', path)).toEqual({
      code: 0,
      out: [expect.stringMatching(/^audit 3 of 2026-01-02T12:00:00\.000Z: held: same$/)],
      err: [],
    });
    expect(await portcullis('replay', '4', '--data-dir', path)).toMatchObject({
      code: 0,
      out: [expect.stringContaining('denied: same')],
    });
  });

  test('makes all of them again', async () => {
    expect(await portcullis('replay', '--all', '--data-dir', await decided())).toEqual({
      code: 0,
      out: ['audit: 2 verdicts: 2 same'],
      err: [],
    });
  });

  test('finds a verdict that was changed, though the chain was computed anew', async () => {
    const path = await decided();
    await tamper(path, 3, withDetails({ quantity: 14 }), 'computed-anew');
    expect(await portcullis('audit', 'verify', path)).toMatchObject({ code: 0 });
    const { code, out } = await portcullis('replay', '3', '--data-dir', path);
    expect([code, out.slice(1)]).toEqual([1, ['  quantity: on record 14; again 15']]);
    expect(await portcullis('replay', '--all', '--data-dir', path)).toMatchObject({
      code: 1,
      out: [
        expect.stringContaining('audit 3 '),
        '  quantity: on record 14; again 15',
        'audit: 2 verdicts: 1 same, 1 different',
      ],
    });
  });

  test.each([
    [3, /^ {2}expected content of the hash /],
    [2, /^ {2}the log has no rules /],
  ])('does not trust a broken chain: record %i changed', async (changed, why) => {
    const path = await decided();
    await tamper(path, changed, withDetails({ limitsHash: 'other' }), 'kept');
    const { code, out } = await portcullis('replay', '3', '--data-dir', path);
    expect([code, out[1]]).toEqual([1, expect.stringMatching(why)]);
  });

  test('does not trust a record from which the next one does not go on, nor one that does not go on', async () => {
    const path = await decided();
    await tamper(path, 4, (record) => ({ ...record, prev: 'f'.repeat(64) }), 'kept');
    const third = await portcullis('replay', '3', '--data-dir', path);
    expect([third.code, third.out[1]]).toEqual([1, expect.stringContaining('goes on from ffff')]);
    const fourth = await portcullis('replay', '4', '--data-dir', path);
    expect([fourth.code, fourth.out[0]]).toEqual([1, expect.stringContaining('denied: broken')]);
  });

  test('cannot make again what nobody took down; that is no difference', async () => {
    const path = await decided('denied');
    const { code, out } = await portcullis('replay', '3', '--data-dir', path);
    expect([code, out[1]]).toEqual([1, '  what it was made from was not recorded']);
    expect(await portcullis('replay', '--all', '--data-dir', path)).toEqual({
      code: 0,
      out: ['audit: 2 verdicts: 1 same, 1 unrecorded'],
      err: [],
    });
    expect(await portcullis('replay', '--all', '--data-dir', await decided('none'))).toMatchObject({
      code: 0,
      out: ['audit: 2 verdicts: 2 unrecorded'],
    });
  });

  test('says what is no verdict', async () => {
    const path = await decided();
    for (const seq of ['1', '99']) {
      expect(await portcullis('replay', seq, '--data-dir', path)).toEqual({
        code: 1,
        out: [],
        err: [`audit: record ${seq} is not there, or no verdict`],
      });
    }
  });

  test('counts nothing in a log without verdicts', async () => {
    expect(await portcullis('replay', '--all', '--data-dir', await dataDirectory())).toMatchObject({
      code: 0,
      out: ['audit: 0 verdicts'],
    });
  });

  test.each([
    [[], 'expected the number of a record, or --all'],
    [['3', '--all'], 'expected the number of a record, or --all'],
    [['x'], 'expected the number of a record'],
    [['0'], 'expected 1 or more'],
    [['3', '4'], 'expected one record, got 3 4'],
    [['3', '--from', '1'], "Unknown option '--from'"],
  ])('is not asked like this: %j', async (args, why) => {
    const { code, err } = await portcullis('replay', ...args, '--data-dir', 'nowhere');
    expect([code, err[0]]).toEqual([2, expect.stringContaining(why)]);
  });

  test('needs a data directory', async () => {
    expect(await portcullis('replay', '3')).toMatchObject({ code: 2 });
    expect(await portcullis('replay', '3', '--data-dir', '/nowhere')).toMatchObject({
      code: 2,
      err: [expect.stringContaining('FILE_UNREADABLE')],
    });
  });

  test('--help says how it is written', async () => {
    expect(await portcullis('replay', '--help')).toEqual({
      code: 0,
      out: [
        'usage: portcullis replay SEQ|--all --data-dir DIRECTORY [--log NAME]',
        '',
        'makes a verdict again from the audit log, and compares',
      ],
      err: [],
    });
  });

  test('leaves the log as it was', async () => {
    const path = await decided();
    const before = await readFile(join(path, AUDIT), 'utf8');
    await portcullis('replay', '--all', '--data-dir', path);
    expect(await readFile(join(path, AUDIT), 'utf8')).toBe(before);
  });
});
