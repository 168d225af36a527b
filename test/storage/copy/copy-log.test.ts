import { describe, expect, test } from 'vitest';
import { FileAppendLog, MemoryAppendLog, copyLog, logDigest } from '../../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../../src/testing/index.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const records = [{ a: 1 }, 'zwölf', [null, { '2': 'b', '10': -0, z: 1e21 }], { text: '\ud800 "\\' }, 5];

async function source(count = records.length): Promise<MemoryAppendLog> {
  const log = new MemoryAppendLog();
  for (const record of records.slice(0, count)) await log.append(record);
  return log;
}

const entriesOf = async (log: Pick<MemoryAppendLog, 'read'>) => {
  const entries = [];
  for await (const entry of log.read()) entries.push(entry);
  return entries;
};

describe('copyLog', () => {
  test('copies every record under its number, and says what it has copied', async () => {
    const [from, to] = [await source(), new MemoryAppendLog()];
    const digest = await logDigest(from.read());
    expect(await copyLog(from, to)).toEqual({ copied: 5, present: 0, digest });
    expect(await entriesOf(to)).toEqual(await entriesOf(from));
  });

  test('goes on where an interrupted one has ended, and does nothing once it is done', async () => {
    const [from, to] = [await source(), await source(3)];
    expect(await copyLog(from, to)).toMatchObject({ copied: 2, present: 3 });
    expect(await copyLog(from, to)).toMatchObject({ copied: 0, present: 5 });
    expect(await entriesOf(to)).toEqual(await entriesOf(from));
  });

  test('copies more than fits into one go', async () => {
    const [from, to] = [new MemoryAppendLog(), new MemoryAppendLog()];
    for (let n = 0; n < 2_500; n += 1) void from.append(n);
    await from.flush();
    expect(await copyLog(from, to)).toMatchObject({ copied: 2_500 });
  });

  test('keeps where a trimmed log begins', async () => {
    const directory = await temporaryDirectory();
    const from = await FileAppendLog.open({ directory, name: 'from', segmentBytes: 1 });
    for (const record of records) await from.append(record);
    await from.trim(4);
    const { firstSeq } = from;
    expect(firstSeq).toBe(4);
    const to = await FileAppendLog.open({ directory, name: 'to', firstSeq });
    expect(await copyLog(from, to)).toMatchObject({ copied: 2, present: 0 });
    expect(await entriesOf(to)).toEqual([
      { seq: 4, record: records[3] },
      { seq: 5, record: 5 },
    ]);
    await Promise.all([from.close(), to.close()]);
  });

  test.each<[string, () => Promise<MemoryAppendLog>]>([
    ['another record', async () => new MemoryAppendLog([{ seq: 1, record: (await source(1)).pending }])],
    [
      'a record that the source has not',
      async () => {
        const log = await source();
        await log.append('more');
        return log;
      },
    ],
  ])('refuses a target with %s, and writes nothing', async (_, target) => {
    const [from, to] = [await source(), await target()];
    const before = await entriesOf(to);
    await expect(copyLog(from, to)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await entriesOf(to)).toEqual(before);
  });

  test('refuses a target that begins elsewhere', async () => {
    const to = new MemoryAppendLog([{ seq: 2, record: 'x' }]);
    await expect(copyLog(await source(), to)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('notices a target that does not keep what it is given', async () => {
    const to = await source(0);
    const { append } = to;
    to.append = (record) => append.call(to, record === 'zwölf' ? 'zwoelf' : record);
    await expect(copyLog(await source(), to)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('rejects with what the target says', async () => {
    const to = new ScriptedAppendLog();
    await to.close();
    await expect(copyLog(await source(), to)).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });

  test('a target that refuses while the source is still read rejects, and nothing else: no rejection without a handler', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    let read = 0;
    const from = {
      firstSeq: 1,
      async *read() {
        for (read = 1; read <= 100; read += 1) {
          // What nobody has taken notice of is reported by then.
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield { seq: read, record: read };
        }
      },
    };
    const to = new MemoryAppendLog();
    to.append = () => Promise.reject(new Error('the disk is full'));
    try {
      await expect(copyLog(from, to)).rejects.toThrow('the disk is full');
      await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      process.off('unhandledRejection', note);
    }
    expect(unhandled).toEqual([]);
    expect(read).toBeLessThan(100);
  });

  test('says that the source was written to meanwhile, and goes on when it is not', async () => {
    const [from, to] = [await source(), new MemoryAppendLog()];
    const live = {
      firstSeq: 1,
      async *read(fromSeq = 1) {
        yield* from.read(fromSeq);
        if (fromSeq === 1) await from.append('more');
      },
    };
    await expect(copyLog(live, to)).rejects.toThrow('the source got record 6 while it was copied');
    expect(await copyLog(from, to)).toMatchObject({ copied: 1, present: 5 });
  });
});
