import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FeedWorld, type Message } from '../resilience/feed/support/feed-world.ts';
import { OVERFLOW_POLICIES } from '../../src/resilience/index.ts';

/** What happens to the feed, one thing after the other. */
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      channel: fc.constantFrom('a', 'b', 'u'),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('lost' as const), channel: fc.constantFrom('a', 'b') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('again' as const), back: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('garbage' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A gap or a delivery, in the order in which the consumer learned of them; `received` when the feed got a message. */
type Event =
  | { readonly kind: 'gap'; readonly channel: string; readonly expected: number | undefined }
  | { readonly kind: 'received' | 'delivered'; readonly channel: string; readonly number: number };

const numberOf = ({ n, is }: Message): number => n ?? Number(is);

/** A venue with two numbered channels and one, `u`, whose numbers only the test sees. */
class Venue {
  readonly #last = new Map<string, number>();
  readonly #sent: Message[] = [];

  next(channel: string): Message {
    const number = (this.#last.get(channel) ?? 0) + 1;
    this.#last.set(channel, number);
    const message = channel === 'u' ? { c: channel, is: `${number}` } : { c: channel, n: number };
    if (channel !== 'u') this.#sent.push(message);
    return message;
  }

  /** A numbered message of the past. */
  again(back: number): Message | undefined {
    return this.#sent.at(-back);
  }
}

async function play(steps: readonly Step[], world: FeedWorld, events: Event[]): Promise<void> {
  const venue = new Venue();
  const deliver = async (): Promise<void> => {
    for (const message of await world.taken()) {
      events.push({ kind: 'delivered', channel: message.c, number: numberOf(message) });
    }
  };
  const send = (message: Message | undefined): void => {
    if (message === undefined || world.sockets.at(-1)?.isOpen !== true) return;
    events.push({ kind: 'received', channel: message.c, number: numberOf(message) });
    world.socket.messages(message);
  };
  await world.open('a', 'b', 'u');
  for (const now of steps) {
    switch (now.kind) {
      case 'message':
        for (let times = 0; times < now.times; times += 1) send(venue.next(now.channel));
        break;
      case 'lost':
        venue.next(now.channel);
        break;
      case 'again':
        send(venue.again(now.back));
        break;
      case 'garbage':
        if (world.socket.isOpen) world.socket.frame('garbage');
        break;
      case 'drop':
        world.socket.end();
        break;
      case 'time':
        await world.advance(now.ms);
        for (const socket of world.sockets) if (!socket.isOpen && !socket.isEnded) socket.open();
        break;
      case 'take':
        await deliver();
    }
  }
  await deliver();
  await world.feed.stop();
}

/** Each channel in order, each once, and each hole told before what follows it, after what came before it. */
function check(events: readonly Event[]): void {
  for (const channel of ['a', 'b', 'u']) {
    const own = events.filter((event) => event.channel === channel);
    let last: number | undefined;
    for (const [at, event] of own.entries()) {
      if (event.kind !== 'delivered') continue;
      const { number } = event;
      if (last !== undefined) {
        expect(number).toBeGreaterThan(last);
        if (number > last + 1) expect(isTold(own.slice(0, at), last, number)).toBe(true);
      }
      last = number;
    }
  }
}

function isTold(before: readonly Event[], last: number, next: number): boolean {
  const lastAt = before.findIndex((event) => event.kind === 'received' && event.number === last);
  return before.some(
    (event, at) =>
      event.kind === 'gap' &&
      (event.expected === undefined ? at > lastAt : event.expected > last && event.expected < next),
  );
}

describe('ResilientFeed under random scripts', () => {
  test.prop(
    [
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.constantFrom(...OVERFLOW_POLICIES),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
    ],
    { numRuns: 400 },
  )(
    'tells every hole before what follows it, and delivers in order',
    async (steps, overflow, maxMessages, isOld) => {
      const events: Event[] = [];
      const world = new FeedWorld(
        {
          buffer: { maxMessages, overflow },
          maxConnectionAgeMs: isOld ? 15_000 : false,
          staleAfterMs: 40_000,
        },
        {},
        {
          metrics: undefined,
          onGap: ({ channel, expected }) => events.push({ kind: 'gap', channel, expected }),
        },
      );
      await play(steps, world, events);
      check(events);
      const { counts } = world.feed.status();
      const delivered = events.filter(({ kind }) => kind === 'delivered').length;
      expect(counts.messages).toBe(delivered + counts.dropped + counts.duplicates);
      expect(world.clock.nextDueMs).toBe(Infinity);
      expect(world.sockets.every(({ isEnded }) => isEnded)).toBe(true);
    },
  );
});
