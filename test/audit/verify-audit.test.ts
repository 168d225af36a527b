import { describe, expect, test } from 'vitest';
import { AuditLog, type AuditRecord, canonicalJson, verifyAudit } from '../../src/audit/index.ts';
import { linkHash } from '../../src/audit/audit-record.ts';
import { ManualClock, PortcullisError } from '../../src/core/index.ts';
import { type AppendLog, type JsonValue, MemoryAppendLog } from '../../src/storage/index.ts';

/** A sound chain of four records. */
async function chain(): Promise<AuditRecord[]> {
  const log = await AuditLog.open(new MemoryAppendLog(), { clock: new ManualClock(1000) });
  return Promise.all(['a', 'b', 'c', 'd'].map((kind) => log.record({ kind, amount: '10' })));
}

const logOf = (records: readonly object[]): MemoryAppendLog =>
  new MemoryAppendLog(records.map((record, at) => ({ seq: at + 1, record: record as JsonValue })));

/** A record as someone who can compute would write it. */
function relink({ hash: _, prev: __, ...content }: AuditRecord, prev: string): AuditRecord {
  return { ...content, prev, hash: linkHash(prev, canonicalJson(content)) };
}

function at<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

describe('verifyAudit', () => {
  test('an empty log is a sound chain', async () => {
    expect(await verifyAudit(new MemoryAppendLog())).toEqual({
      ok: true,
      records: 0,
      firstSeq: 1,
      head: { seq: 0, hash: '0'.repeat(64) },
    });
  });

  test('a sound chain verifies and tells its head', async () => {
    const records = await chain();
    expect(await verifyAudit(logOf(records))).toEqual({
      ok: true,
      records: 4,
      firstSeq: 1,
      head: { seq: 4, hash: at(records, 3).hash },
    });
  });

  test('does not mind in which order members are stored', async () => {
    const records = await chain();
    const turned = records.map((record) => Object.fromEntries(Object.entries(record).reverse()));
    expect(await verifyAudit(logOf(turned))).toMatchObject({ ok: true, records: 4 });
  });

  test('finds a changed detail, and says what it gives', async () => {
    const records = await chain();
    const original = at(records, 1);
    const changed = { ...original, details: { amount: '11' } };
    expect(await verifyAudit(logOf(records.with(1, changed)))).toEqual({
      ok: false,
      atSeq: 2,
      reason: `expected content of hash ${original.hash}, got ${relink(changed, original.prev).hash}`,
    });
  });

  test('finds a change whose own hash was computed anew, at the next record', async () => {
    const records = await chain();
    const changed = relink({ ...at(records, 1), timeMs: 999 }, at(records, 1).prev);
    expect(await verifyAudit(logOf(records.with(1, changed)))).toEqual({
      ok: false,
      atSeq: 3,
      reason: `expected the record before to have hash ${at(records, 1).hash}, got ${changed.hash}`,
    });
  });

  test('finds a removed record', async () => {
    const records = await chain();
    expect(await verifyAudit(logOf(records.toSpliced(1, 1)))).toEqual({
      ok: false,
      atSeq: 2,
      reason: 'expected record 2, got 3',
    });
  });

  test('finds a removed first record', async () => {
    expect(await verifyAudit(logOf((await chain()).slice(1)))).toMatchObject({ ok: false, atSeq: 1 });
  });

  test('finds an inserted record', async () => {
    const records = await chain();
    expect(await verifyAudit(logOf(records.toSpliced(2, 0, at(records, 1))))).toMatchObject({
      ok: false,
      atSeq: 3,
    });
  });

  test('finds two records that changed places', async () => {
    const [a, b, c, d] = await chain();
    expect(await verifyAudit(logOf([a, c, b, d].filter((record) => record !== undefined)))).toMatchObject({
      ok: false,
      atSeq: 2,
    });
  });

  test('finds a member that does not belong there', async () => {
    const records = await chain();
    expect(
      await verifyAudit(logOf(records.with(3, { ...at(records, 3), note: 'x' } as never))),
    ).toMatchObject({
      ok: false,
      atSeq: 4,
      reason: expect.stringContaining('note') as unknown,
    });
  });

  test('finds a number that JSON reads as infinite', async () => {
    const records = await chain();
    const first = at(records, 0);
    const changed = { ...first, details: JSON.parse('{"amount":1e999}') as Record<string, unknown> };
    const log = Object.assign(new MemoryAppendLog(), {
      async *read() {
        yield { seq: 1, record: changed as unknown as JsonValue };
      },
    });
    expect(await verifyAudit(log)).toEqual({
      ok: false,
      atSeq: 1,
      reason: `expected content of hash ${first.hash}, got none (details.amount: expected a JSON value, got Infinity)`,
    });
  });

  test('does not see records cut off at the end, but for a head that was kept', async () => {
    const records = await chain();
    const cut = logOf(records.slice(0, 2));
    const expectHead = { seq: 4, hash: at(records, 3).hash };
    expect(await verifyAudit(cut)).toMatchObject({ ok: true, records: 2 });
    expect(await verifyAudit(cut, { expectHead })).toEqual({
      ok: false,
      atSeq: 3,
      reason: 'expected 4 records, got 2: the end was cut off',
    });
  });

  test('does not see a chain computed anew, but for a head that was kept', async () => {
    const records = await chain();
    const forged: AuditRecord[] = [];
    for (const record of records) {
      forged.push(relink({ ...record, details: {} }, forged.at(-1)?.hash ?? at(records, 0).prev));
    }
    const { hash } = at(records, 1);
    expect(await verifyAudit(logOf(forged))).toMatchObject({ ok: true, records: 4 });
    expect(await verifyAudit(logOf(forged), { expectHead: { seq: 2, hash } })).toEqual({
      ok: false,
      atSeq: 2,
      reason: `expected the hash ${hash} that was kept, got ${at(forged, 1).hash}`,
    });
  });

  test('goes through a head kept earlier, and on', async () => {
    const records = await chain();
    const expectHead = { seq: 2, hash: at(records, 1).hash };
    expect(await verifyAudit(logOf(records), { expectHead })).toMatchObject({ ok: true, records: 4 });
  });

  test('a log that is damaged below is a verdict, any other failure an error', async () => {
    const failing = (error: Error): AppendLog =>
      Object.assign(new MemoryAppendLog(), {
        async *read() {
          yield { seq: 1, record: await chain().then(([first]) => first as unknown as JsonValue) };
          throw error;
        },
      });
    const damage = new PortcullisError('LOG_DAMAGED', 'file, line 2');
    expect(await verifyAudit(failing(damage))).toEqual({ ok: false, atSeq: 2, reason: 'file, line 2' });
    await expect(verifyAudit(failing(new Error('EIO')))).rejects.toThrow('EIO');
  });
});
