import { describe, expect, test } from 'vitest';
import { SpillQueue } from '../../src/events/spill-queue.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/scripted-append-log.ts';

interface Item {
  readonly n: number;
}

const item = (n: number): Item => ({ n });
const open = (log: MemoryAppendLog | ScriptedAppendLog, maxRecords = 100): Promise<SpillQueue<Item>> =>
  SpillQueue.open<Item>(log, { maxRecords });
const numbers = (records: readonly { readonly record: Item }[]): number[] =>
  records.map(({ record }) => record.n);

async function pushAll(queue: SpillQueue<Item>, from: number, to: number): Promise<void> {
  await Promise.all(Array.from({ length: to - from }, (_, at) => queue.push(item(from + at))));
}

describe('SpillQueue', () => {
  test('gives back what was pushed, in order, a few at a time, then nothing', async () => {
    const queue = await open(new MemoryAppendLog());
    await pushAll(queue, 0, 5);
    expect(numbers(await queue.next(3))).toEqual([0, 1, 2]);
    expect(numbers(await queue.next(3))).toEqual([3, 4]);
    expect(await queue.next(3)).toEqual([]);
    await queue.push(item(5));
    expect(numbers(await queue.next(3))).toEqual([5]);
    expect(queue.count).toBe(6);
  });

  test('a record that is no JSON is refused, and holds up nothing', async () => {
    const log = new MemoryAppendLog();
    const queue = await open(log);
    await expect(queue.push({ n: 1n as unknown as number })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect([queue.error, queue.count]).toEqual([undefined, 0]);
    await pushAll(queue, 0, 5);
    for (const { seq } of await queue.next(5)) queue.confirm(seq);
    await queue.flush();
    expect((await open(log)).count).toBe(0);
  });

  test('takes its place within the call; is given out only once it is on disk', async () => {
    const log = new ScriptedAppendLog();
    const queue = await open(log);
    const pushed = queue.push(item(0));
    expect(queue.count).toBe(1);
    expect(await queue.next(1)).toEqual([]);
    log.commit();
    await pushed;
    expect(numbers(await queue.next(1))).toEqual([0]);
  });

  test('is full at its bound, and not one below it', async () => {
    const queue = await open(new MemoryAppendLog(), 3);
    await pushAll(queue, 0, 2);
    expect(queue.isFull).toBe(false);
    await queue.push(item(2));
    expect(queue.isFull).toBe(true);
    const [first] = await queue.next(1);
    queue.confirm(first?.seq ?? 0);
    expect(queue.isFull).toBe(false);
  });

  test('after rewind the oldest that is not confirmed comes first, and what was confirmed does not come', async () => {
    const queue = await open(new MemoryAppendLog());
    await pushAll(queue, 0, 5);
    const taken = await queue.next(4);
    for (const at of [0, 2]) queue.confirm(taken[at]?.seq ?? 0);
    expect(queue.count).toBe(3);
    queue.rewind();
    expect(numbers(await queue.next(10))).toEqual([1, 3, 4]);
  });

  test('confirming twice counts once', async () => {
    const queue = await open(new MemoryAppendLog());
    await pushAll(queue, 0, 2);
    const [first, second] = await queue.next(2);
    for (const each of [second, second, first, first]) queue.confirm(each?.seq ?? 0);
    expect(queue.count).toBe(0);
  });

  test('a rewind while it reads gives nothing of the old round', async () => {
    const queue = await open(new MemoryAppendLog());
    await pushAll(queue, 0, 3);
    const reading = queue.next(3);
    queue.rewind();
    expect(await reading).toEqual([]);
    expect(numbers(await queue.next(3))).toEqual([0, 1, 2]);
  });

  test('a second reader gets nothing', async () => {
    const queue = await open(new MemoryAppendLog());
    await pushAll(queue, 0, 3);
    const [first, second] = await Promise.all([queue.next(3), queue.next(3)]);
    expect([numbers(first), second]).toEqual([[0, 1, 2], []]);
  });

  test('after a restart all that was not confirmed is there, in order, before what is new', async () => {
    const log = new ScriptedAppendLog();
    const queue = await open(log);
    const pushed = pushAll(queue, 0, 4);
    log.commit();
    await pushed;
    const [first] = await queue.next(1);
    queue.confirm(first?.seq ?? 0);
    const flushed = queue.flush();
    log.commit();
    await flushed;
    const restarted = new ScriptedAppendLog(log.durable);
    const next = await open(restarted);
    expect(next.count).toBe(3);
    const more = next.push(item(4));
    restarted.commit();
    await more;
    expect(numbers(await next.next(10))).toEqual([1, 2, 3, 4]);
  });

  test('after a crash without a mark the confirmed ones come again', async () => {
    const log = new ScriptedAppendLog();
    const queue = await open(log);
    const pushed = pushAll(queue, 0, 2);
    log.commit();
    await pushed;
    const [first] = await queue.next(1);
    queue.confirm(first?.seq ?? 0);
    const next = await open(new ScriptedAppendLog(log.durable));
    expect(numbers(await next.next(10))).toEqual([0, 1]);
  });

  test('once empty, a restart finds nothing, and the log keeps no more than its last record', async () => {
    const log = new MemoryAppendLog();
    const queue = await open(log);
    await pushAll(queue, 0, 50);
    for (const { seq } of await queue.next(50)) queue.confirm(seq);
    await queue.flush();
    expect(log.firstSeq).toBe(51);
    const again = await open(log);
    expect([again.count, await again.next(10)]).toEqual([0, []]);
    await again.push(item(50));
    expect(numbers(await again.next(10))).toEqual([50]);
  });

  test('trims as it drains, also while more comes', async () => {
    const log = new MemoryAppendLog();
    const queue = await open(log, 10_000);
    await pushAll(queue, 0, 3_000);
    for (let left = 2_500; left > 0; left -= 500)
      for (const { seq } of await queue.next(500)) queue.confirm(seq);
    await queue.flush();
    expect(log.firstSeq).toBeGreaterThan(2_000);
    expect(queue.count).toBe(500);
    await queue.push(item(3_000));
    expect(numbers(await queue.next(1_000))).toEqual(Array.from({ length: 501 }, (_, at) => 2_500 + at));
  });

  test('says why the disk refuses, and still gives back what it has', async () => {
    const log = new ScriptedAppendLog();
    const queue = await open(log);
    const kept = queue.push(item(0));
    log.commit();
    await kept;
    const refused = queue.push(item(1));
    log.fail(new Error('no room'));
    await expect(refused).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    expect(queue.error).toContain('no room');
    expect(queue.count).toBe(1);
    const [only] = await queue.next(10);
    queue.confirm(only?.seq ?? 0);
    expect(queue.count).toBe(0);
    await queue.flush();
  });

  test('a mark that is refused is said too', async () => {
    const log = new ScriptedAppendLog();
    const queue = await open(log);
    const kept = queue.push(item(0));
    log.commit();
    await kept;
    const [only] = await queue.next(1);
    queue.confirm(only?.seq ?? 0);
    log.fail(new Error('gone'));
    await queue.flush();
    expect(queue.error).toContain('gone');
  });

  test('says why the disk does not give back what it has', async () => {
    const log = new MemoryAppendLog();
    const queue = await open(log);
    await queue.push(item(0));
    log.read = () => {
      throw new Error('unreadable');
    };
    await expect(queue.next(1)).rejects.toThrow('unreadable');
    expect(queue.error).toBe('unreadable');
  });
});
