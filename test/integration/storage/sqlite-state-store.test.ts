import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { SqliteStateStore } from '../../../src/storage/index.ts';
import { openDatabase } from '../../../src/storage/sqlite.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';

const GOLDEN = fileURLToPath(new URL('../../storage/golden/store-v1.db', import.meta.url));
const GOLDEN_MS = 1_767_312_000_000;

const clock = new ManualClock(GOLDEN_MS);
const open = (path: string) => SqliteStateStore.open({ path }, { clock });
const freshPath = async (): Promise<string> => join(await temporaryDirectory(), 'state.db');

const recovery = (path: string): string =>
  `If the file is damaged: stop the process and restore ${path} from a copy, or save what can be read with: ` +
  `sqlite3 '${path}' .recover | sqlite3 '${path}.saved'`;

describe('SqliteStateStore', () => {
  test('reads the golden file of version 1, and goes on numbering', async () => {
    const path = await freshPath();
    await copyFile(GOLDEN, path);
    const store = await open(path);
    expect(await store.list('')).toEqual([
      {
        key: 'kill-switch/global',
        value: { state: 'halted', by: { kind: 'person', id: 'ada' } },
        version: 1,
        expiresAtMs: undefined,
      },
      { key: 'lease', value: 1, version: 2, expiresAtMs: GOLDEN_MS + 60_000 },
    ]);
    expect(await store.set('new', 1)).toEqual({ outcome: 'written', version: GOLDEN_MS * 1_000 });
    await store.close();
  });

  test('keeps a write-ahead log beside the file', async () => {
    const path = await freshPath();
    const store = await open(path);
    await store.set('a', 1);
    const bytes = (await stat(`${path}-wal`)).size;
    expect(bytes).toBeGreaterThan(0);
    await store.close();
    const database = openDatabase(path);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  test('knows whether it was ever written, also once everything is gone', async () => {
    const path = await freshPath();
    const store = await open(path);
    expect(store.wasWritten).toBe(false);
    await store.set('a', 1);
    await store.delete('a');
    await store.close();
    const reopened = await open(path);
    expect([reopened.wasWritten, await reopened.list('')]).toEqual([true, []]);
    await reopened.close();
  });

  test('removes expired rows from the file with the next change', async () => {
    const path = await freshPath();
    const time = new ManualClock(0);
    const store = await SqliteStateStore.open({ path }, { clock: time });
    await store.set('gone', 1, { ttlMs: 10 });
    time.advance(10);
    await store.set('b', 1);
    await store.close();
    const database = openDatabase(path);
    expect(database.prepare('SELECT key FROM state').all()).toEqual([{ key: 'b' }]);
    database.close();
  });

  test('refuses a change while another program holds the file, and takes it afterwards', async () => {
    const path = await freshPath();
    const store = await open(path);
    await store.set('a', 1);
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.set('a', 2)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: `state store ${path}: set failed: database is locked. ${recovery(path)}`,
    });
    expect((await store.get('a'))?.value).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    expect(await store.set('a', 3)).toMatchObject({ outcome: 'written' });
    await store.close();
  });

  test('a value that is not JSON any more is an error, not a value', async () => {
    const path = await freshPath();
    const store = await open(path);
    await store.set('a', 1);
    const other = openDatabase(path);
    other.exec(`UPDATE state SET value = 'no JSON'`);
    other.close();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
  });

  test('a change that fails half-way leaves nothing behind', async () => {
    const path = await freshPath();
    const store = await open(path);
    const before = await store.set('a', 1);
    const other = openDatabase(path);
    other.exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON state BEGIN SELECT RAISE(ABORT, 'the test said so'); END`,
    );
    await expect(store.set('a', 2)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    other.exec('DROP TRIGGER refuse');
    other.close();
    expect(await store.set('a', 3)).toEqual({ outcome: 'written', version: before.version + 1 });
    await store.close();
  });

  test('a batch that fails half-way leaves nothing behind', async () => {
    const path = await freshPath();
    const store = await open(path);
    const before = await store.set('a', 1);
    const other = openDatabase(path);
    other.exec(
      `CREATE TRIGGER refuse BEFORE INSERT ON state WHEN NEW.key = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    await expect(
      store.setAll([
        { key: 'a', value: 2 },
        { key: 'b', value: 2 },
      ]),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.list('')).toEqual([
      { key: 'a', value: 1, version: before.version, expiresAtMs: undefined },
    ]);
    other.close();
    await store.close();
  });

  test.each([
    ['not a database', () => Buffer.from('no database at all '.repeat(300))],
    ['cut in half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['overwritten in the middle', (bytes: Buffer) => Buffer.from(bytes).fill(0xaa, 4096, 12_000)],
  ])('a file that is %s is refused with the way out', async (_, damage) => {
    const path = await freshPath();
    await writeFile(path, damage(await readFile(GOLDEN)));
    await expect(open(path)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(recovery(path)) as unknown,
      details: { path },
    });
  });

  test('a file of another version is refused', async () => {
    const path = await freshPath();
    const database = openDatabase(path);
    database.exec('CREATE TABLE state (key); PRAGMA user_version = 2');
    database.close();
    await expect(open(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `state store ${path}: expected format 1, got 2 with tables in it`,
    });
  });

  test('the database of another program is refused', async () => {
    const path = await freshPath();
    const database = openDatabase(path);
    database.exec('CREATE TABLE customers (name)');
    database.close();
    await expect(open(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `state store ${path}: expected format 1, got 0 with tables in it`,
    });
  });

  test('an empty file of another version is refused', async () => {
    const path = await freshPath();
    const database = openDatabase(path);
    database.exec('PRAGMA user_version = 9');
    database.close();
    await expect(open(path)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: `state store ${path}: expected format 1, got 9`,
    });
  });

  test('a path that cannot be opened is refused', async () => {
    const path = join(await temporaryDirectory(), 'missing', 'state.db');
    await expect(open(path)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(SqliteStateStore.open({ path: '' }, { clock })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
  });
});
