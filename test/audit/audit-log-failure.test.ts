import { describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { logOf } from './support/audit-world.ts';

const clock = new ManualClock(1000);

describe('a failed write of AuditLog', () => {
  test('is counted for each record that is lost, told once, and before the caller', async () => {
    const disk = new ScriptedAppendLog();
    const metrics = new MetricsRegistry();
    const audit = await AuditLog.open(disk, { clock, metrics });
    expect(await metrics.exposition()).toContain('\ntrading_audit_write_failures_total 0\n');
    const told: string[] = [];
    audit.onFailure(() => {
      throw new Error('a listener of its own kind');
    });
    audit.onFailure(({ message }) => told.push(message));
    audit.onFailure(() => told.push('gone'))[Symbol.dispose]();
    const first = audit.record({ kind: 'a' });
    const second = audit.record({ kind: 'b' });
    expect([audit.isWritable, audit.pending]).toEqual([true, 2]);
    disk.fail();
    await expect(first).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(told).toEqual(['the scripted log was not written: the test said so']);
    await expect(second).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(told).toHaveLength(1);
    expect(audit.isWritable).toBe(false);
    expect(audit.failure).toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(await metrics.exposition()).toContain('\ntrading_audit_write_failures_total 2\n');
  });

  test('is none when the event itself is not one', async () => {
    const metrics = new MetricsRegistry();
    const audit = await AuditLog.open(new MemoryAppendLog(), { clock, metrics });
    await expect(audit.record({ kind: '' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(audit.isWritable).toBe(true);
    expect(await metrics.exposition()).toContain('\ntrading_audit_write_failures_total 0\n');
  });

  test('comes after close as well, once what was on its way is settled', async () => {
    const disk = new ScriptedAppendLog();
    const metrics = new MetricsRegistry();
    const audit = await AuditLog.open(disk, { clock, metrics });
    const told: unknown[] = [];
    audit.onFailure((failure) => told.push(failure));
    const kept = audit.record({ kind: 'a' });
    const closed = audit.close();
    expect(audit.isWritable).toBe(false);
    await expect(audit.record({ kind: 'b' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    disk.commit();
    expect((await kept).seq).toBe(1);
    await closed;
    expect([told, audit.failure]).toEqual([[], undefined]);
    expect(await metrics.exposition()).toContain('\ntrading_audit_write_failures_total 1\n');
  });

  test('of a log that throws what is no error is one', async () => {
    const log = Object.assign(new MemoryAppendLog(), {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what a foreign log may do
      append: () => Promise.reject('EIO'),
    });
    const audit = await AuditLog.open(log, { clock });
    await expect(audit.record({ kind: 'a' })).rejects.toThrow('EIO');
    expect(audit.failure).toEqual(new Error('EIO'));
  });
});

describe('AuditLog.open', () => {
  test('tells whether the chain is whole', async () => {
    const whole = new MetricsRegistry();
    await AuditLog.open(new MemoryAppendLog(), { clock, metrics: whole });
    expect(await whole.exposition()).toContain('\ntrading_audit_chain_valid 1\n');
    const broken = new MetricsRegistry();
    const opened = AuditLog.open(logOf([{ kind: 'not linked' }]), { clock, metrics: broken });
    await expect(opened).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    expect(await broken.exposition()).toContain('\ntrading_audit_chain_valid 0\n');
  });
});

describe('AuditLog.onRecord', () => {
  test('hears of each record once it is durable, whatever another listener throws', async () => {
    const disk = new ScriptedAppendLog();
    const audit = await AuditLog.open(disk, { clock });
    const heard: number[] = [];
    audit.onRecord(() => {
      throw new Error('a listener of its own kind');
    });
    const listening = audit.onRecord(({ seq }) => heard.push(seq));
    const records = [audit.record({ kind: 'a' }), audit.record({ kind: 'b' })];
    expect(heard).toEqual([]);
    disk.commit();
    await Promise.all(records);
    listening[Symbol.dispose]();
    const third = audit.record({ kind: 'c' });
    disk.commit();
    await third;
    expect(heard).toEqual([1, 2]);
  });
});
