import { describe, expect, test } from 'vitest';
import {
  AuditKeeper,
  type AuditKeeperDeps,
  type AuditKeeperOptions,
  headSigner,
  verifyAudit,
} from '../../../src/audit/index.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { FileAppendLog, MemoryAppendLog, MemoryStateStore } from '../../../src/storage/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import {
  keys,
  never,
  otherKeys,
  ScriptedSink,
  settle,
  signer,
  START_MS,
  trusted,
} from '../../audit/support/audit-world.ts';

async function keeping(options: AuditKeeperOptions = {}, given: Partial<AuditKeeperDeps> = {}) {
  const clock = new ManualClock(START_MS);
  const log = given.log ?? new MemoryAppendLog();
  const store = new MemoryStateStore({ clock });
  const sink = new ScriptedSink();
  const deps = { log, clock, store, signer, sinks: [sink], ...given };
  const keeper = await AuditKeeper.open(options, deps);
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { clock, log, store, sink, keeper, advance, deps };
}

describe('AuditKeeper', () => {
  test('records, signs and ships, signed heads with the rest', async () => {
    const { keeper, advance, sink, log } = await keeping({ signing: { everyRecords: 2 } });
    await Promise.all([keeper.record({ kind: 'a' }), keeper.record({ kind: 'b' })]);
    await advance(1000);
    expect(sink.batches).toEqual([[1, 2, 3]]);
    expect(keeper.lastSigned).toMatchObject({ seq: 2, keyId: signer.keyId });
    expect(keeper.head.seq).toBe(3);
    expect(keeper.sinks).toEqual([{ sink: 'archive', shippedSeq: 3, unshipped: 0, failures: 0 }]);
    expect(await verifyAudit(log, { publicKeys: trusted })).toMatchObject({ attested: { seq: 2 } });
  });

  test('works without a signer, sinks and store', async () => {
    const { keeper, log } = await keeping({}, { signer: undefined, sinks: undefined, store: undefined });
    await keeper.record({ kind: 'a' });
    expect(await keeper.close()).toEqual({ head: keeper.head, sinks: [] });
    expect(await verifyAudit(log)).toMatchObject({ ok: true, records: 1 });
  });

  test.each([
    [
      {},
      { sinks: [new ScriptedSink(), new ScriptedSink()] },
      'sinks: expected different names, got archive, archive',
    ],
    [{}, { store: undefined }, 'sinks: expected a store that knows where they have come to'],
    [
      { retention: { keepMs: 1 } },
      { sinks: [] },
      'retention.keepMs: expected a sink that keeps what is removed',
    ],
    [
      { retention: { keepMs: 1 } },
      { signer: undefined },
      'retention.keepMs: expected a signer that vouches for what is left',
    ],
  ])('refuses %j', async (options, deps, message) => {
    await expect(keeping(options, deps)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: `AuditKeeper: ${message}`,
    });
  });

  test('lets go of all sinks when one of them contradicts the log', async () => {
    const clock = new ManualClock(START_MS);
    const store = new MemoryStateStore({ clock });
    await store.set('audit-shipped/second', { version: 1, seq: 9, hash: 'f'.repeat(64) });
    const sinks = [new ScriptedSink('first'), new ScriptedSink('second')];
    await expect(keeping({}, { store, sinks })).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    await settle();
    expect(sinks[0]?.closed).toBe(1);
  });
});

describe('AuditKeeper.verify', () => {
  test('finds what has become of the log since it was opened, and shows it', async () => {
    const metrics = new MetricsRegistry();
    const log = new MemoryAppendLog();
    const { keeper } = await keeping({}, { log, metrics });
    await keeper.record({ kind: 'a' });
    expect(await keeper.verify()).toMatchObject({ ok: true, records: 1 });
    expect(await metrics.exposition()).toContain('\ntrading_audit_chain_valid 1\n');
    await log.append({ kind: 'not linked' });
    expect(await keeper.verify()).toMatchObject({ ok: false, atSeq: 2 });
    expect(await metrics.exposition()).toContain('\ntrading_audit_chain_valid 0\n');
  });
});

