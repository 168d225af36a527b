import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import {
  ResilientFetcher,
  type ResilientFetcherDeps,
} from '../../../src/resilience/fetcher/resilient-fetcher.ts';
import type { FetchRequest } from '../../../src/resilience/fetcher/fetch-request.ts';
import type { SourceOptions } from '../../../src/resilience/fetcher/source-options.ts';
import { MemoryStateStore, type StateStore } from '../../../src/storage/index.ts';
import type { HttpFault } from '../../../src/testing/fault-http.ts';
import { FaultServer } from '../../../src/testing/fault-server.ts';

const FINE = { body: { price: '1.5' } } as const;
const HANGS: HttpFault = { fault: 'hang', at: 'before-headers' };
/** Longer than anything here may wait by itself. */
const LONG_MS = 1e7;

/** A clock that does not move, and tells how many sleep on it. */
class WatchedClock extends ManualClock {
  sleeping = 0;

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeping += 1;
    try {
      await super.sleep(ms, signal);
    } finally {
      this.sleeping -= 1;
    }
  }
}

interface World {
  readonly clock: WatchedClock;
  readonly server: FaultServer;
  readonly fetcher: ResilientFetcher;
  /** Asks with a signal of its own, for what is in the way of the call that is looked at. */
  readonly ask: (more?: Partial<FetchRequest>) => AbortController;
}

interface Wait {
  readonly where: string;
  readonly source?: (server: FaultServer) => Partial<SourceOptions>;
  readonly deps?: () => Partial<ResilientFetcherDeps>;
  readonly fault?: HttpFault | readonly HttpFault[];
  readonly request?: Partial<FetchRequest>;
  /** What others ask before. */
  readonly before?: (world: World) => void | Promise<void>;
  /** True when the call has come to where it waits. */
  readonly isThere: (world: World) => boolean;
  /** What moves it there, once it has begun. */
  readonly meanwhile?: (world: World) => void;
}

/** Hangs the first time, and works from then on. */
const hangsOnce = <T>(then: () => Promise<T>): (() => Promise<T>) => {
  let isFirst = true;
  return () => {
    if (!isFirst) return then();
    isFirst = false;
    return new Promise(() => undefined);
  };
};

const slowStore = (): StateStore => {
  const store = new MemoryStateStore({ clock: new ManualClock() });
  const answer = hangsOnce(() => Promise.resolve(undefined));
  return {
    get: answer,
    set: (key, value, options) => store.set(key, value, options),
    setAll: (entries) => store.setAll(entries),
    delete: (key, options) => store.delete(key, options),
    list: (prefix) => store.list(prefix),
    close: () => store.close(),
  };
};

const bucket = { name: 'calls', capacity: 1, refillPerSecond: 0.001 };
const received =
  (count: number) =>
  ({ server }: World): boolean =>
    server.received >= count;
const waitsForToken = ({ fetcher }: World): boolean => fetcher.status('venue').rateLimit?.waiting === 1;

const waits: readonly Wait[] = [
  {
    where: 'the line before the rate limit',
    source: () => ({ rateLimit: { buckets: [bucket], maxWaitMs: LONG_MS } }),
    before: ({ ask }) => void ask(),
    isThere: waitsForToken,
  },
  {
    where: 'the back-off before a retry',
    source: () => ({ retry: { baseDelayMs: LONG_MS / 100, maxDelayMs: LONG_MS / 100 } }),
    fault: [{ status: 503 }, FINE],
    isThere: ({ clock }) => clock.sleeping === 1,
  },
  {
    where: 'a retry that the server has asked to come later',
    source: () => ({ retry: { baseDelayMs: 0, maxDelayMs: 0 } }),
    fault: [{ status: 503, headers: { 'retry-after': '20' } }, FINE],
    isThere: ({ clock }) => clock.sleeping === 1,
  },
  {
    where: 'a retry that waits for a token',
    source: () => ({
      retry: { baseDelayMs: 0, maxDelayMs: 0 },
      rateLimit: { buckets: [bucket], maxWaitMs: LONG_MS },
    }),
    fault: [{ status: 503 }, FINE],
    isThere: waitsForToken,
  },
  {
    where: 'the line before the bulkhead',
    fault: HANGS,
    before: ({ ask }) => void ask(),
    isThere: received(1),
  },
  {
    where: 'the delay before a hedge',
    source: () => ({ hedge: { delayMs: 1_000 } }),
    fault: [HANGS, FINE],
    isThere: received(1),
  },
  {
    where: 'a call and its hedge, both without an answer',
    source: () => ({ hedge: { delayMs: 1_000 }, bulkhead: { maxConcurrent: 2 } }),
    fault: [HANGS, HANGS, FINE],
    meanwhile: ({ clock }) => {
      clock.advance(1_000);
    },
    isThere: received(2),
  },
  {
    where: 'a hedge that waits for a token',
    source: () => ({
      hedge: { delayMs: 1_000 },
      bulkhead: { maxConcurrent: 2 },
      rateLimit: { buckets: [bucket], maxWaitMs: LONG_MS },
    }),
    fault: [HANGS, FINE],
    meanwhile: ({ clock }) => {
      clock.advance(1_000);
    },
    isThere: waitsForToken,
  },
  {
    where: 'the lookup of its name',
    source: ({ url }) => ({ baseUrl: url.replace('127.0.0.1', 'venue.test') }),
    deps: () => ({ lookup: hangsOnce(() => Promise.resolve([{ address: '127.0.0.1', family: 4 }])) }),
    isThere: () => true,
  },
  {
    where: 'a connection whose handshake nobody answers',
    source: ({ url }) => ({ baseUrl: url.replace('http:', 'https:') }),
    before: ({ server }) => {
      server.meet('hang');
    },
    isThere: ({ server }) => server.connections.opened === 1,
  },
  {
    where: 'the line for a connection',
    source: () => ({ http: { connections: 1 }, bulkhead: { maxConcurrent: 2 } }),
    fault: [HANGS, FINE],
    before: async (world) => {
      world.ask();
      await until(world, received(1));
    },
    isThere: received(1),
  },
  { where: 'headers that do not come', fault: [HANGS, FINE], isThere: received(1) },
  {
    where: 'a body that does not begin',
    fault: [{ ...FINE, fault: 'hang', at: 'after-headers' }, FINE],
    isThere: received(1),
  },
  {
    where: 'a body that stops',
    fault: [{ ...FINE, fault: 'hang', at: 'in-body' }, FINE],
    isThere: received(1),
  },
  {
    where: 'the cache, for what another call has asked',
    fault: HANGS,
    request: { cacheTtlMs: 1_000 },
    before: ({ ask }) => void ask({ cacheTtlMs: 1_000 }),
    isThere: received(1),
  },
  {
    where: 'the cache, alone',
    fault: [HANGS, FINE],
    request: { cacheTtlMs: 1_000 },
    isThere: received(1),
  },
  {
    where: 'the second level of the cache',
    deps: () => ({ store: slowStore() }),
    request: { cacheTtlMs: 1_000 },
    isThere: () => true,
  },
  {
    where: 'its signature',
    source: () => ({ endpoints: { price: { path: '/price', signed: true } } }),
    deps: () => ({ signers: { venue: hangsOnce(() => Promise.resolve({})) } }),
    request: { endpoint: 'price' },
    isThere: () => true,
  },
];

