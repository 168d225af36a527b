import { setTimeout as sleep } from 'node:timers/promises';
import { RedisEventBus } from 'portcullis/adapters/redis';
import { SystemClock } from 'portcullis/core';
import { BAR_CLOSED } from 'portcullis/events';
import { RedisServer, redisMissing } from '../../test/support/redis-server.ts';
import { type RedisPeer, bullmq, rawStreams } from '../redis-peers.ts';
import { type BenchResult, quantile } from '../result.ts';
import { barAt } from './bus-bars.ts';

const SUITE = 'bus';
/** Published and not yet on the server, at most: enough for any batching to show what it can do. */
const OUTSTANDING = 1_024;
const ROUNDS = 5;
const PACED_PER_MS = 10;
const PACED_MS = 3_000;

/** Counts bars that have been handled. */
class Counter {
  handled = 0;
  readonly count = (): void => {
    this.handled += 1;
  };

  async reaches(total: number): Promise<void> {
    while (this.handled < total) await sleep(1);
  }
}

/** What is measured on a real server, with its append-only file on, from `publish` to the handler, all in one process. */
export async function busOnRedis(): Promise<readonly BenchResult[]> {
  if (redisMissing !== undefined) {
    console.log(`  ${redisMissing}`);
    return [];
  }
  const server = await RedisServer.start();
  try {
    return [await throughput(server), await paced(server)];
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

/** Ours and the peers in turn; the best round of each counts, since whatever else runs on the machine can only slow one down. */
async function throughput(server: RedisServer): Promise<BenchResult> {
  const contestants = [
    { peer: await ours(server, new Counter()), events: 40_000 },
    { peer: await raw(server, new Counter()), events: 40_000 },
    { peer: await bull(server, new Counter()), events: 8_000 },
  ];
  const best = new Map<string, number>();
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const { peer, events } of contestants) {
      const perSecond = await load(peer, events);
      // The first warms up.
      if (round > 0) best.set(peer.name, Math.max(best.get(peer.name) ?? 0, perSecond));
    }
  for (const { peer } of contestants) await peer.close();
  for (const [name, perSecond] of best) console.log(`  ${name.padEnd(20)} ${perSecond.toFixed(0)}/s`);
  const of = (name: string): number => best.get(name) ?? NaN;
  return {
    suite: SUITE,
    name: 'redis',
    opsPerSec: of('ours'),
    nsPerOp: 1e9 / of('ours'),
    p50Us: NaN,
    p99Us: NaN,
    vs: { bullmq: of('ours') / of('bullmq'), 'raw-streams': of('ours') / of('raw-streams') },
  };
}

type Counted = RedisPeer & { readonly counter: Counter };

async function load(peer: Counted, events: number): Promise<number> {
  const before = peer.counter.handled;
  const startedMs = performance.now();
  let underWay = 0;
  for (let at = 0; at < events;) {
    if (underWay + 256 > OUTSTANDING) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    const bars = Array.from({ length: Math.min(256, events - at) }, (_, next) => barAt(at + next));
    at += bars.length;
    underWay += bars.length;
    void peer.publish(bars).then(() => {
      underWay -= bars.length;
    });
  }
  await peer.counter.reaches(before + events);
  return (events * 1_000) / (performance.now() - startedMs);
}

async function ours(server: RedisServer, counter: Counter): Promise<Counted> {
  const bus = await RedisEventBus.open({ url: server.url, prefix: 'bench' }, { clock: new SystemClock() });
  await bus.subscribe('bench', [BAR_CLOSED], counter.count).ready;
  return {
    name: 'ours',
    counter,
    publish: (bars) => Promise.all(bars.map((bar) => bus.publish(BAR_CLOSED, bar as never))),
    close: async () => {
      await bus.close();
    },
  };
}

const raw = async (server: RedisServer, counter: Counter): Promise<Counted> => ({
  ...(await rawStreams(server.port, counter.count)),
  counter,
});

const bull = (server: RedisServer, counter: Counter): Promise<Counted> =>
  Promise.resolve({ ...bullmq(server.port, counter.count), counter });

/** Ten events each millisecond: from `publish` to the handler. The median run of five by its p99. */
async function paced(server: RedisServer): Promise<BenchResult> {
  const bus = await RedisEventBus.open({ url: server.url, prefix: 'paced' }, { clock: new SystemClock() });
  const sentMs = new Map<number, number>();
  const us: number[] = [];
  const subscription = bus.subscribe('bench', [BAR_CLOSED], ({ data }) => {
    const fromMs = sentMs.get(data.openMs) ?? NaN;
    sentMs.delete(data.openMs);
    us.push((performance.now() - fromMs) * 1_000);
  });
  await subscription.ready;
  const runs: { p50Us: number; p99Us: number; perSecond: number }[] = [];
  let at = 0;
  for (let run = 0; run < ROUNDS; run += 1) {
    us.length = 0;
    const startedMs = performance.now();
    for (let tick = 0; tick < PACED_MS;) {
      const due = Math.min(PACED_MS, Math.floor(performance.now() - startedMs));
      for (; tick < due; tick += 1)
        for (let next = 0; next < PACED_PER_MS; next += 1) {
          const bar = barAt((at += 1));
          sentMs.set(bar.openMs, performance.now());
          void bus.publish(BAR_CLOSED, bar);
        }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const tookMs = performance.now() - startedMs;
    while (sentMs.size > 0) await sleep(1);
    const sorted = Float64Array.from(us);
    runs.push({
      p50Us: quantile(sorted, 0.5),
      p99Us: quantile(sorted, 0.99),
      perSecond: (sorted.length * 1_000) / tookMs,
    });
  }
  await bus.close();
  console.log(`  paced: p99 of ${runs.map(({ p99Us }) => (p99Us / 1_000).toFixed(1)).join(', ')} ms`);
  const [, , median] = runs.sort((a, b) => a.p99Us - b.p99Us) as [unknown, unknown, (typeof runs)[number]];
  return {
    ...{ suite: SUITE, name: 'redis-paced-10k', opsPerSec: median.perSecond },
    ...{ nsPerOp: 1e9 / median.perSecond, p50Us: median.p50Us, p99Us: median.p99Us, vs: {} },
  };
}
