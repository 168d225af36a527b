import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { PostgresAppendLog, PostgresSnapshotStore } from '../../../src/adapters/postgres/index.ts';
import { AuditLog, verifyAudit } from '../../../src/audit/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import type { AppendLog, LogEntry } from '../../../src/storage/index.ts';
import type { SavedBook } from '../../../src/trading/index.ts';
import { postgresForFile } from '../../contract/support/postgres-subject.ts';
import { JournalDrive } from '../../support/journal-drive.ts';
import { postgresMissing } from '../../support/postgres-server.ts';
import { SeverableProxy } from '../../support/severable-proxy.ts';

const PATIENT = { timeout: 60_000, interval: 20 };

async function entriesOf(log: AppendLog): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const entry of log.read()) entries.push(entry);
  return entries;
}

/** Appends numbers one after the other until it is told to stop. */
function keepAppending(log: AppendLog) {
  const acknowledged: number[] = [];
  let isStopped = false;
  const done = (async () => {
    for (let number = 1; !isStopped; number++) {
      await log.append({ number });
      acknowledged.push(number);
    }
  })();
  return {
    acknowledged,
    stop: () => {
      isStopped = true;
      return done;
    },
    /** Until there are so many more. */
    more: (count: number) => {
      const until = acknowledged.length + count;
      return vi.waitFor(() => expect(acknowledged.length).toBeGreaterThanOrEqual(until), PATIENT);
    },
  };
}

