import { afterAll, beforeAll, describe, test } from 'vitest';
import { eventBusContract } from '../../src/testing/index.ts';
import { RedisServer, redisMissing } from '../support/redis-server.ts';
import { redisSubject } from './support/redis-subject.ts';

describe.skipIf(redisMissing !== undefined)(
  `EventBus contract: RedisEventBus${redisMissing === undefined ? '' : ` (${redisMissing})`}`,
  { timeout: 90_000 },
  () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await RedisServer.start();
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    for (const contract of eventBusContract) {
      test(contract.name, () => contract.run(() => redisSubject(server.port)));
    }
  },
);
