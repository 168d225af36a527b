import { describe, expect, test } from 'vitest';
import { AuditLog, verifyAudit } from '../../src/audit/index.ts';
import { ManualClock, person } from '../../src/core/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';

const START_MS = 1_767_312_000_000;
const ZEROS = '0'.repeat(64);

const clock = (): ManualClock => new ManualClock(START_MS);

describe('AuditLog', () => {
  test('records what happened, when, by whom, and links it to the record before', async () => {
    const time = clock();
    const log = await AuditLog.open(new MemoryAppendLog(), { clock: time });
    const first = await log.record({ kind: 'limit.changed', by: person('ada'), limit: '5', reasons: ['r'] });
    time.advance(250);
    const second = await log.record({ kind: 'kill-switch.tripped' });

    expect(first).toEqual({
      seq: 1,
      timeMs: START_MS,
      kind: 'limit.changed',
      by: { kind: 'person', id: 'ada' },
      details: { limit: '5', reasons: ['r'] },
      prev: ZEROS,
      // sha256sum of the zeros, a newline and
      // {"by":{"id":"ada","kind":"person"},"details":{"limit":"5","reasons":["r"]},"kind":"limit.changed","seq":1,"timeMs":1767312000000}
      hash: 'ee746d748ee34dfa64f3bd4d314d2981842e72820da5b99d6d77d523fa343b06',
    });
    expect(second).toEqual({
      seq: 2,
      timeMs: START_MS + 250,
      kind: 'kill-switch.tripped',
      details: {},
      prev: first.hash,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    expect(log.head).toEqual({ seq: 2, hash: second.hash });
  });

  test('chains records of the same tick in the order of calls', async () => {
    const memory = new MemoryAppendLog();
    const log = await AuditLog.open(memory, { clock: clock() });
    const records = await Promise.all(['a', 'b', 'c'].map((kind) => log.record({ kind })));
    expect(records.map(({ kind, prev }) => [kind, prev])).toEqual([
      ['a', ZEROS],
      ['b', records[0]?.hash],
      ['c', records[1]?.hash],
    ]);
    expect(await verifyAudit(memory)).toEqual({ ok: true, records: 3, firstSeq: 1, head: log.head });
  });

  test('continues the chain of a log that is opened again', async () => {
    const memory = new MemoryAppendLog();
    const before = await (await AuditLog.open(memory, { clock: clock() })).record({ kind: 'before' });
    const again = await AuditLog.open(memory, { clock: clock() });
    expect(again.head).toEqual({ seq: 1, hash: before.hash });
    const after = await again.record({ kind: 'after' });
    expect([after.seq, after.prev]).toEqual([2, before.hash]);
    expect(await verifyAudit(memory)).toMatchObject({ ok: true, records: 2 });
  });

  test('takes the details as they are within the call', async () => {
    const log = await AuditLog.open(new MemoryAppendLog(), { clock: clock() });
    const details = { list: [1] };
    const recorded = log.record({ kind: 'a', details });
    details.list.push(2);
    expect((await recorded).details).toEqual({ details: { list: [1] } });
  });

  test('tells of a record, and moves its head, only when it is durable', async () => {
    const disk = new ScriptedAppendLog();
    const log = await AuditLog.open(disk, { clock: clock() });
    const recorded = log.record({ kind: 'a' });
    expect(log.head).toEqual({ seq: 0, hash: ZEROS });
    disk.commit();
    const { hash } = await recorded;
    expect(log.head).toEqual({ seq: 1, hash });
  });

  test('refuses further records after a failed write, and the chain on disk stays whole', async () => {
    const disk = new ScriptedAppendLog();
    const log = await AuditLog.open(disk, { clock: clock() });
    const kept = log.record({ kind: 'kept' });
    const lost = log.record({ kind: 'lost' });
    disk.commit(1);
    await kept;
    disk.fail();
    await expect(lost).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await expect(log.record({ kind: 'later' })).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });

    const restarted = new ScriptedAppendLog(disk.durable);
    const reopened = await AuditLog.open(restarted, { clock: clock() });
    const next = reopened.record({ kind: 'next' });
    restarted.commit();
    await next;
    expect(await verifyAudit(restarted)).toMatchObject({ ok: true, records: 2 });
  });

  test('refuses what is not JSON, an empty kind and a nameless who, and the chain goes on as if never called', async () => {
    const memory = new MemoryAppendLog();
    const log = await AuditLog.open(memory, { clock: clock() });
    const invalid = { code: 'INPUT_INVALID' };
    await expect(log.record({ kind: 'a', price: NaN })).rejects.toMatchObject(invalid);
    await expect(log.record({ kind: '' })).rejects.toMatchObject(invalid);
    await expect(log.record({ kind: 'a', by: 'ada' as never })).rejects.toMatchObject(invalid);
    expect((await log.record({ kind: 'b' })).prev).toBe(ZEROS);
    expect(await verifyAudit(memory)).toMatchObject({ ok: true, records: 1 });
  });

  test('does not continue a broken chain', async () => {
    const memory = new MemoryAppendLog([{ seq: 1, record: { kind: 'not linked' } }]);
    await expect(AuditLog.open(memory, { clock: clock() })).rejects.toMatchObject({
      code: 'AUDIT_CHAIN_BROKEN',
      message: expect.stringMatching(
        /^audit log: record 1: expected an audit record: .*Keep the log as evidence/,
      ) as unknown,
      details: { atSeq: 1 },
    });
  });
});
