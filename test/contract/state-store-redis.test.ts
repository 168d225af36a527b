import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { RedisStateSignals, RedisStateStore } from '../../src/adapters/redis/index.ts';
import { SystemClock } from '../../src/core/index.ts';
import {
  type StateSignalsUnderTest,
  type StateStoreUnderTest,
  stateSignalsContract,
  stateStoreContract,
} from '../../src/testing/index.ts';
import { RedisServer, redisMissing } from '../support/redis-server.ts';
import { SeverableProxy } from '../support/severable-proxy.ts';

const clock = new SystemClock();
let server: RedisServer;
let subjects = 0;

async function storeUnderTest(): Promise<StateStoreUnderTest> {
  const options = { url: server.url, name: `case-${subjects++}` };
  let store = await RedisStateStore.open(options, { clock });
  return {
    store,
    advance: (ms) => sleep(ms + 5),
    async reopen() {
      await store.close();
      store = await RedisStateStore.open(options, { clock });
      return store;
    },
    dispose: () => store.close(),
  };
}

async function signalsUnderTest(): Promise<StateSignalsUnderTest> {
  const proxy = await SeverableProxy.open(server.port);
  const name = `case-${subjects++}`;
  const url = `redis://127.0.0.1:${proxy.port}`;
  const signals = await RedisStateSignals.open({ url, name, maxBackoffMs: 100 }, { clock });
  const other = await RedisStateSignals.open({ url: server.url, name }, { clock });
  return {
    signals,
    other,
    async interrupt() {
      proxy.cut();
      await other.announce('a');
      proxy.mend();
    },
    async dispose() {
      await signals.close();
      await other.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

describe.skipIf(redisMissing !== undefined)(
  `On Redis${redisMissing === undefined ? '' : ` (${redisMissing})`}`,
  { timeout: 60_000 },
  () => {
    beforeAll(async () => {
      server = await RedisServer.start();
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    describe('StateStore contract: RedisStateStore', () => {
      for (const contract of stateStoreContract) test(contract.name, () => contract.run(storeUnderTest));
    });

    describe('StateSignals contract: RedisStateSignals', () => {
      for (const contract of stateSignalsContract) test(contract.name, () => contract.run(signalsUnderTest));
    });
  },
);
