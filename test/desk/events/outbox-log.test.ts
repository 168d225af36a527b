import { describe, expect, test, vi } from 'vitest';
import { OutboxLog } from '../../../src/desk/events/outbox-log.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';
import { appendLogContract } from '../../../src/testing/index.ts';

const seqs = (entries: readonly { readonly seq: number }[] | undefined) => entries?.map(({ seq }) => seq);

describe('OutboxLog', () => {
  test('has what became durable since it was made, behind a record', async () => {
    const log = new OutboxLog(new MemoryAppendLog([{ seq: 1, record: { n: 1 } }]));
    expect([log.lastSeq, log.recent(0, 10), log.recent(1, 10)]).toEqual([undefined, undefined, undefined]);
    for (const n of [2, 3, 4]) await log.append({ n });
    expect(log.lastSeq).toBe(4);
    expect(log.recent(0, 10)).toBeUndefined(); // record 1 is on the disk only
    expect(log.recent(1, 2)).toEqual([
      { seq: 2, record: { n: 2 } },
      { seq: 3, record: { n: 3 } },
    ]);
    expect(seqs(log.recent(3, 10))).toEqual([4]);
    expect(seqs(log.recent(4, 10))).toEqual([]);
  });

  test('keeps a bounded number of them', async () => {
    const log = new OutboxLog(new MemoryAppendLog(), { maxRecent: 2 });
    for (let n = 1; n <= 5; n += 1) await log.append({ n });
    expect(seqs(log.recent(3, 10))).toEqual([4, 5]);
    expect(log.recent(2, 10)).toBeUndefined();
  });

  test('tells of each record in the tick in which it is durable, until disposed', async () => {
    const log = new OutboxLog(new MemoryAppendLog());
    const told = vi.fn();
    const listening = log.onDurable(told);
    const receipt = log.append({ n: 1 });
    expect([told.mock.calls.length, log.isQuiet]).toEqual([0, false]);
    await receipt;
    expect([told.mock.calls.length, log.isQuiet]).toEqual([1, true]);
    listening[Symbol.dispose]();
    await log.append({ n: 2 });
    expect(told).toHaveBeenCalledTimes(1);
  });

  test('gives the very promise of the log, also where it is refused', async () => {
    const inner = new MemoryAppendLog();
    const append = vi.spyOn(inner, 'append');
    const log = new OutboxLog(inner);
    const receipt = log.append({ n: 1 });
    expect(append.mock.results[0]?.value).toBe(receipt);
    await log.close();
    await expect(log.append({ n: 2 })).rejects.toMatchObject({ code: 'LOG_CLOSED' });
    expect([log.lastSeq, log.isQuiet, log.pending]).toEqual([1, true, 0]);
  });

  test('lets go of nothing that has not been followed, but for what is too far behind', async () => {
    const inner = new MemoryAppendLog();
    const log = new OutboxLog(inner, { maxPinned: 6 });
    for (let n = 1; n <= 10; n += 1) await log.append({ n });
    expect(await log.trim(5)).toBe(1);
    expect(await log.trim(7)).toBe(1);
    expect(await log.trim(8)).toBe(2); // 6 before it stay
    log.followed(5);
    expect(await log.trim(4)).toBe(4);
    expect(await log.trim(10)).toBe(5);
    expect([log.firstSeq, seqs(log.recent(4, 99))]).toEqual([5, [5, 6, 7, 8, 9, 10]]);
    log.followed(11);
    expect([log.lastSeq, seqs(log.recent(9, 99))]).toEqual([10, [10]]); // the last one stays
  });

  test('says what the log in it found when it was opened', () => {
    expect(new OutboxLog(new MemoryAppendLog()).openReport).toEqual({ tornBytes: 0 });
    const torn = Object.assign(new MemoryAppendLog(), { openReport: { tornBytes: 7 } });
    expect(new OutboxLog(torn).openReport).toMatchObject({ tornBytes: 7 });
  });
});

/** As one that has been followed to its end: then it lets go like the log in it. */
function followed(inner: MemoryAppendLog): OutboxLog {
  const log = new OutboxLog(inner);
  log.followed(Number.MAX_SAFE_INTEGER);
  return log;
}

describe('AppendLog contract: OutboxLog', () => {
  for (const contract of appendLogContract) {
    test(contract.name, () =>
      contract.run(() => {
        const log = followed(new MemoryAppendLog());
        return Promise.resolve({
          log,
          settle: () => undefined,
          async reopen() {
            await log.close();
            const entries = [];
            for await (const entry of log.read()) entries.push(entry);
            return followed(new MemoryAppendLog(entries));
          },
          dispose: () => log.close(),
        });
      }),
    );
  }
});