describe('health of AuditKeeper', () => {
  test('is well until a write fails, which is told at once', async () => {
    const disk = new ScriptedAppendLog();
    const metrics = new MetricsRegistry();
    const { keeper } = await keeping({}, { log: disk, metrics });
    expect([keeper.health(), keeper.isWritable]).toEqual([true, true]);
    const told: string[] = [];
    keeper.onFailure(({ message }) => told.push(message));
    const refused = keeper.record({ kind: 'a' });
    disk.fail();
    await expect(refused).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(told).toHaveLength(1);
    expect(keeper.isWritable).toBe(false);
    expect(keeper.health()).toBe(
      'the audit log cannot be written: the scripted log was not written: the test said so',
    );
    expect(await metrics.exposition()).toContain('\ntrading_audit_write_failures_total 1\n');
  });

  test('a disk that does not answer counts as one that refuses, one millisecond too late', async () => {
    const disk = new ScriptedAppendLog();
    const { keeper, advance } = await keeping({ maxStallMs: 100 }, { log: disk });
    await advance(10_000);
    const first = keeper.record({ kind: 'a' });
    await advance(60);
    const second = keeper.record({ kind: 'b' });
    await advance(40);
    expect(keeper.health()).toBe(true);
    await advance(1);
    expect([keeper.isWritable, keeper.health()]).toEqual([false, 'a record waits for the disk for 101 ms']);
    disk.commit(1);
    await first;
    expect(keeper.isWritable).toBe(true); // it works; the second waits since now at most
    await advance(101);
    expect(keeper.isWritable).toBe(false);
    disk.commit();
    await second;
    expect(keeper.isWritable).toBe(true);
  });

  test('a signed head waits from when it was signed, not from the record before', async () => {
    const disk = new ScriptedAppendLog();
    const { keeper, advance } = await keeping(
      { maxStallMs: 100, signing: { everyMs: 60_000 } },
      { log: disk },
    );
    const first = keeper.record({ kind: 'a' });
    disk.commit();
    await first;
    await advance(60_000);
    expect(disk.pending).toBe(1);
    expect(keeper.health()).toBe(true);
    await advance(101);
    expect(keeper.health()).toBe('a record waits for the disk for 101 ms');
  });

  test('a sink that lags is no reason', async () => {
    const { keeper, sink, advance } = await keeping();
    sink.answer = never;
    await keeper.record({ kind: 'a' });
    await advance(100_000);
    expect(keeper.health()).toBe(true);
    expect(keeper.sinks).toMatchObject([{ unshipped: 1 }]);
  });
});

