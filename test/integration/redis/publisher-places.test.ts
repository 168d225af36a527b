import { describe, expect, test } from 'vitest';
import {
  PUBLISH_SCRIPT,
  type PublishedAt,
  publishCommand,
  readPublished,
} from '../../../src/adapters/redis/publish-script.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { plainClient, upTo } from './publisher-support.ts';

/** A server with the script, without a bus: each call as a lane makes it. */
async function world() {
  const server = await RedisServer.start();
  const plain = await plainClient(server.url);
  await plain.call('SCRIPT', 'LOAD', PUBLISH_SCRIPT);
  let calls = 0;
  return {
    plain,
    /** Sends events `first` to `last`; of `given` numbers the caller gave the id. */
    send: async (first: number, last: number, given: readonly number[] = []) => {
      const seqs = upTo(last - first + 1).map((at) => first + at);
      const command = publishCommand({
        ...{
          streamKey: 'p:{t.0}:events',
          publisherKey: 'p:{t.0}:pub:me',
          firstSeq: first,
          afterSeq: first - 1,
        },
        ...{ publisherTtlMs: 60_000, dedupeWindowMs: 60_000, wantsPlaces: true, slot: calls++ % 32 },
        texts: seqs.map((seq) => `event ${seq}`),
        idKeys: given.map((seq) => ({ key: `p:{t.0}:id:${seq}`, index: seq - first })),
      });
      return readPublished(await plain.call(...command), seqs.length);
    },
    onServer: async (): Promise<readonly PublishedAt[]> =>
      ((await plain.call('XRANGE', 'p:{t.0}:events', '-', '+')) as [string][]).map(([streamId]) => ({
        kind: 'at',
        streamId,
      })),
    [Symbol.asyncDispose]: async () => {
      await plain[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const unknown: PublishedAt = { kind: 'at', streamId: undefined };

describe.skipIf(redisMissing !== undefined)(
  `places of events that are sent again ${redisMissing ?? ''}`,
  () => {
    test('are those of the first time, however the batches are cut, and nothing comes twice', async () => {
      await using it = await world();
      await it.send(0, 0);
      await it.send(1, 4);
      await it.send(5, 7);
      const all = await it.onServer();
      expect(all).toHaveLength(8);
      expect(await it.send(0, 7)).toEqual(all);
      expect(await it.send(2, 3)).toEqual(all.slice(2, 4));
      expect(await it.send(3, 5)).toEqual(all.slice(3, 6));
      const more = await it.send(6, 9);
      expect(more).toEqual((await it.onServer()).slice(6));
      expect(more).toHaveLength(4);
      expect(await it.send(5, 9)).toEqual((await it.onServer()).slice(5));
    });

    test('an id that was there before is a duplicate the second time too, the event beside it has its place', async () => {
      await using it = await world();
      await it.send(0, 1, [1]);
      await it.plain.call('SET', 'p:{t.0}:id:3', '1-1');
      const first = await it.send(2, 4, [3, 4]);
      expect(first?.map(({ kind }) => kind)).toEqual(['at', 'duplicate', 'at']);
      expect(await it.send(2, 4, [3, 4])).toEqual(first);
      expect(await it.onServer()).toHaveLength(4);
    });

    test('entries that do not follow each other have each their own', async () => {
      await using it = await world();
      await it.plain.call('XADD', 'p:{t.0}:events', '9999999999999-9007199254740992', 'e', 'x');
      const first = await it.send(0, 2);
      expect(first).toEqual((await it.onServer()).slice(1));
      expect(await it.send(0, 2)).toEqual(first);
    });

    test('what is older than the places that are kept has none, and does not come twice', async () => {
      await using it = await world();
      for (const seq of upTo(40)) await it.send(seq, seq);
      const all = await it.onServer();
      expect(await it.send(0, 39)).toEqual([...upTo(8).map(() => unknown), ...all.slice(8)]);
      expect(await it.onServer()).toHaveLength(40);
    });

    test('the stream is not read for them', async () => {
      await using it = await world();
      const first = await it.send(0, 31, [7]);
      await it.plain.call('CONFIG', 'RESETSTAT');
      expect(await it.send(0, 31, [7])).toEqual(first);
      expect(String(await it.plain.call('INFO', 'commandstats'))).not.toMatch(/cmdstat_xr(ev)?range/);
    });

    test('a batch behind one that was not applied is refused', async () => {
      await using it = await world();
      await it.send(0, 1);
      await expect(it.send(3, 4)).rejects.toThrow('GAP applied up to 1, expected 2');
    });
  },
);
