import { describe, expect, test } from 'vitest';
import type { OutgoingEvent } from '../../../src/adapters/redis/outgoing-event.ts';
import { PublishLane } from '../../../src/adapters/redis/publish-lane.ts';
import { unavailable } from '../../../src/adapters/redis/redis-failure.ts';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { nextTurn } from '../../../src/core/clock.ts';

function event(n: number, more: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return {
    ...{ id: `e${n}`, topic: 't', partition: 0, text: `text ${n}`, given: undefined, order: n, sinceMs: 0 },
    ...{
      publisher: '',
      seq: 0,
      isOnDisk: false,
      isCounted: true,
      record: undefined,
      settle: () => undefined,
      generation: undefined,
      refuse: undefined,
    },
    ...more,
  };
}

/** A lane whose batches the test answers. */
function world({ batch = 2, window = 3 } = {}) {
  const sent: {
    first: number;
    after: number;
    texts: string[];
    args: readonly string[];
    reply: (v: unknown) => void;
    fail: (e: Error) => void;
  }[] = [];
  const published: string[] = [];
  const failures: string[] = [];
  const state: { maySend: boolean; generation?: string } = { maySend: true };
  const givenUp: string[] = [];
  const lane = new PublishLane(
    {
      topic: 't',
      partition: 0,
      keys: redisKeys('p'),
      publisher: 'me',
      batch,
      window,
      publisherTtlMs: 7,
      dedupeWindowMs: 5,
    },
    ((args: readonly string[]) => {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const rest = args.slice(3 + Number(args[2]));
      const texts = rest.slice(7, 7 + Number(rest[6]));
      sent.push({
        first: Number(rest[0]),
        after: Number(rest[1]),
        texts,
        args,
        reply: resolve,
        fail: reject,
      });
      return promise;
    }) as never,
    {
      maySend: () => state.maySend,
      mayGo: ({ id, generation }) => {
        const mayGo = generation === undefined || generation === state.generation;
        if (!mayGo) givenUp.push(id);
        return mayGo;
      },
      onPublished: (_lane, events, places) => {
        for (const [at, { id }] of events.entries()) published.push(`${id} ${places[at]?.kind ?? ''}`);
      },
      onFailed: (_lane, error) => failures.push(error.message),
    },
  );
  const push = (...events: OutgoingEvent[]): void => {
    for (const each of events) lane.push(each);
    lane.pump();
  };
  return { lane, sent, published, failures, givenUp, state, push };
}

const shape = (sent: ReturnType<typeof world>['sent']) =>
  sent.map(({ first, after, texts }) => [first, after, texts.length]);

