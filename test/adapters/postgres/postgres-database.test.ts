import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  PostgresDatabase,
  type PostgresDatabaseOptions,
  type PostgresQuery,
} from '../../../src/adapters/postgres/index.ts';
import { checksumOf } from '../../../src/adapters/postgres/migrate.ts';
import { MIGRATIONS } from '../../../src/adapters/postgres/migrations/index.ts';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { type ScriptedClient, scriptedClients, serverError } from './support/scripted-client.ts';

const UP_TO_DATE = MIGRATIONS.map((migration) => ({
  id: migration.id,
  name: migration.name,
  checksum: checksumOf(migration),
}));

/** A database that has been opened over one scripted client, on which all is up to date. */
async function opened(options: Partial<PostgresDatabaseOptions> = {}) {
  const clock = new ManualClock();
  const clients = scriptedClients();
  const opening = PostgresDatabase.open(
    { url: 'postgres://ada:sesame%21@db.example/desk', ...options },
    { clock, createClient: clients.createClient },
  );
  await nextTurn();
  const first = clients.made[0] as ScriptedClient;
  first.asked[0]?.answer([{}]);
  await nextTurn();
  first.asked[1]?.answer(UP_TO_DATE);
  const database = await opening;
  first.asked.length = 0;
  return { clock, clients, first, database };
}

const settled = async (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise.catch((error: unknown) => error), nextTurn().then(() => 'pending')]);

