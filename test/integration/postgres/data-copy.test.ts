import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresAppendLog, PostgresDatabase } from '../../../src/adapters/postgres/index.ts';
import { AuditLog, verifyAudit } from '../../../src/audit/index.ts';
import { SystemClock, person } from '../../../src/core/index.ts';
import { digestOf } from '../../../src/desk/journal/journal-digest.ts';
import { clock, dataDirectory, killRecords, portcullis, recordsOf, using } from '../../cli/support/data.ts';
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