describe('AuditKeeper.close', () => {
  test('signs the end, ships it, and refuses everything from the call on', async () => {
    const { keeper, sink, log, clock } = await keeping();
    const last = keeper.record({ kind: 'a' });
    const closed = keeper.close();
    await expect(keeper.record({ kind: 'late' })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    expect(keeper.health()).toBe('the audit log is closed');
    const { hash } = await last;
    const report = await closed;
    expect(report).toEqual({
      head: keeper.head,
      lastSigned: signer.sign({ seq: 1, hash }, START_MS),
      sinks: [{ sink: 'archive', shippedSeq: 2, unshipped: 0, failures: 0 }],
    });
    expect(await keeper.close()).toBe(report);
    expect(sink.batches.flat()).toEqual([1, 2]);
    expect(sink.closed).toBe(1);
    expect(clock.nextDueMs).toBe(Infinity);
    expect(await verifyAudit(log, { publicKeys: trusted })).toMatchObject({
      records: 2,
      attested: { seq: 1 },
    });
  });

  test('says what was not shipped in time', async () => {
    const { keeper, sink, advance } = await keeping({ closeTimeoutMs: 100 });
    sink.answer = () => Promise.reject(new Error('no route'));
    await keeper.record({ kind: 'a' });
    const closed = keeper.close();
    await settle();
    await advance(100);
    expect(await closed).toMatchObject({
      sinks: [{ sink: 'archive', shippedSeq: 0, unshipped: 2, lastError: 'no route' }],
    });
  });

  test('says what was not written in time', async () => {
    const disk = new ScriptedAppendLog();
    const { keeper, advance } = await keeping({ closeTimeoutMs: 100 }, { log: disk });
    void keeper.record({ kind: 'a' }).catch(() => undefined);
    const closed = keeper.close();
    await settle();
    await advance(100);
    await advance(100);
    expect(await closed).toMatchObject({ head: { seq: 0 }, error: 'no answer within 100 ms' });
  });

  test('says that nothing could be written', async () => {
    const disk = new ScriptedAppendLog();
    const { keeper } = await keeping({}, { log: disk });
    void keeper.record({ kind: 'a' }).catch(() => undefined);
    disk.fail();
    await settle();
    expect(await keeper.close()).toMatchObject({
      head: { seq: 0 },
      error: 'the scripted log was not written: the test said so',
    });
  });
});

describe('retention of AuditKeeper', () => {
  const DAY_MS = 86_400_000;
  const daily: AuditKeeperOptions = {
    signing: { everyMs: DAY_MS / 4 },
    retention: { segmentMs: DAY_MS, keepMs: 2 * DAY_MS },
  };

  /** A log in files, of as many days, with a record every six hours. */
  async function days(count: number, options = daily, sink = new ScriptedSink()) {
    const directory = await temporaryDirectory();
    const log = await FileAppendLog.open({ directory, name: 'audit' });
    const world = await keeping(options, { log, sinks: [sink] });
    for (let quarter = 0; quarter < 4 * count; quarter++) {
      await world.keeper.record({ kind: 'k', quarter });
      await world.advance(DAY_MS / 4);
      await log.flush();
      await settle();
    }
    return { ...world, directory, log, sink };
  }

  test('removes files of days that every sink has, and what is left verifies by its signatures', async () => {
    const { log, keeper, sink, directory, store, clock } = await days(6);
    await keeper.close();
    const { firstSeq } = log;
    expect(firstSeq).toBeGreaterThan(20);
    expect(keeper.retentionError).toBeUndefined();
    expect(new Set(sink.batches.flat()).size).toBe(keeper.head.seq);
    const verdict = await verifyAudit(log, { publicKeys: trusted });
    expect(verdict).toMatchObject({ ok: true, firstSeq, head: keeper.head });
    expect(await verifyAudit(log)).toMatchObject({ ok: false });
    await log.close();

    const again = await FileAppendLog.open({ directory, name: 'audit' });
    const reopened = await AuditKeeper.open(daily, { log: again, clock, store, signer, sinks: [sink] });
    expect(reopened.head).toEqual(keeper.head);
    const opened = AuditKeeper.open({}, { log: again, clock, signer: headSigner(otherKeys.privateKey) });
    await expect(opened).rejects.toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    const byOld = AuditKeeper.open(
      { publicKeys: { old: keys.publicKey } },
      { log: again, clock, signer: headSigner(otherKeys.privateKey) },
    );
    expect((await byOld).head).toEqual(keeper.head);
    await again.close();
  });

  test('removes up to heads that a process before it has signed', async () => {
    const first = await keeping({ signing: { everyRecords: 2 } });
    await first.keeper.record({ kind: 'a' });
    await first.keeper.record({ kind: 'b' });
    await first.keeper.close();
    const { log, store } = first;
    await keeping({ retention: { keepMs: 0 } }, { log, store });
    await settle();
    expect(log.firstSeq).toBe(first.keeper.head.seq);
    expect(await verifyAudit(log, { publicKeys: trusted })).toMatchObject({ ok: true, records: 1 });
  });

  test('removes nothing that a sink has not got', async () => {
    const sink = new ScriptedSink();
    sink.answer = () => Promise.reject(new Error('down'));
    const { log, keeper } = await days(6, daily, sink);
    expect([log.firstSeq, keeper.sinks[0]?.shippedSeq]).toEqual([1, 0]);
    await log.close();
  });

  test('removes nothing that is not asked to go, and still begins a file a day', async () => {
    const { log, directory } = await days(3, { ...daily, retention: { segmentMs: DAY_MS } });
    await log.close();
    const again = await FileAppendLog.open({ directory, name: 'audit' });
    // The head that is signed at the end of the third day is the first record of the fourth.
    expect([again.firstSeq, again.openReport.segments]).toEqual([1, 4]);
    await again.close();
  });

  test('goes on, and says so, when old files cannot be removed', async () => {
    const log = Object.assign(new MemoryAppendLog(), { trim: () => Promise.reject(new Error('read-only')) });
    const { keeper, advance } = await keeping(
      { signing: { everyMs: 1000 }, shipping: { lingerMs: 0 }, retention: { keepMs: 0 } },
      { log },
    );
    await keeper.record({ kind: 'a' });
    for (let turn = 0; turn < 4; turn++) await advance(1000);
    expect(keeper.retentionError).toBe('read-only');
    expect(keeper.health()).toBe(true);
  });
});