describe('PostgresDatabase', () => {
  test('gives the client what it insists on, beside what the user gave', async () => {
    const { first } = await opened({ client: { ssl: true, query_timeout: 5 }, applicationName: 'desk-1' });
    expect(first.settings).toMatchObject({
      connectionString: 'postgres://ada:sesame%21@db.example/desk',
      ssl: true,
      application_name: 'desk-1:pool',
      keepAlive: true,
      query_timeout: 0,
    });
  });

  test('puts the schema, quoted, in the place of $schema', async () => {
    const { database, first } = await opened({ schema: 'desk_7' });
    void database.query('SELECT a FROM $schema.orders WHERE id = $1', ['$schema.x']).catch(() => undefined);
    await nextTurn();
    expect(first.asked.map(({ text, values }) => [text, values])).toEqual([
      ['SELECT a FROM "desk_7".orders WHERE id = $1', ['$schema.x']],
    ]);
  });

  test.each(['x"; DROP', 'pg_catalog', 'Upper', '', '1st', 'a'.repeat(49)])(
    'refuses the schema %j',
    async (schema) => {
      await expect(
        PostgresDatabase.open({ url: 'postgres://db/x', schema }, { clock: new ManualClock() }),
      ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    },
  );

  test('never shows a password: not of a bad URL, nor of one in what a client says', async () => {
    const clock = new ManualClock();
    const texts: string[] = [];
    const keep = (error: unknown) => texts.push(inspect(error, { depth: 10 }));
    await PostgresDatabase.open({ url: 'mysql://ada:sesame!@db/x' }, { clock }).catch(keep);
    await PostgresDatabase.open({ url: 'postgres://ada:sesame!@db:x:y/z' }, { clock }).catch(keep);
    for (const options of [
      { url: 'postgres://ada:sesame%21@db/x' },
      { url: 'postgres://ada@db/x?password=sesame!' },
      { client: { host: 'db', password: 'sesame!' } },
    ]) {
      const said = Object.assign(new Error('cannot use sesame! or postgres://ada:sesame%21@db/x'), {
        input: 'sesame!',
      });
      const { createClient } = scriptedClients((client) => client.connecting.reject(said));
      await PostgresDatabase.open(options, { clock, createClient }).catch(keep);
    }
    expect(texts).toHaveLength(5);
    for (const text of texts) expect(text).not.toMatch(/sesame/);
  });

  test.each([
    { version: 130_012, encoding: 'UTF8' },
    { version: 150_004, encoding: 'SQL_ASCII' },
  ])('refuses a server of $version and $encoding', async (found) => {
    const { createClient, made } = scriptedClients((client) => {
      client.version = found;
      client.connecting.resolve(undefined);
    });
    await expect(
      PostgresDatabase.open({ url: 'postgres://db/x' }, { clock: new ManualClock(), createClient }),
    ).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    expect(made.every(({ isDestroyed }) => isDestroyed)).toBe(true);
  });

  test('gives up connecting at the limit, and one millisecond before does not', async () => {
    const clock = new ManualClock();
    const { createClient, made } = scriptedClients(() => undefined);
    const opening = PostgresDatabase.open(
      { url: 'postgres://db/x', connectTimeoutMs: 1000 },
      { clock, createClient },
    );
    await nextTurn();
    clock.advance(999);
    expect(await settled(opening)).toBe('pending');
    clock.advance(1);
    expect(await settled(opening)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(made[0]?.isDestroyed).toBe(true);
  });

  test('a server without an answer hangs: the connection is ended, and the next one is new', async () => {
    const { database, first, clients, clock } = await opened({ statementTimeoutMs: 1000, graceMs: 500 });
    const asking = database.query('SELECT 1');
    await nextTurn();
    clock.advance(1499);
    expect(await settled(asking)).toBe('pending');
    clock.advance(1);
    expect(await settled(asking)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(first.isDestroyed).toBe(true);
    void database.query('SELECT 2').catch(() => undefined);
    await nextTurn();
    expect(clients.made[1]?.asked[0]?.text).toBe('SELECT 2');
  });

  test('an error of the server leaves the connection in use, one of the client ends it', async () => {
    const { database, first, clients } = await opened();
    const refused = database.query('SELECT nonsense');
    await nextTurn();
    first.asked[0]?.refuse(serverError('42703'));
    expect(await settled(refused)).toMatchObject({ retryable: false, details: { sqlState: '42703' } });
    expect(first.isDestroyed).toBe(false);
    const lost = database.query('SELECT 1');
    await nextTurn();
    first.asked[1]?.refuse(new Error('read ECONNRESET'));
    expect(await settled(lost)).toMatchObject({ retryable: true, details: {} });
    expect([first.isDestroyed, clients.made.length]).toEqual([true, 1]);
  });

  test('a server that leaves ends the connection', async () => {
    const { database, first } = await opened();
    const refused = database.query('SELECT 1');
    await nextTurn();
    first.asked[0]?.refuse(serverError('57P01'));
    expect(await settled(refused)).toMatchObject({ retryable: true, details: { sqlState: '57P01' } });
    expect(first.isDestroyed).toBe(true);
  });

  test('a connection that is lost while nobody uses it is not lent again', async () => {
    const { database, first, clients } = await opened();
    first.lose(new Error('gone'));
    first.lose();
    void database.query('SELECT 1').catch(() => undefined);
    await nextTurn();
    expect([first.asked.length, clients.made[1]?.asked.length]).toEqual([0, 1]);
  });

  test('lends no more than maxConnections, in the order of calls, and says so after a while', async () => {
    const { database, first, clients, clock } = await opened({ maxConnections: 1, connectTimeoutMs: 1000 });
    const [one, two, three] = ['SELECT 1', 'SELECT 2', 'SELECT 3'].map((sql) => database.query(sql));
    await nextTurn();
    expect(first.asked.map(({ text }) => text)).toEqual(['SELECT 1']);
    first.asked[0]?.answer();
    await one;
    await nextTurn();
    expect(first.asked.map(({ text }) => text)).toEqual(['SELECT 1', 'SELECT 2']);
    clock.advance(1000);
    expect(await settled(three as Promise<unknown>)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('all 1 connections were busy') as unknown,
    });
    first.lose();
    expect(await settled(two as Promise<unknown>)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(clients.made).toHaveLength(1);
  });

  test('who waits gets a new connection in the place of one that is lost', async () => {
    const { database, first, clients } = await opened({ maxConnections: 1 });
    const lost = database.query('SELECT 1');
    void database.query('SELECT 2').catch(() => undefined);
    await nextTurn();
    first.lose(new Error('gone'));
    await settled(lost);
    await nextTurn();
    expect(clients.made[1]?.asked.map(({ text }) => text)).toEqual(['SELECT 2']);
  });

  test('the place of a lost connection is that of who waits, not also of who comes just then', async () => {
    const { database, first, clients } = await opened({ maxConnections: 1 });
    const queries = [database.query('SELECT 1'), database.query('SELECT 2')];
    await nextTurn();
    first.lose(new Error('gone'));
    queries.push(database.query('SELECT 3'));
    await settled(Promise.all(queries));
    await nextTurn();
    expect(clients.made).toHaveLength(2);
    const second = clients.made[1] as ScriptedClient;
    second.asked[0]?.answer();
    await nextTurn();
    expect(second.asked.map(({ text }) => text)).toEqual(['SELECT 2', 'SELECT 3']);
    second.asked[1]?.answer();
    await Promise.allSettled(queries);
  });

  test.for(['resolves', 'rejects'])('who asks after a transaction that %s is refused', async (how) => {
    const { database, first } = await opened();
    let late: PostgresQuery | undefined;
    const done = database.transaction((query) => {
      late = query;
      return how === 'resolves' ? Promise.resolve() : Promise.reject(new Error('no'));
    });
    await nextTurn();
    first.asked[0]?.answer();
    await nextTurn();
    first.asked[1]?.answer();
    await done.catch(() => undefined);
    await expect(late?.('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(first.asked.map(({ text }) => text)).toEqual([
      'BEGIN',
      how === 'resolves' ? 'COMMIT' : 'ROLLBACK',
    ]);
  });

  test('closes connections that nobody used for a while', async () => {
    const { first, clock } = await opened({ idleMs: 1000 });
    clock.advance(999);
    expect(first.isDestroyed).toBe(false);
    clock.advance(1001);
    expect(first.isDestroyed).toBe(true);
  });

  test.each([
    ['BEGIN', 0],
    ['the work', 1],
    ['COMMIT', 2],
  ])('a transaction whose connection is lost on %s rejects, and nothing is repeated', async (_, at) => {
    const { database, first, clients } = await opened();
    const running = database.transaction((query) => query('UPDATE x'));
    for (let step = 0; step < at; step++) {
      await nextTurn();
      first.asked[step]?.answer();
    }
    await nextTurn();
    first.lose(new Error('gone'));
    expect(await settled(running)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect([first.asked.length, clients.made.length]).toEqual([at + 1, 1]);
  });

  test('a COMMIT that was a rollback is a failure', async () => {
    const { database, first } = await opened();
    const running = database.transaction(() => Promise.resolve('done'));
    await nextTurn();
    first.asked[0]?.answer();
    await nextTurn();
    first.asked[1]?.answer([], 'ROLLBACK');
    await nextTurn();
    first.asked[2]?.answer();
    expect(await settled(running)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('close ends all that is under way, and refuses what comes after', async () => {
    const { database, first } = await opened({ maxConnections: 1 });
    const asking = [database.query('SELECT 1'), database.query('SELECT 2')];
    await nextTurn();
    await database.close();
    for (const one of asking) expect(await settled(one)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await settled(database.query('SELECT 3'))).toMatchObject({ retryable: false });
    expect(first.isDestroyed).toBe(true);
  });
});