/** Real sockets take real time; the clock of the fetcher stands still meanwhile. */
const until = async (world: World, isThere: (world: World) => boolean): Promise<void> => {
  await expect.poll(() => isThere(world), { timeout: 5_000, interval: 1 }).toBe(true);
  for (let turn = 0; turn < 10; turn += 1) await world.clock.turn();
};

let server: FaultServer;
let fetcher: ResilientFetcher | undefined;
let others: AbortController[] = [];

beforeEach(async () => {
  server = await FaultServer.listen();
  others = [];
});

afterEach(async () => {
  await fetcher?.close();
  await server.close();
});

/** One slot, so that what keeps it for longer than the call is found out. */
function open({ source, deps }: Wait): World {
  const clock = new WatchedClock();
  fetcher = new ResilientFetcher(
    {
      sources: {
        venue: {
          baseUrl: server.url,
          timeoutMs: LONG_MS,
          attemptTimeoutMs: LONG_MS,
          breaker: false,
          bulkhead: { maxConcurrent: 1, maxQueued: 5 },
          ...source?.(server),
          http: { allowPrivateAddresses: true, ...source?.(server).http },
        },
      },
    },
    { clock, random: () => 0.5, ...deps?.() },
  );
  const opened = fetcher;
  return {
    clock,
    server,
    fetcher,
    ask: (more) => {
      const controller = new AbortController();
      others.push(controller);
      void opened.tryFetch({ source: 'venue', endpoint: '/price', ...more, signal: controller.signal });
      return controller;
    },
  };
}

describe('an abort ends the call within one tick, with its reason, and lets go of its signal', () => {
  test.each(waits)('while it waits in $where', async (wait) => {
    const { fault = FINE, request, before, meanwhile, isThere } = wait;
    server.script(...(Array.isArray(fault) ? (fault as readonly HttpFault[]) : [fault as HttpFault]));
    const world = open(wait);
    await before?.(world);
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const ends: unknown[] = [];
    const asked = { source: 'venue', endpoint: '/price', ...request };
    void world.fetcher
      .tryFetch({ ...asked, signal: controller.signal })
      .then((outcome) => ends.push(outcome));
    if (meanwhile !== undefined) {
      await until(world, received(1));
      meanwhile(world);
    }
    await until(world, isThere);
    expect(ends).toEqual([]);

    controller.abort(reason);
    await world.clock.turn();

    expect(ends).toEqual([
      { ok: false, failure: expect.objectContaining({ code: 'ABORTED', reason }) as unknown },
    ]);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test.each(waits)('and the source works on for others after a wait in $where', async (wait) => {
    const { fault = FINE, request, before, meanwhile, isThere } = wait;
    server.script(...(Array.isArray(fault) ? (fault as readonly HttpFault[]) : [fault as HttpFault]));
    const world = open(wait);
    await before?.(world);
    const asked = { source: 'venue', endpoint: '/price', ...request };
    const controller = new AbortController();
    const ended = world.fetcher.tryFetch({ ...asked, signal: controller.signal });
    if (meanwhile !== undefined) {
      await until(world, received(1));
      meanwhile(world);
    }
    await until(world, isThere);

    controller.abort();
    for (const other of others) other.abort();
    await ended;
    await world.clock.turn();
    server.meet('none');
    server.script(FINE);
    // Tokens come back, and the second level is given up.
    world.clock.advance(2_000_000);

    const next = world.fetcher.tryFetch({ ...asked, timeoutMs: 1_000, retries: 0 });
    const isSecure = wait.where.includes('handshake');
    const outcome = await Promise.race([next, stuck()]);
    expect(outcome).toMatchObject(isSecure ? { failure: { code: 'UPSTREAM_UNREACHABLE' } } : { ok: true });
    expect(world.clock.sleeping).toBe(0);
  });
});

const stuck = (): Promise<string> =>
  new Promise((resolve) => {
    setTimeout(resolve, 3_000, 'it never ended');
  });
