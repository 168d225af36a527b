import assert from 'node:assert/strict';
import type { AppendLog, LogEntry } from '../storage/append-log.ts';
import { contractCase, type ContractCase } from './contract-case.ts';

/** One log under test. Each case gets a fresh one. */
export interface AppendLogUnderTest {
  /** Empty, never used before. */
  readonly log: AppendLog;
  /** Lets pending writes go ahead, for a log that does not do so by itself. */
  readonly settle: () => void;
  /** From now on the medium refuses every write of the log that is open. Left out where no write can fail. */
  readonly breakMedium?: () => void;
  /** Closes the log, mends the medium and opens the log anew. */
  readonly reopen: () => Promise<AppendLog>;
  /** Closes, with what is pending settled or not, and cleans up. */
  dispose(): Promise<void>;
}

const contract = contractCase<AppendLogUnderTest>;

/** What every `AppendLog` has to do. */
export const appendLogContract: readonly ContractCase<AppendLogUnderTest>[] = [
  contract('numbers records from 1 and reads them back', async ({ log, settle }) => {
    const receipts = [log.append({ a: 1 }), log.append('two'), log.append([3, null, true])];
    settle();
    assert.deepEqual(await Promise.all(receipts), [{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
    assert.deepEqual(await readAll(log), [
      { seq: 1, record: { a: 1 } },
      { seq: 2, record: 'two' },
      { seq: 3, record: [3, null, true] },
    ]);
  }),
  contract('reads from a given sequence number, and nothing past the end', async ({ log, settle }) => {
    await appendAll(log, settle, ['a', 'b', 'c']);
    assert.deepEqual(await readAll(log, 2), [
      { seq: 2, record: 'b' },
      { seq: 3, record: 'c' },
    ]);
    assert.deepEqual(await readAll(log, 4), []);
  }),
  contract('takes the record as it is within the call', async ({ log, settle }) => {
    const record = { state: 'as appended', nested: [1] };
    const receipt = log.append(record);
    record.state = 'changed later';
    record.nested.push(2);
    settle();
    await receipt;
    assert.deepEqual(await readAll(log), [{ seq: 1, record: { state: 'as appended', nested: [1] } }]);
  }),
  contract('keeps text of every kind', async ({ log, settle }) => {
    const records = ['line\nfeed\r\u2028', 'nul\0', '\ud83d\udcb0 \u00e9 \ufeff', '', { '"key"': '\\' }];
    await appendAll(log, settle, records);
    assert.deepEqual(
      (await readAll(log)).map(({ record }) => record),
      records,
    );
  }),
  contract('settles first in, first out, with equal steps for each', async ({ log, settle }) => {
    const order: string[] = [];
    const chains = ['a', 'b', 'c'].map((name) =>
      log
        .append(name)
        .then(() => order.push(`${name}1`))
        .then(() => order.push(`${name}2`)),
    );
    settle();
    await Promise.all(chains);
    const firsts = order.filter((step) => step.endsWith('1'));
    const seconds = order.filter((step) => step.endsWith('2'));
    assert.deepEqual(firsts, ['a1', 'b1', 'c1']);
    assert.deepEqual(seconds, ['a2', 'b2', 'c2']);
  }),
  contract('counts what is pending', async ({ log, settle }) => {
    assert.equal(log.pending, 0);
    const receipts = [log.append(1), log.append(2)];
    assert.equal(log.pending, 2);
    settle();
    await Promise.all(receipts);
    assert.equal(log.pending, 0);
  }),
  contract('flush waits for everything appended before it', async ({ log, settle }) => {
    await log.flush();
    let settled = 0;
    const receipts = [1, 2, 3].map((record) => log.append(record).then(() => settled++));
    const flushed = log.flush().then(() => settled);
    settle();
    assert.equal(await flushed, 3);
    await Promise.all(receipts);
  }),
  contract('refuses what is not JSON, and takes no number for it', async ({ log, settle }) => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    await assert.rejects(log.append(cycle), { code: 'INPUT_INVALID' });
    await assert.rejects(log.append({ price: 1n }), { code: 'INPUT_INVALID' });
    await assert.rejects(
      log.append(() => 'a function'),
      { code: 'INPUT_INVALID' },
    );
    const receipt = log.append('fine');
    settle();
    assert.deepEqual(await receipt, { seq: 1 });
  }),
  contract('holds its records and goes on numbering after reopening', async ({ log, settle, reopen }) => {
    await appendAll(log, settle, ['a', 'b']);
    const reopened = await reopen();
    const receipt = reopened.append('c');
    settle();
    assert.deepEqual(await receipt, { seq: 3 });
    assert.deepEqual(
      (await readAll(reopened)).map(({ record }) => record),
      ['a', 'b', 'c'],
    );
  }),
  contract('begins at 1 until it is trimmed', async ({ log, settle }) => {
    assert.equal(log.firstSeq, 1);
    assert.equal(await log.trim(10), 1);
    await appendAll(log, settle, ['a', 'b']);
    assert.equal(await log.trim(1), 1);
    assert.equal(log.firstSeq, 1);
    assert.equal((await readAll(log)).length, 2);
  }),
  contract('trim forgets only records that are older, and says where the log begins', async (subject) => {
    const { log, settle } = subject;
    const records = Array.from({ length: 20 }, (_, at) => `record ${at + 1}`);
    for (const record of records) await appendAll(log, settle, [record]);
    const firstSeq = await log.trim(12);
    assert.ok(firstSeq >= 1 && firstSeq <= 12);
    assert.equal(log.firstSeq, firstSeq);
    const kept = records.map((record, at) => ({ seq: at + 1, record })).slice(firstSeq - 1);
    assert.deepEqual(await readAll(log), kept);
    assert.deepEqual(await readAll(log, 1), kept);
    assert.deepEqual(await readAll(log, 15), kept.slice(15 - firstSeq));
    assert.equal(await log.trim(5), firstSeq);
  }),
  contract('trim keeps the last record, and the numbers go on', async ({ log, settle, reopen }) => {
    for (const record of ['a', 'b', 'c', 'd']) await appendAll(log, settle, [record]);
    const firstSeq = await log.trim(Infinity);
    assert.deepEqual((await readAll(log)).at(-1), { seq: 4, record: 'd' });
    const reopened = await reopen();
    assert.equal(reopened.firstSeq, firstSeq);
    assert.equal((await readAll(reopened)).length, 4 - firstSeq + 1);
    const receipt = reopened.append('e');
    settle();
    assert.deepEqual(await receipt, { seq: 5 });
  }),
  contract(
    'a reader under way sees all that was there when it began, whatever is trimmed',
    async (subject) => {
      const { log, settle } = subject;
      for (const record of ['a', 'b', 'c', 'd', 'e', 'f']) await appendAll(log, settle, [record]);
      const seen: number[] = [];
      for await (const { seq } of log.read()) {
        if (seen.length === 0) await log.trim(6);
        seen.push(seq);
      }
      assert.deepEqual(seen, [1, 2, 3, 4, 5, 6]);
    },
  ),
  contract('records appended while it is trimmed are there', async ({ log, settle }) => {
    for (const record of ['a', 'b', 'c', 'd']) await appendAll(log, settle, [record]);
    const trimmed = log.trim(4);
    await appendAll(log, settle, ['e', 'f']);
    await trimmed;
    assert.deepEqual(
      (await readAll(log, 4)).map(({ record }) => record),
      ['d', 'e', 'f'],
    );
  }),
  contract(
    'after a failed write refuses every record until reopened, and has no hole',
    async ({ log, settle, breakMedium, reopen }) => {
      if (breakMedium === undefined) return;
      await appendAll(log, settle, ['a']);
      breakMedium();
      const refused = [log.append('b'), log.append('c')];
      settle();
      for (const result of await Promise.allSettled(refused)) {
        assert.equal(result.status, 'rejected');
        assert.equal((result.reason as { code?: unknown }).code, 'LOG_WRITE_FAILED');
      }
      await assert.rejects(log.append('d'), { code: 'LOG_WRITE_FAILED' });
      await log.flush();
      assert.equal(log.pending, 0);

      const reopened = await reopen();
      const receipt = reopened.append('e');
      settle();
      await receipt;
      const records = (await readAll(reopened)).map(({ record }) => record);
      // What was refused may have reached the medium, in order; it is never in front of what was acknowledged.
      assert.equal(records[0], 'a');
      assert.equal(records.at(-1), 'e');
      assert.deepEqual(records.slice(1, -1), ['b', 'c'].slice(0, records.length - 2));
    },
  ),
  contract('close settles what is pending and refuses what comes after', async ({ log, settle }) => {
    const receipt = log.append('last');
    const closed = log.close();
    await assert.rejects(log.append('late'), { code: 'LOG_CLOSED' });
    settle();
    assert.deepEqual(await receipt, { seq: 1 });
    await closed;
    await log.close();
    await assert.rejects(log.trim(1), { code: 'LOG_CLOSED' });
  }),
];

async function appendAll(
  log: AppendLog,
  settle: () => void,
  records: readonly (string | object)[],
): Promise<void> {
  const receipts = records.map((record) => log.append(record));
  settle();
  await Promise.all(receipts);
}

async function readAll(log: AppendLog, fromSeq?: number): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of log.read(fromSeq)) entries.push(entry);
  return entries;
}
