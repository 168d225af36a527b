import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import { MetricsRegistry, silentLogger } from 'portcullis/telemetry';
import { expect, test } from 'vitest';
import { PostgresServer, postgresMissing } from '../../support/postgres-server.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { parseConfig } from '../../../examples/trading-system/config.ts';
import { openParts } from '../../../examples/trading-system/parts/open-parts.ts';

const tenure = (token: number) => ({ token, isHeld: () => true });

test.skipIf(Boolean(redisMissing) || Boolean(postgresMissing))(
  'a desk on PostgreSQL is opened under its token, and refuses the one before',
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'trading-system-test-'));
    await using redis = await RedisServer.start();
    await using server = await PostgresServer.start();
    const clock = new SystemClock();
    const config = parseConfig({ dataDir, redis: { url: redis.url }, postgres: { url: server.url } });
    const metrics = new MetricsRegistry({}, { clock });
    const parts = await openParts(config, { clock, metrics, logger: silentLogger });
    try {
      parts.prepareDesk?.();
      const before = await parts.openDesk(tenure(1));
      expect(await before.journal.append({ kind: 'first' })).toEqual({ seq: 1 });
      const after = await parts.openDesk(tenure(2));
      await expect(before.journal.append({ kind: 'late' })).rejects.toMatchObject({ code: 'LOG_FENCED' });
      expect(await after.journal.append({ kind: 'second' })).toEqual({ seq: 2 });
      expect(await (await parts.history()).accounts()).toEqual([]);
      await after.close();
      await before.close();
    } finally {
      await parts.close();
      await rm(dataDir, { recursive: true });
    }
  },
  30_000,
);
