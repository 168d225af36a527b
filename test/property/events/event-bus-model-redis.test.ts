import { afterAll, beforeAll, describe, test } from 'vitest';
import { redisSubject } from '../../contract/support/redis-subject.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { runModel } from './support/model-run.ts';

/** More with `BUS_MODEL_REDIS_RUNS`. A death costs a lease, a second and a half. */
const RUNS = Number(process.env['BUS_MODEL_REDIS_RUNS'] ?? 5);

describe.skipIf(redisMissing !== undefined)(
  `RedisEventBus, whatever happens to it${redisMissing === undefined ? '' : ` (${redisMissing})`}`,
  { timeout: 60_000 + RUNS * 20_000 },
  () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await RedisServer.start();
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    test.for([1, 3])('%i partitions: loses nothing, keeps the order of each key', (partitions) =>
      runModel(
        () => redisSubject(server.port, { options: { partitions, keepEvents: 10, trimEveryMs: 20 } }),
        {
          ...{ runs: RUNS, maxCommands: 30, patienceMs: 30_000 },
        },
      ),
    );
  },
);