describe('PublishLane', () => {
  test('sends batches, several under way, only the first as the head', () => {
    const { lane, sent, push } = world();
    push(...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => event(n)));
    expect(shape(sent)).toEqual([
      [1, -1, 2],
      [3, 2, 2],
      [5, 4, 2],
    ]);
    expect([lane.underWay, lane.unsent]).toEqual([6, 2]);
  });

  test('goes on as answers come', async () => {
    const { sent, published, push } = world({ window: 1 });
    push(event(1), event(2), event(3));
    sent[0]?.reply(['1-0', 'dup']);
    await nextTurn();
    expect(published).toEqual(['e1 at', 'e2 duplicate']);
    expect(shape(sent)).toEqual([
      [1, -1, 2],
      [3, 2, 1],
    ]);
  });

  test('writes the whole call', () => {
    const { sent, push } = world();
    push(event(1), event(2, { given: ['/me', 'x'], settle: undefined }));
    expect(sent[0]?.args.slice(2)).toEqual([
      ...['3', 'p:{t.0}:events', 'p:{t.0}:pub:me', 'p:{t.0}:id:/me x'],
      ...['1', '-1', '7', '5', '1', '0', '2', 'text 1', 'text 2', '2'],
    ]);
  });

  test('after a failure waits for all answers, tells once, and sends everything again in order from a head', async () => {
    const { lane, sent, published, failures, push } = world();
    push(...[1, 2, 3, 4, 5].map((n) => event(n)));
    sent[0]?.fail(new Error('OOM no'));
    sent[1]?.fail(new Error('GAP no'));
    await nextTurn();
    lane.pump();
    expect([failures, sent.length]).toEqual([[], 3]);
    sent[2]?.fail(new Error('GAP no'));
    await nextTurn();
    expect(failures).toEqual(['OOM no']);
    push(event(6));
    expect(shape(sent.slice(3))).toEqual([
      [1, -1, 2],
      [3, 2, 2],
      [5, 4, 2],
    ]);
    for (const each of sent.slice(3)) each.reply(['1-0', '1-1']);
    await nextTurn();
    expect(published).toEqual([1, 2, 3, 4, 5, 6].map((n) => `e${n} at`));
  });

  test('a batch that was confirmed behind one that failed is not sent again', async () => {
    const { lane, sent, published, push } = world();
    push(event(1), event(2), event(3));
    sent[0]?.fail(new Error('NOSCRIPT no'));
    sent[1]?.reply(['1-0']);
    await nextTurn();
    lane.pump();
    expect(shape(sent.slice(2))).toEqual([[1, -1, 2]]);
    expect(published).toEqual(['e3 at']);
  });

  test('with the connection lost, what is on disk is left to whoever reads it from there', async () => {
    const { lane, sent, push } = world();
    push(event(1), event(2, { isOnDisk: true }), event(3, { isOnDisk: true }), event(4));
    for (const each of sent) each.fail(unavailable('lost'));
    lane.forgetDisk();
    await nextTurn();
    lane.pump();
    expect(sent.slice(2).flatMap(({ texts }) => texts)).toEqual(['text 1']);
    sent[2]?.reply(['1-0']);
    await nextTurn();
    expect(sent.slice(3).map(({ first, texts }) => [first, texts])).toEqual([[4, ['text 4']]]);
  });

  test('events of another publisher, or behind a gap, wait until nothing is under way', async () => {
    const { sent, push } = world();
    push(
      event(1, { publisher: 'old', seq: 7 }),
      event(2, { publisher: 'old', seq: 9 }),
      event(3, { publisher: 'older', seq: 10 }),
      event(4),
    );
    for (let at = 0; at < 4; at++) {
      expect(sent).toHaveLength(at + 1);
      sent[at]?.reply(['1-0']);
      await nextTurn();
    }
    expect(sent.map(({ first, after, args }) => [first, after, args[4]])).toEqual([
      [7, -1, 'p:{t.0}:pub:old'],
      [9, 7, 'p:{t.0}:pub:old'],
      [10, -1, 'p:{t.0}:pub:older'],
      [1, -1, 'p:{t.0}:pub:me'],
    ]);
  });

  test('a reply that is not one for each event is a failure', async () => {
    const { sent, failures, published, push } = world();
    push(event(1), event(2));
    sent[0]?.reply(['1-0']);
    await nextTurn();
    expect([failures, published]).toEqual([['the publish script replied what it should not'], []]);
  });

  test('gives up the oldest that was never sent, never one that was', async () => {
    const { lane, sent, state, push } = world({ window: 1 });
    push(event(1), event(2), event(3), event(4));
    expect(lane.oldestNeverSent).toBe(3);
    state.maySend = false;
    sent[0]?.fail(unavailable('lost'));
    await nextTurn();
    expect(lane.dropOldest()?.id).toBe('e3');
    expect(lane.dropOldest()?.id).toBe('e4');
    expect(lane.dropOldest()).toBeUndefined();
    expect([lane.oldestNeverSent, lane.unsent]).toEqual([Infinity, 2]);
  });

  test('an event that is for another server is given up, also one that was under way; the rest goes on', async () => {
    const { sent, state, givenUp, push } = world({ window: 1 });
    state.generation = 'g1';
    push(event(1, { generation: 'g1' }), event(2), event(3, { generation: 'g1' }), event(4));
    expect(shape(sent)).toEqual([[1, -1, 2]]);
    state.generation = 'g2';
    sent[0]?.fail(unavailable('lost'));
    await nextTurn();
    push(event(5, { generation: 'g2' }));
    expect(givenUp).toEqual(['e1', 'e3']);
    expect(sent[1]?.texts).toEqual(['text 2', 'text 4']);
    sent[1]?.reply(['1-0', '1-1']);
    await nextTurn();
    expect(sent[2]?.texts).toEqual(['text 5']);
    expect(givenUp).toEqual(['e1', 'e3']);
  });

  test('takes out all that is not confirmed, in order', () => {
    const { lane, push } = world({ window: 1 });
    push(event(1), event(2), event(3));
    expect(lane.takeAll().map(({ id }) => id)).toEqual(['e1', 'e2', 'e3']);
    expect([lane.underWay, lane.unsent]).toEqual([2, 0]);
  });
});
