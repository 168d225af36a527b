import { describe, expect, test, vi } from 'vitest';
import {
  PostgresAppendLog,
  type PostgresDatabase,
  PostgresSnapshotStore,
} from '../../../src/adapters/postgres/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { postgresForFile } from '../../contract/support/postgres-subject.ts';
import { postgresMissing } from '../../support/postgres-server.ts';

const PATIENT = { timeout: 30_000, interval: 50 };
const clock = new SystemClock();
const fencedError = { code: 'SNAPSHOT_FAILED', cause: { code: 'LOG_FENCED' } };

/** Enough that several pieces go out. */
function* manyLines(onHalf: () => void): Iterable<string> {
  for (let line = 0; line < 2_000; line++) {
    if (line === 1_000) onHalf();
    yield String(line).padEnd(1_000, 'x');
  }
}

describe.skipIf(postgresMissing !== undefined)(
  `snapshots on a PostgreSQL server ${postgresMissing ?? ''}`,
  () => {
    const postgres = postgresForFile();

    test('of a process whose log another has taken over none is saved, and none removed', async () => {
      const database = await postgres.open();
      const first = await PostgresAppendLog.open({ name: 'journal', fence: 3 }, { database });
      const former = new PostgresSnapshotStore({ name: 'journal', fence: 3 }, { database });
      await former.save(1, ['by the former']);
      const second = await PostgresAppendLog.open({ name: 'journal', fence: 4 }, { database });
      const heir = new PostgresSnapshotStore({ name: 'journal', fence: 4 }, { database });
      await heir.save(2, ['by the heir']);
      for (const seq of [1, 2, 8, 9])
        await expect(former.save(seq, ['late'])).rejects.toMatchObject(fencedError);
      expect(await heir.newest()).toEqual({ seq: 2, lines: ['by the heir'] });
      expect(await heir.newest(1)).toEqual({ seq: 1, lines: ['by the former'] });
      await heir.save(3, ['goes on']);
      expect(await new PostgresSnapshotStore({ name: 'journal' }, { database }).newest()).toMatchObject({
        seq: 3,
      });
      await first.close();
      await second.close();
      await database.close();
    });

    test('one that is under way when the log is taken over is not saved', async () => {
      const database = await postgres.open();
      const store = new PostgresSnapshotStore({ name: 'journal', fence: 3 }, { database });
      await store.save(1, ['before there was a log']);
      let heir: PostgresAppendLog | undefined;
      const transaction: PostgresDatabase['transaction'] = (work, options) =>
        database.transaction(
          (query) =>
            work(async (sql, values) => {
              if (sql.includes('SET ending'))
                heir = await PostgresAppendLog.open({ name: 'journal', fence: 4 }, { database });
              return query(sql, values);
            }),
          options,
        );
      const slow = new PostgresSnapshotStore(
        { name: 'journal', fence: 3 },
        { database: { schema: database.schema, transaction } as unknown as PostgresDatabase },
      );
      await expect(slow.save(5, ['after'])).rejects.toMatchObject(fencedError);
      expect(await store.newest()).toEqual({ seq: 1, lines: ['before there was a log'] });
      await heir?.close();
      await database.close();
    });

    test('one whose lines take longer than a statement may comes through', { timeout: 60_000 }, async () => {
      const database = await postgres.open({ statementTimeoutMs: 300 });
      const store = new PostgresSnapshotStore({ name: 'journal' }, { database });
      const lines = manyLines(() => {
        // The process is loaded: nothing is asked for a while, in the middle of the transaction.
        const fromMs = clock.monotonicMs();
        while (clock.monotonicMs() - fromMs < 1_500);
      });
      await store.save(1, lines);
      await vi.waitFor(async () => expect((await store.newest())?.lines).toHaveLength(2_000), PATIENT);
      await database.close();
    });
  },
);
