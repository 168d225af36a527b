import { describe, expect, test } from 'vitest';
import { AuditLog, AuditShipper, type AuditShipperOptions } from '../../src/audit/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../src/storage/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { never, ScriptedSink, settle, START_MS } from './support/audit-world.ts';

class World {
  readonly clock = new ManualClock(START_MS);
  readonly log = new MemoryAppendLog();
  readonly store = new MemoryStateStore({ clock: this.clock });
  readonly metrics = new MetricsRegistry();
  readonly sink = new ScriptedSink();
  random = 0.5;
  readonly #audit = AuditLog.open(this.log, { clock: this.clock });

  /** Records so many events. */
  async record(count: number): Promise<void> {
    const audit = await this.#audit;
    for (let done = 0; done < count; done++) await audit.record({ kind: 'k', done });
  }

  async open(options: AuditShipperOptions = {}, sink = this.sink): Promise<AuditShipper> {
    const { log, clock, store, metrics } = this;
    const random = { next: () => this.random };
    return AuditShipper.open(options, {
      audit: await this.#audit,
      sink,
      log,
      clock,
      store,
      metrics,
      random,
    });
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settle();
  }

  async cursor(): Promise<unknown> {
    return (await this.store.get('audit-shipped/archive'))?.value;
  }
}