describe.skipIf(postgresMissing !== undefined)(`logs on a PostgreSQL server ${postgresMissing ?? ''}`, () => {
  const postgres = postgresForFile();
  const quick = { statementTimeoutMs: 500, graceMs: 200, connectTimeoutMs: 2_000 };

  test.for(['fast', 'immediate', 'kill'] as const)(
    'goes on over a restart (%s) without a hole or a double, in order',
    { timeout: 90_000 },
    async (how) => {
      const database = await postgres.open(quick);
      const log = await PostgresAppendLog.open({ name: 'journal', retryForMs: 60_000 }, { database });
      const appending = keepAppending(log);
      await appending.more(20);
      await postgres.server.stop(how);
      await postgres.server.start();
      await appending.more(20);
      await appending.stop();
      const numbers = (await entriesOf(log)).map(({ record }) => (record as { number: number }).number);
      expect(numbers).toEqual(appending.acknowledged);
      await log.close();
      await database.close();
    },
  );

  test('goes on when the connection is cut in the middle of batches', { timeout: 90_000 }, async () => {
    const proxy = await SeverableProxy.open(postgres.server.port);
    const database = await postgres.open({ ...quick, url: postgres.server.urlAt(proxy.port) });
    const log = await PostgresAppendLog.open(
      { name: 'journal', retryForMs: 60_000, maxBatch: 3 },
      { database },
    );
    const receipts: Promise<{ seq: number }>[] = [];
    for (let round = 0; round < 10; round++) {
      for (let number = 0; number < 20; number++) receipts.push(log.append({ number: receipts.length + 1 }));
      await receipts[receipts.length - 18];
      proxy.cut();
      proxy.mend();
    }
    const seqs = (await Promise.all(receipts)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    const entries = await entriesOf(log);
    expect(entries).toEqual(seqs.map((seq) => ({ seq, record: { number: seq } })));
    await log.close();
    await database.close();
    await proxy[Symbol.asyncDispose]();
  });

  test('a server that hangs is noticed, and what was on its way is there once when it comes back', async () => {
    const database = await postgres.open(quick);
    const log = await PostgresAppendLog.open({ name: 'journal', retryForMs: 60_000 }, { database });
    await log.append({ number: 1 });
    postgres.server.hang();
    const receipt = log.append({ number: 2 });
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    postgres.server.resume();
    expect(await receipt).toEqual({ seq: 2 });
    expect(await entriesOf(log)).toEqual([1, 2].map((number) => ({ seq: number, record: { number } })));
    await log.close();
    await database.close();
  });

  test('a server that stays away: refused after retryForMs, and so is all that comes after', async () => {
    const proxy = await SeverableProxy.open(postgres.server.port);
    const database = await postgres.open({ ...quick, url: postgres.server.urlAt(proxy.port) });
    const log = await PostgresAppendLog.open({ name: 'journal', retryForMs: 200 }, { database });
    proxy.cut();
    await expect(log.append(1)).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', retryable: true });
    proxy.mend();
    await expect(log.append(2)).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
    await log.close();
    await database.close();
    await proxy[Symbol.asyncDispose]();
  });

  test('a server that takes no writes is waited for, and named when it never does', async () => {
    const database = await postgres.open(quick);
    const log = await PostgresAppendLog.open({ name: 'journal', retryForMs: 100 }, { database });
    await postgres.server.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await postgres.server.query('SELECT pg_reload_conf()');
    try {
      await vi.waitFor(() => expect(log.append('late')).rejects.toThrow(/takes no writes.*25006/), PATIENT);
    } finally {
      await postgres.server.query('ALTER SYSTEM RESET default_transaction_read_only');
      await postgres.server.query('SELECT pg_reload_conf()');
    }
    await log.close();
    await database.close();
  });

  test('who opens a log last writes it; the one before is fenced, also in what was on its way', async () => {
    const schema = postgres.newSchema();
    const first = await postgres.open({ schema });
    const second = await postgres.open({ schema });
    const old = await PostgresAppendLog.open({ name: 'journal' }, { database: first });
    await old.append('a');
    const heir = await PostgresAppendLog.open({ name: 'journal' }, { database: second });
    const refused = [old.append('lost'), old.append('lost too')];
    for (const one of await Promise.allSettled(refused))
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'LOG_FENCED', retryable: false } });
    await heir.append('b');
    await expect(old.append('later')).rejects.toMatchObject({ code: 'LOG_FENCED' });
    expect((await entriesOf(heir)).map(({ record }) => record)).toEqual(['a', 'b']);
    await old.close();
    await heir.close();
  });

  test('tokens go up only: lower ones, and none, are refused once there was one', async () => {
    const database = await postgres.open();
    const open = (fence?: number) =>
      PostgresAppendLog.open({ name: 'journal', ...(fence === undefined ? {} : { fence }) }, { database });
    const unfenced = await open();
    const seven = await open(7);
    await expect(unfenced.append('no')).rejects.toMatchObject({ code: 'LOG_FENCED' });
    for (const fence of [6, undefined])
      await expect(open(fence)).rejects.toMatchObject({ code: 'LOG_FENCED', details: { fence: 7 } });
    await seven.append('a');
    const again = await open(7);
    await expect(seven.append('no')).rejects.toMatchObject({ code: 'LOG_FENCED' });
    const eight = await open(8);
    await expect(again.append('no')).rejects.toMatchObject({ code: 'LOG_FENCED' });
    expect(await eight.append('b')).toEqual({ seq: 2 });
    for (const log of [unfenced, seven, again, eight]) await log.close();
  });

  test('a record that was changed on the server is refused by name', async () => {
    const database = await postgres.open();
    const log = await PostgresAppendLog.open({ name: 'journal' }, { database });
    for (const record of ['a', 'b', 'c']) await log.append(record);
    await database.query(`UPDATE $schema.log_records SET text = '"x"' WHERE seq = 2`);
    await expect(entriesOf(log)).rejects.toMatchObject({ code: 'LOG_DAMAGED', details: { seq: 2 } });
    await database.query('DELETE FROM $schema.log_records WHERE seq = 2');
    await expect(entriesOf(log)).rejects.toMatchObject({ code: 'LOG_DAMAGED', details: { seq: 2 } });
    await database.query('DELETE FROM $schema.log_records WHERE seq = 3');
    await log.close();
    await expect(PostgresAppendLog.open({ name: 'journal' }, { database })).rejects.toMatchObject({
      code: 'LOG_DAMAGED',
    });
  });

  test('pages of large records are read in order, and a reader that leaves early lets go', async () => {
    const database = await postgres.open();
    const log = await PostgresAppendLog.open({ name: 'journal' }, { database });
    const text = 'x'.repeat(700_000);
    await Promise.all(Array.from({ length: 12 }, (_, number) => log.append({ number, text })));
    expect((await entriesOf(log)).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 12 }, (_, at) => at + 1),
    );
    for await (const { seq } of log.read(3)) {
      expect(seq).toBe(3);
      break;
    }
    await vi.waitFor(async () => {
      const open = await postgres.server.query(
        "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE '%read:%'",
      );
      expect(open).toEqual([]);
    }, PATIENT);
    await log.close();
  });

  test('an audit log over it verifies, and goes on after it was opened anew', async () => {
    const database = await postgres.open();
    const clock = new SystemClock();
    const log = await PostgresAppendLog.open({ name: 'audit' }, { database });
    const audit = await AuditLog.open(log, { clock });
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => audit.record({ kind: 'decided', at, text: 'é\u0000💰' })),
    );
    await log.close();
    const again = await PostgresAppendLog.open({ name: 'audit' }, { database });
    const heir = await AuditLog.open(again, { clock });
    await heir.record({ kind: 'after' });
    expect(await verifyAudit(again)).toEqual({ ok: true, records: 51, firstSeq: 1, head: heir.head });
    await again.close();
  });

  test('a journal over it recovers from its snapshot and the records after it', async () => {
    const database = await postgres.open();
    const snapshots = new PostgresSnapshotStore({ name: 'journal' }, { database });
    const open = () => PostgresAppendLog.open({ name: 'journal' }, { database });
    const log = await open();
    const drive = await JournalDrive.open(log, { snapshots, checkpointEvery: 10 });
    for (let order = 1; order <= 8; order++) {
      await drive.submit(`c${order}`);
      await drive.event({ type: 'accepted', clientOrderId: `c${order}` });
      await drive.fill(`c${order}`, `e${order}`, 3);
    }
    const facts = ({ book }: JournalDrive) => {
      const { accounts, orders }: SavedBook = book.snapshot();
      return JSON.stringify([
        accounts,
        Array.from(orders, ({ order, ...rest }) => [order.clientOrderId, rest]),
      ]);
    };
    const before = facts(drive);
    await vi.waitFor(async () => expect((await snapshots.newest())?.seq).toBeGreaterThanOrEqual(10), PATIENT);
    await log.close();
    const again = await open();
    const heir = await JournalDrive.open(again, { snapshots, clock: drive.clock });
    expect(facts(heir)).toBe(before);
    await again.close();
  });

  test(
    'two processes: the one with the later token ends the other, and nothing of it comes after',
    { timeout: 90_000 },
    async () => {
      const database = await postgres.open();
      const child = (fence: number) => {
        const script = fileURLToPath(new URL('support/writer-child.ts', import.meta.url));
        const process_ = spawn(
          process.execPath,
          [script, postgres.server.url, database.schema, String(fence)],
          {
            stdio: ['ignore', 'pipe', 'ignore'],
          },
        );
        const lines: string[] = [];
        createInterface(process_.stdout).on('line', (line) => lines.push(line));
        return { process: process_, lines, exit: once(process_, 'exit') };
      };
      const old = child(1);
      await vi.waitFor(() => expect(old.lines.length).toBeGreaterThan(5), PATIENT);
      const heir = child(2);
      await vi.waitFor(() => expect(heir.lines.length).toBeGreaterThan(5), PATIENT);
      await old.exit;
      expect(old.lines.at(-1)).toBe('LOG_FENCED');
      heir.process.kill('SIGKILL');
      await heir.exit;
      const reader = await PostgresAppendLog.open({ name: 'journal', fence: 3 }, { database });
      const records = (await entriesOf(reader)).map(
        ({ record }) => record as { fence: number; number: number },
      );
      const fences = records.map(({ fence }) => fence);
      expect(fences).toEqual([...fences].sort());
      for (const [fence, { lines }] of [
        [1, old],
        [2, heir],
      ] as const) {
        const acknowledged = lines
          .filter((line) => line.startsWith('ack'))
          .map((line) => Number(line.split(' ')[2]));
        const there = records.filter((record) => record.fence === fence).map(({ number }) => number);
        expect(there.slice(0, acknowledged.length)).toEqual(acknowledged);
      }
      await reader.close();
    },
  );
});
