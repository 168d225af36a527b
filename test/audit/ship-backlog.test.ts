import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../src/audit/index.ts';
import { ShipBacklog } from '../../src/audit/ship-backlog.ts';
import { type LogEntry, MemoryAppendLog } from '../../src/storage/index.ts';

/** A log of so many records that tells how often it was read, and how many of these readers are still there. */
function backlogOf(count: number, size = 2) {
  const readers = { opened: 0, open: 0 };
  const log = new MemoryAppendLog(
    Array.from({ length: count }, (_, at) => ({ seq: at + 1, record: { seq: at + 1 } })),
  );
  const read = log.read.bind(log);
  log.read = async function* (fromSeq?: number): AsyncGenerator<LogEntry> {
    readers.opened += 1;
    readers.open += 1;
    try {
      yield* read(fromSeq);
    } finally {
      readers.open -= 1;
    }
  };
  const backlog = new ShipBacklog(log, size);
  const after = async (seq: number) => (await backlog.after(seq)).map((record) => record.seq);
  const push = (seq: number): void => {
    backlog.push({ seq } as AuditRecord);
  };
  return { backlog, after, push, readers };
}

describe('ShipBacklog', () => {
  test('reads the log once for many batches', async () => {
    const { after, readers } = backlogOf(5);
    expect([await after(0), await after(2), await after(4)]).toEqual([[1, 2], [3, 4], [5]]);
    expect(readers).toEqual({ opened: 1, open: 0 });
  });

  test('goes on from memory as soon as it reaches what is there, and lets go of the log', async () => {
    const { after, push, readers } = backlogOf(5);
    for (const seq of [4, 5]) push(seq);
    expect(await after(1)).toEqual([2, 3]);
    expect(readers.open).toBe(1);
    expect(await after(3)).toEqual([4, 5]);
    expect(readers).toEqual({ opened: 1, open: 0 });
  });

  test('looks again when the log ended where the last batch did', async () => {
    const { after, backlog } = backlogOf(2);
    expect(await after(0)).toEqual([1, 2]);
    expect(await after(2)).toEqual([]);
    await backlog.close();
  });

  test('forgets what was shipped, and gives the same batch again until then', async () => {
    const { after, push, readers } = backlogOf(0);
    for (const seq of [1, 2, 3]) push(seq);
    expect([await after(0), await after(0), await after(2)]).toEqual([[1, 2], [1, 2], [3]]);
    expect(readers.opened).toBe(0);
  });

  test('keeps 10,000 records in memory, and reads the others again', async () => {
    const { after, push, readers } = backlogOf(10_001, 1);
    for (let seq = 1; seq <= 10_000; seq++) push(seq);
    expect(await after(0)).toEqual([1]);
    expect(readers.opened).toBe(0);
    push(10_001);
    expect(await after(0)).toEqual([1]);
    expect(readers.opened).toBe(1);
  });
});
