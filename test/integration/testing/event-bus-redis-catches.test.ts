import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EventBusUnderTest, eventBusContract } from '../../../src/testing/index.ts';
import { redisSubject } from '../../contract/support/redis-subject.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { acknowledgesFirst, hasNoOrder, requeuesToAll } from '../../testing/support/sabotaged-bus.ts';

const clientOf = (url: string) => createClient({ url });

type Open = () => Promise<EventBusUnderTest>;

/** Short waits: what a defect loses never comes. The lease of a dead member (1.5 s) has run out by then. */
const HASTE = { patienceMs: 3_000, quietMs: 20 };

describe.skipIf(redisMissing !== undefined)(
  `the contract of a bus, on Redis${redisMissing === undefined ? '' : ` (${redisMissing})`}`,
  { timeout: 120_000 },
  () => {
    let server: RedisServer;

    beforeAll(async () => {
      server = await RedisServer.start();
    });

    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    async function onStreams(
      prefix: string,
      spoil: (client: ReturnType<typeof clientOf>, stream: string) => Promise<void>,
    ): Promise<void> {
      const client = clientOf(server.url);
      await client.connect();
      for (const stream of await client.keys(`${prefix}:*:events`)) await spoil(client, stream);
      client.destroy();
    }

    /** After a death, what the dead had taken is nobody's any more. */
    const forgetsTheDead = (prefix: string) =>
      onStreams(prefix, async (client, stream) => {
        for (const { name: group } of await client.xInfoGroups(stream)) {
          for (const { name: consumer } of await client.xInfoConsumers(stream, group)) {
            await client.xGroupDelConsumer(stream, group, consumer);
          }
        }
      });

    /** Somebody else cuts streams to their newest event. */
    const trimmedByLength = (prefix: string) =>
      onStreams(prefix, async (client, stream) => {
        await client.xTrim(stream, 'MAXLEN', 1);
      });

    const open =
      (deps: Parameters<typeof redisSubject>[1]): Open =>
      async () => ({ ...(await redisSubject(server.port, deps)), ...HASTE });

    /** One after another: side by side they would be slow enough to lose leases. */
    const passed = async (names: readonly string[], subject: Open): Promise<readonly string[]> => {
      const passing: string[] = [];
      for (const name of names) {
        const contract = eventBusContract.find((each) => each.name === name);
        if (contract === undefined) throw new Error(`no case is called ${name}`);
        const isPassed = await contract.run(subject).then(
          () => true,
          () => false,
        );
        if (isPassed) passing.push(name);
      }
      return passing;
    };

    const AFTER_DEATH = [
      'delivers again what was being handled when the process died',
      'delivers again what had failed before the process died, in order',
      'lets another process take over from one that has died',
    ];

    test('catches one that never claims what a dead member had taken', async () => {
      expect(await passed(AFTER_DEATH, open({ onCrash: forgetsTheDead }))).toEqual([]);
    });

    test('catches streams that are trimmed by length', async () => {
      const names = ['delivers what nobody had been given yet when the process died'];
      expect(await passed(names, open({ onCrash: trimmedByLength }))).toEqual([]);
    });

    test('catches one that acknowledges before it handles', async () => {
      const names = [...AFTER_DEATH.slice(0, 1), 'delivers again what a handler has thrown on'];
      expect(await passed(names, open({ wrap: acknowledgesFirst }))).toEqual([]);
    });

    test('catches one that has no order by key', async () => {
      const names = ['handles as many keys at once as it may, each in order and one at a time'];
      expect(await passed(names, open({ wrap: hasNoOrder }))).toEqual([]);
    });

    test('catches one that puts letters back for every group', async () => {
      const names = ['puts letters back for their group only, with all attempts before them'];
      expect(await passed(names, open({ wrap: requeuesToAll }))).toEqual([]);
    });

    test('passes the same cases without a defect', async () => {
      const names = [
        ...AFTER_DEATH,
        'delivers what nobody had been given yet when the process died',
        'delivers again what a handler has thrown on',
        'handles as many keys at once as it may, each in order and one at a time',
        'puts letters back for their group only, with all attempts before them',
      ];
      expect(await passed(names, () => redisSubject(server.port))).toEqual(names);
    });
  },
);
