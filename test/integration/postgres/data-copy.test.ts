import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  PostgresAppendLog,
  PostgresDatabase,
  PostgresTradingHistory,
} from '../../../src/adapters/postgres/index.ts';
import { AuditLog, verifyAudit } from '../../../src/audit/index.ts';
import { SystemClock, person } from '../../../src/core/index.ts';
import { digestOf } from '../../../src/desk/journal/journal-digest.ts';
import { HistoryProjector } from '../../../src/portfolio/index.ts';
import { HISTORY_INSTRUMENTS, opened } from '../../../src/testing/trading-history-events.ts';
import {
  JOURNAL,
  clock,
  damage,
  dataDirectory,
  killRecords,
  portcullis,
  recordsOf,
  using,
} from '../../cli/support/data.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { PostgresServer, postgresMissing } from '../../support/postgres-server.ts';

describe.skipIf(postgresMissing)('portcullis data copy', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  }, 120_000);
  afterAll(() => server[Symbol.asyncDispose]());

  const copy = (from: string, to: string, ...more: string[]) =>
    portcullis('data', 'copy', '--from', from, '--to', to, ...more);
  const truthOf = (path: string) =>
    using(path, async (directory) => ({
      journal: await digestOf(await directory.openLog('journal')),
      audit: await verifyAudit(await directory.openLog('audit')),
      snapshot: await (await directory.openSnapshots('journal')).newest(),
    }));

  test('directory to PostgreSQL to directory: the same journal, audit chain and kill switch', async () => {
    const path = await dataDirectory();
    const tripped = ['--scope', 'firm', '--to', 'halted', '--reason', 'test', '--by', 'ada'];
    expect(await portcullis('kill-switch', 'trip', path, ...tripped)).toMatchObject({ code: 0 });
    await using(path, async (directory) => {
      await (await directory.openSnapshots('journal')).save(3, [{ some: 'state' }]);
    });
    const there = await copy(path, server.url, '--schema', 'roundtrip', '--json');
    expect(there).toMatchObject({ code: 0, err: [] });
    const report = JSON.parse(there.out[0] ?? '') as {
      copied: { kind: string; name: string; copied: number }[];
    };
    expect(report.copied.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'store state',
      'snapshots journal',
      'log audit',
      'log journal',
    ]);
    expect(report.copied.every(({ copied }) => copied > 0)).toBe(true);

    const target = join(await temporaryDirectory(), 'target');
    const back = await copy(server.url, target, '--schema', 'roundtrip');
    expect(back).toMatchObject({ code: 0, err: [] });
    expect(back.out.at(-1)).toBe('all is the same on both sides');
    expect(await truthOf(target)).toEqual(await truthOf(path));
    expect((await truthOf(target)).audit).toMatchObject({ ok: true, records: 2 });
    expect(await killRecords(target)).toEqual(await killRecords(path));

    // What is there already is compared, and not written again; the target can be gone on with.
    const again = await copy(path, server.url, '--schema', 'roundtrip', '--json');
    const second = JSON.parse(again.out[0] ?? '') as { copied: { copied: number; digest: string }[] };
    expect(second.copied.map(({ copied }) => copied)).toEqual([0, 0, 0, 0]);
    expect(second.copied.map(({ digest }) => digest)).toEqual(
      (report.copied as unknown as { digest: string }[]).map(({ digest }) => digest),
    );
    await using(target, async (directory) => {
      const audit = await AuditLog.open(await directory.openLog('audit'), { clock });
      await audit.record({ kind: 'service.started', by: person('ada') });
    });
    expect((await recordsOf(target, 'audit')).length).toBe((await recordsOf(path, 'audit')).length + 1);
  }, 60_000);

  const inSchema = async <T>(
    schema: string,
    work: (database: PostgresDatabase) => Promise<T>,
  ): Promise<T> => {
    const database = await PostgresDatabase.open({ url: server.url, schema }, { clock: new SystemClock() });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  };
  const logsIn = (schema: string) =>
    inSchema(schema, async (database) => {
      const { rows } = await database.query<{ name: string }>(
        'SELECT name FROM $schema.log_heads ORDER BY name',
      );
      return rows.map(({ name }) => name);
    });
  const someOf = async (path: string, count: number) => (await recordsOf(path, 'journal')).slice(0, count);

  test('a copy that was interrupted leaves no log that could be taken for a whole one, and goes on: PostgreSQL', async () => {
    const path = await dataDirectory();
    const whole = await readFile(join(path, JOURNAL));
    const some = await someOf(path, 3);
    await damage(path, JOURNAL, 5);
    expect((await copy(path, server.url, '--schema', 'part')).code).not.toBe(0);
    expect((await logsIn('part')).filter((name) => !name.startsWith('copying-'))).toEqual([]);
    await writeFile(join(path, JOURNAL), whole);
    await inSchema('part', async (database) => {
      const log = await PostgresAppendLog.open({ name: 'copying-journal' }, { database });
      for (const record of some) await log.append(record);
      await log.close();
    });
    const target = join(await temporaryDirectory(), 'target');
    const from = await copy(server.url, target, '--schema', 'part');
    expect([from.code, from.err[0]]).toEqual([2, expect.stringContaining('holds part of a copy')]);
    const { code, out } = await copy(path, server.url, '--schema', 'part');
    expect([code, out.find((line) => line.startsWith('log journal'))]).toEqual([
      0,
      expect.stringContaining('4 copied, 3 were there'),
    ]);
    expect(await logsIn('part')).toEqual(['audit', 'journal']);
    expect(await copy(server.url, target, '--schema', 'part')).toMatchObject({ code: 0 });
    expect(await truthOf(target)).toEqual(await truthOf(path));
  }, 60_000);

  test('a log that somebody opens while the copy is made is not touched', async () => {
    const path = await dataDirectory();
    await inSchema('met', async (database) => {
      const log = await PostgresAppendLog.open({ name: 'copying-journal' }, { database });
      await log.close();
      // It comes to be when the copy has had its look at what is there, and makes its own.
      await database.query(`CREATE FUNCTION $schema.meet() RETURNS trigger LANGUAGE plpgsql AS $meet$
        BEGIN
          INSERT INTO $schema.log_heads (name, first_seq, last_seq, fence, owner, owned_since)
            VALUES ('journal', 1, 0, 0, 'another', now()) ON CONFLICT DO NOTHING;
          RETURN NEW;
        END $meet$`);
      await database.query(`CREATE TRIGGER meet AFTER UPDATE ON $schema.log_heads
        FOR EACH ROW WHEN (NEW.last_seq = 7) EXECUTE FUNCTION $schema.meet()`);
    });
    const { code, err } = await copy(path, server.url, '--schema', 'met');
    expect([code, err[0]]).toEqual([2, expect.stringContaining('somebody has opened the log journal')]);
    expect(await logsIn('met')).toEqual(['copying-audit', 'copying-journal', 'journal']);
  }, 60_000);

  test('a copy that was interrupted leaves no directory that could be taken for a whole one, and goes on', async () => {
    const path = await dataDirectory();
    const whole = await readFile(join(path, JOURNAL));
    const some = await someOf(path, 3);
    await damage(path, JOURNAL, 5);
    const target = join(await temporaryDirectory(), 'target');
    expect((await copy(path, target)).code).not.toBe(0);
    expect(await readdir(dirname(target))).toEqual(['target.copying']);
    await writeFile(join(path, JOURNAL), whole);
    await using(`${target}.copying`, async (directory) => {
      const log = await directory.openLog('journal');
      for (const record of some) await log.append(record);
    });
    await mkdir(target);
    const { code, out } = await copy(path, target);
    expect([code, out.find((line) => line.startsWith('log journal'))]).toEqual([
      0,
      expect.stringContaining('4 copied, 3 were there'),
    ]);
    expect(await readdir(dirname(target))).toEqual([basename(target)]);
    expect(await truthOf(target)).toEqual(await truthOf(path));
    expect(await copy(path, target)).toMatchObject({ code: 0 });
    await using(target, async (directory) => {
      expect(directory.isNew).toBe(false);
    });
  }, 60_000);

  test('refuses a directory that has some of it already, and no whole log', async () => {
    const path = await dataDirectory();
    const target = join(await temporaryDirectory(), 'target');
    await using(target, () => Promise.resolve());
    const { code, err } = await copy(path, target);
    expect([code, err[0]]).toEqual([2, expect.stringContaining('expected a directory that is not there')]);
  });

  test('names what it leaves behind', async () => {
    const path = await dataDirectory();
    await writeFile(join(path, 'history.sqlite'), '');
    const target = join(await temporaryDirectory(), 'target');
    expect((await copy(path, target)).out).toContain('not copied: history.sqlite');
    expect((await copy(path, server.url, '--schema', 'left')).out).toContain('not copied: history.sqlite');
    await inSchema('left', async (database) => {
      const history = new PostgresTradingHistory(database);
      await new HistoryProjector({ history, instruments: HISTORY_INSTRUMENTS }).project(
        opened(clock.nowMs()),
      );
    });
    const dry = await copy(server.url, target, '--schema', 'left', '--dry-run', '--json');
    expect(JSON.parse(dry.out[0] ?? '')).toMatchObject({ notCopied: ['the trading history'] });
    expect((await copy(path, join(dirname(target), 'other'), '--json')).out[0]).toContain(
      '"notCopied":["history.sqlite"]',
    );
  }, 60_000);

  test('makes nothing where it reads, and refuses a source that holds nothing', async () => {
    const target = join(await temporaryDirectory(), 'target');
    for (const more of [[], ['--dry-run']]) {
      const { code, out, err } = await copy(server.url, target, '--schema', 'misspelt', ...more);
      expect([code, out, err[0]]).toEqual([1, [], expect.stringContaining('FORMAT_UNSUPPORTED')]);
    }
    expect(await server.query("SELECT 1 FROM pg_namespace WHERE nspname = 'misspelt'")).toEqual([]);
    await inSchema('nothing', () => Promise.resolve());
    const { code, err } = await copy(server.url, target, '--schema', 'nothing');
    expect([code, err[0]]).toEqual([2, expect.stringContaining('expected a place that holds something')]);
    expect(await readdir(dirname(target))).toEqual([]);
  }, 30_000);

  test.each([
    'postgress://trader:s3cretpass@db/x',
    'postgres:/trader:s3cretpass@db/x',
    'http://trader:s3cretpass@db',
  ])('refuses %s, and does not print what it may hold', async (url) => {
    const path = await dataDirectory();
    for (const args of [
      [path, url],
      [path, url, '--dry-run'],
      [url, path],
    ] as const) {
      const { code, out, err } = await copy(...(args as unknown as [string, string]));
      expect([code, out]).toEqual([2, []]);
      expect(err.join()).toContain('expected a directory, or postgres://');
      expect(err.join()).not.toContain('s3cretpass');
    }
  });

  test('checks the name of the schema also when it only looks', async () => {
    const path = await dataDirectory();
    expect(await copy(path, server.url, '--schema', 'Bad%Name', '--dry-run')).toMatchObject({ code: 2 });
    expect(await copy(path, `${path}-2`, '--schema', 'good', '--dry-run')).toMatchObject({ code: 2 });
  });

  test('a dry run tells what there is, and changes nothing', async () => {
    const path = await dataDirectory();
    const target = join(await temporaryDirectory(), 'target');
    const { code, out } = await copy(path, target, '--dry-run');
    expect(code).toBe(0);
    expect(out.find((line) => line.startsWith('log journal: 7 to copy, digest '))).toBeDefined();
    expect(out.at(-1)).toBe('nothing was changed (--dry-run)');
    expect(await portcullis('journal', 'verify', target)).toMatchObject({ code: 2 });
  });

  test('takes no log from who writes it, where it holds something else', async () => {
    const database = await PostgresDatabase.open(
      { url: server.url, schema: 'taken' },
      { clock: new SystemClock() },
    );
    const log = await PostgresAppendLog.open({ name: 'journal' }, { database });
    await log.append({ another: 'journal' });
    const { code, err } = await copy(await dataDirectory(), server.url, '--schema', 'taken');
    expect([code, err.length]).toEqual([2, 1]);
    await log.append({ still: 'ours' });
    await log.close();
    await database.close();
  }, 30_000);

  test('refuses a directory in use, one that is none, a target of another, and strange options', async () => {
    const path = await dataDirectory();
    const target = join(await temporaryDirectory(), 'target');
    await using(path, async () => {
      expect(await copy(path, target)).toMatchObject({ code: 2, out: [] });
    });
    expect(await copy(join(target, 'nowhere'), target)).toMatchObject({ code: 2 });
    expect(await copy(path, path)).toMatchObject({ code: 2 });
    expect(await portcullis('data', 'copy', '--from', path)).toMatchObject({ code: 2 });
    expect(await portcullis('data', 'copy', '--form', path)).toMatchObject({ code: 2 });
    await using(target, async (directory) => {
      await (await directory.openLog('other')).append(1);
    });
    const { code, err } = await copy(path, target);
    expect([code, err[0]]).toEqual([
      2,
      'portcullis: INPUT_INVALID: data copy: the target has logs other, which the source has not',
    ]);
  });
});
