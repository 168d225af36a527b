import { describe, expect, test } from 'vitest';
import { AuditHeads, type AuditHeadsOptions, AuditLog, verifyAudit } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { otherKeys, recordsIn, settle, signer, START_MS, trusted, ZEROS } from './support/audit-world.ts';

async function signing(options: AuditHeadsOptions = {}) {
  const clock = new ManualClock(START_MS);
  const log = new MemoryAppendLog();
  const metrics = new MetricsRegistry();
  const audit = await AuditLog.open(log, { clock });
  const heads = new AuditHeads(options, { audit, signer, clock, metrics });
  heads.start();
  const kinds = async () =>
    (await recordsIn(log)).map(({ kind }) => (kind === 'audit.head-signed' ? '*' : kind));
  return { clock, log, audit, heads, metrics, kinds };
}

describe('AuditHeads', () => {
  test('signs when the time has come, also when nothing was recorded meanwhile', async () => {
    const { clock, audit, kinds, log } = await signing({ everyMs: 1000 });
    await audit.record({ kind: 'a' });
    clock.advance(999);
    await settle();
    expect(await kinds()).toEqual(['a']);
    clock.advance(1);
    await settle();
    clock.advance(1000);
    await settle();
    expect(await kinds()).toEqual(['a', '*', '*']);
    expect(await verifyAudit(log, { publicKeys: trusted })).toMatchObject({ ok: true, attested: { seq: 2 } });
  });

  test('signs after so many records, and counts from there, in records and time', async () => {
    const { clock, audit, kinds } = await signing({ everyMs: 1000, everyRecords: 2 });
    await audit.record({ kind: 'a' });
    clock.advance(900);
    await audit.record({ kind: 'b' });
    await settle();
    clock.advance(900);
    await audit.record({ kind: 'c' });
    await settle();
    expect(await kinds()).toEqual(['a', 'b', '*', 'c']);
    clock.advance(100);
    await settle();
    expect(await kinds()).toEqual(['a', 'b', '*', 'c', '*']);
  });

  test('does not sign an empty chain', async () => {
    const { clock, kinds } = await signing({ everyMs: 1000 });
    clock.advance(1000);
    await settle();
    expect(await kinds()).toEqual([]);
  });

  test('signs the end when it is closed, and nothing after that', async () => {
    const { clock, audit, heads, kinds } = await signing({ everyMs: 1000, everyRecords: 1 });
    heads.start();
    const record = audit.record({ kind: 'a' });
    await heads.close();
    await record;
    clock.advance(5000);
    await audit.record({ kind: 'b' });
    await settle();
    expect(await kinds()).toEqual(['a', '*', 'b']);
  });

  test('tells when the last durable head was signed', async () => {
    const { clock, audit, metrics } = await signing({ everyMs: 1000 });
    expect(await metrics.exposition()).toContain('\ntrading_audit_head_timestamp_seconds 0\n');
    await audit.record({ kind: 'a' });
    clock.advance(1000);
    await settle();
    expect(await metrics.exposition()).toContain(
      `\ntrading_audit_head_timestamp_seconds ${START_MS / 1000 + 1}\n`,
    );
  });

  test('gives a head out when it is durable, and none that is not', async () => {
    const disk = new ScriptedAppendLog();
    const audit = await AuditLog.open(disk, { clock: new ManualClock(START_MS) });
    void audit.record({ kind: 'a' });
    const signed = audit.signHead(signer);
    await settle();
    expect(audit.lastSigned).toBeUndefined();
    disk.commit();
    expect(await signed).toEqual(signer.sign({ seq: 1, hash: audit.lastSigned?.hash ?? '' }, START_MS));
    expect(audit.lastSigned).toEqual(await signed);
    const refused = audit.signHead(signer);
    disk.fail();
    await expect(refused).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(audit.lastSigned).toEqual(await signed);
  });

  test('goes on when a head could not be written', async () => {
    const disk = new ScriptedAppendLog();
    const clock = new ManualClock(START_MS);
    const audit = await AuditLog.open(disk, { clock });
    const heads = new AuditHeads({ everyMs: 1000 }, { audit, signer, clock });
    heads.start();
    audit.record({ kind: 'a' }).catch(() => undefined);
    disk.fail();
    clock.advance(1000);
    await settle();
    await heads.close();
    expect(audit.failure).toMatchObject({ code: 'LOG_WRITE_FAILED' });
  });

  test.each([
    ['signs something else', { ...signer, sign: () => signer.sign({ seq: 9, hash: ZEROS }, 0) }],
    ['signs with another key', { ...signer, publicKey: otherKeys.publicKey }],
    ['gives nothing', { ...signer, sign: () => undefined as never }],
  ])('a signer that %s leaves the chain as it was', async (_, wrong) => {
    const { audit, kinds } = await signing();
    await audit.record({ kind: 'a' });
    await expect(audit.signHead(wrong)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: 'signer: expected a head 1 that its public key confirms',
    });
    await audit.record({ kind: 'b' });
    expect([await kinds(), audit.isWritable]).toEqual([['a', 'b'], true]);
  });

  test('refuses a misspelt option by name', async () => {
    await expect(signing({ every: 1 } as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('every') as unknown,
    });
  });
});

describe('a record of AuditLog', () => {
  test('cannot pass as a signed head', async () => {
    const { audit, kinds } = await signing();
    await expect(audit.record({ kind: 'audit.head-signed' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(audit.isWritable).toBe(true);
    expect(await kinds()).toEqual([]);
  });
});
