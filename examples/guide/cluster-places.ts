// The same parts in one process and on servers: whoever uses them sees ports, and does not know where they lead.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import { type AppendLog, DataDirectory, MemoryStateSignals } from 'portcullis/storage';
import type { StateSignals, StateStore, Tenure } from 'portcullis/storage';

interface Parts {
  readonly state: StateStore;
  readonly signals: StateSignals;
  readonly openJournal: (tenure: Tenure) => Promise<AppendLog>;
  readonly close: () => Promise<void>;
}
const clock = new SystemClock();

async function embedded(path: string): Promise<Parts> {
  const directory = await DataDirectory.open(path, { clock }); // one process owns it
  return {
    state: await directory.openStore('state'),
    signals: new MemoryStateSignals(),
    openJournal: () => directory.openLog('journal'),
    close: () => directory.close(),
  };
}

async function onServers(redisUrl: string, postgresUrl: string): Promise<Parts> {
  const { RedisStateSignals, RedisStateStore } = await import('portcullis/adapters/redis');
  const { PostgresAppendLog, PostgresDatabase } = await import('portcullis/adapters/postgres');
  const state = await RedisStateStore.open({ url: redisUrl }, { clock });
  const signals = await RedisStateSignals.open({ url: redisUrl }, { clock });
  const database = await PostgresDatabase.open({ url: postgresUrl }, { clock });
  return {
    state,
    signals,
    openJournal: ({ token }) => PostgresAppendLog.open({ name: 'journal', fence: token }, { database }),
    close: async () => {
      await Promise.all([state.close(), signals.close(), database.close()]);
    },
  };
}

const [redis, postgres] = [process.env['REDIS_URL'], process.env['POSTGRES_URL']];
const path = await mkdtemp(join(tmpdir(), 'guide-'));
const isShared = redis !== undefined && postgres !== undefined;
const { state, openJournal, close } = isShared ? await onServers(redis, postgres) : await embedded(path);

const journal = await openJournal({ token: 1, isHeld: () => true });
console.log('record', (await journal.append({ kind: 'example' })).seq);
const first = await state.set('limits', { max: '1000' }, { ifVersion: 0 });
const second = await state.set('limits', { max: '2000' }, { ifVersion: 0 });
console.log(first.outcome, second.outcome); // of two who take it for missing, one
await journal.close();
await close();
await rm(path, { recursive: true });