describe('AuditShipper', () => {
  test('sends what was there, then what comes, in order, and keeps its position on disk', async () => {
    const world = new World();
    await world.record(3);
    const shipper = await world.open({ batchRecords: 2, lingerMs: 1000 });
    await world.advance(999);
    expect(world.sink.batches).toEqual([]);
    await world.advance(1);
    expect(world.sink.batches).toEqual([[1, 2]]);
    await world.advance(1000);
    await world.record(2);
    await world.advance(1000);
    expect(world.sink.batches).toEqual([[1, 2], [3], [4, 5]]);
    expect(await world.cursor()).toMatchObject({ version: 1, seq: 5, hash: expect.any(String) as unknown });
    expect(shipper.status).toEqual({ sink: 'archive', shippedSeq: 5, unshipped: 0, failures: 0 });
  });

  test('never holds up a record: a sink that hangs has none of them wait', async () => {
    const world = new World();
    world.sink.answer = never;
    const shipper = await world.open({ lingerMs: 0 });
    await world.record(1);
    await world.advance(0);
    await world.record(500);
    expect(shipper.status).toMatchObject({ shippedSeq: 0, unshipped: 501 });
    expect(await world.metrics.exposition()).toContain(
      '\ntrading_audit_unshipped_records{sink="archive"} 501\n',
    );
  });

  test('sends the same batch again after a failure, each time later, and says why', async () => {
    const world = new World();
    world.sink.answer = () => Promise.reject(new Error('no route'));
    const shipper = await world.open({ lingerMs: 0, retryMinMs: 1000, retryMaxMs: 3000 });
    await world.record(2);
    await world.advance(0);
    const first = world.sink.batches.length;
    expect(first).toBe(1);
    const waits: number[] = [];
    for (let waited = 0, ms = 0; waits.length < 4; ms += 100) {
      const before = world.sink.batches.length;
      await world.advance(100);
      if (world.sink.batches.length > before) {
        waits.push(ms + 100 - waited);
        waited = ms + 100;
      }
    }
    // Half of 1, 2 and then 3 s: random 0.5.
    expect(waits).toEqual([500, 1000, 1500, 1500]);
    expect(new Set(world.sink.batches.map(String))).toEqual(new Set([String(world.sink.batches[0])]));
    expect(shipper.status).toMatchObject({ failures: 5, lastError: 'no route', shippedSeq: 0 });
    world.sink.answer = () => Promise.resolve();
    await world.advance(1500);
    await world.advance(1500);
    expect(shipper.status).toEqual({ sink: 'archive', shippedSeq: 2, unshipped: 0, failures: 0 });
  });

  test('gives up on a sink that does not answer, with a signal, and tries again', async () => {
    const world = new World();
    world.sink.answer = never;
    const shipper = await world.open({ lingerMs: 0, shipTimeoutMs: 1000, retryMinMs: 10 });
    await world.record(1);
    await world.advance(0);
    await world.advance(999);
    expect(shipper.status.failures).toBe(0);
    await world.advance(1);
    expect(shipper.status).toMatchObject({ failures: 1, lastError: 'no answer within 1000 ms' });
    expect(world.sink.signals[0]?.aborted).toBe(true);
    await world.advance(10);
    expect(world.sink.batches).toEqual([[1], [1]]);
  });

  test('does not send again what is there when only its position could not be written', async () => {
    const world = new World();
    let refusals = 2;
    const { store } = world;
    const set = store.set.bind(store);
    store.set = (key, value) => (refusals-- > 0 ? Promise.reject(new Error('disk full')) : set(key, value));
    const shipper = await world.open({ lingerMs: 0, retryMinMs: 10 });
    await world.record(1);
    await world.advance(0);
    expect(shipper.status).toMatchObject({ failures: 1, lastError: 'disk full', shippedSeq: 0 });
    await world.advance(10);
    await world.advance(10);
    expect(world.sink.batches).toEqual([[1]]);
    expect(shipper.status).toMatchObject({ failures: 0, shippedSeq: 1 });
  });

  test('goes on behind its position after a restart, and sends again what it may have sent', async () => {
    const world = new World();
    await world.record(2);
    const shipper = await world.open({ lingerMs: 0 });
    await world.advance(0);
    const position = await world.cursor();
    await world.record(2);
    await world.advance(0);
    await shipper.close(1000);
    expect(world.sink.batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await world.store.set('audit-shipped/archive', position as object); // killed before it was written
    await world.open({ lingerMs: 0 });
    await world.advance(0);
    expect(world.sink.batches.at(-1)).toEqual([3, 4]);
  });

  test('reads from the log what does not fit into memory', async () => {
    const world = new World();
    world.sink.answer = () => Promise.reject(new Error('down'));
    await world.open({ lingerMs: 0, batchRecords: 10_000, retryMinMs: 1 });
    await world.record(12_000);
    world.sink.answer = () => Promise.resolve();
    for (let turn = 0; turn < 10; turn++) await world.advance(1000);
    const sent = world.sink.batches.flat();
    const seen = [...new Set(sent)];
    expect(seen).toEqual(Array.from({ length: 12_000 }, (_, index) => index + 1));
  });

  test('begins with the first record that is left, where it has no position', async () => {
    const world = new World();
    await world.record(5);
    await world.log.trim(4);
    await world.open({ lingerMs: 0 });
    await world.advance(0);
    expect(world.sink.batches).toEqual([[4, 5]]);
  });

  test.each([
    ['ends before', { seq: 4 }, 'the log ends at 3: its end was cut off'],
    ['is another one at', { seq: 2 }, /^it had the hash f{64} then, and has [0-9a-f]{64} now/],
    ['is another one just before', { seq: 1 }, /^it had the hash f{64} then/],
    ['begins after', { seq: 0 }, 'the log begins at 2: what is between is lost'],
  ])('refuses a log that %s what it has sent', async (_, { seq }, why) => {
    const world = new World();
    await world.record(3);
    await world.log.trim(2);
    await world.store.set('audit-shipped/archive', { version: 1, seq, hash: 'f'.repeat(64) });
    const refused = await world.open().catch((error: unknown) => error as Error & { code: string });
    expect(refused).toMatchObject({ code: 'AUDIT_CHAIN_BROKEN' });
    const message = (refused as Error).message.replace(
      `audit log: record ${seq} was shipped to archive, but `,
      '',
    );
    expect(message).toMatch(why);
    expect(message).toMatch(/Keep log and archive as evidence$/);
  });

  test('refuses options and names that are none', async () => {
    const world = new World();
    await expect(world.open({ retryMinMs: 10, retryMaxMs: 9 })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('retryMaxMs: expected retryMinMs or more, got 9') as unknown,
    });
    await expect(world.open({}, new ScriptedSink('My Sink'))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(world.open({ lingerMs: -1 })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('AuditShipper.close', () => {
  test('sends what is left without waiting, closes the sink, and says that all is there', async () => {
    const world = new World();
    const shipper = await world.open({ lingerMs: 60_000, batchRecords: 2 });
    await world.record(5);
    expect(await shipper.close(1000)).toEqual({ sink: 'archive', shippedSeq: 5, unshipped: 0, failures: 0 });
    expect(world.sink.batches).toEqual([[1, 2], [3, 4], [5]]);
    expect(world.sink.closed).toBe(1);
    await shipper.close(1000);
    expect(world.sink.closed).toBe(1);
    expect(world.clock.nextDueMs).toBe(Infinity);
    expect(await world.metrics.exposition()).not.toContain(
      'trading_audit_unshipped_records{sink="archive"} 5',
    );
  });

  test('does not wait for the back-off it is in, and tries until the time is up', async () => {
    const world = new World();
    world.sink.answer = () => Promise.reject(new Error('down'));
    const shipper = await world.open({ lingerMs: 0, retryMinMs: 10_000 });
    await world.record(3);
    await world.advance(0);
    expect(world.sink.batches).toHaveLength(1);
    const closed = shipper.close(1000);
    await settle();
    expect(world.sink.batches).toHaveLength(2);
    await world.advance(1000);
    expect(await closed).toMatchObject({ unshipped: 3, lastError: 'down' });
    expect(world.sink.closed).toBe(1);
    await world.advance(100_000);
    expect(world.sink.batches).toHaveLength(2);
  });

  test.each([
    ['answers', (sink: ScriptedSink) => (sink.answer = never), 1],
    ['closes', (sink: ScriptedSink) => (sink.close = never), 0],
  ])('ends in time with a sink that never %s', async (_, hang, unshipped) => {
    const world = new World();
    hang(world.sink);
    const shipper = await world.open({ lingerMs: 0 });
    await world.record(1);
    const closed = shipper.close(1000);
    await settle();
    await world.advance(1000);
    expect(await closed).toMatchObject({ unshipped, lastError: 'no answer within 1000 ms' });
  });
});
