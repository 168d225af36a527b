import { RedisEventBus, type RedisEventBusOptions } from 'portcullis/adapters/redis';
import { SystemClock } from 'portcullis/core';
import { BAR_CLOSED, type EventBus } from 'portcullis/events';
import type { RedisServer } from '../../test/support/redis-server.ts';
import { type BenchResult, quantile } from '../result.ts';

const SUITE = 'bus-growth';
const ROUNDS = 3;
/** Events published before the publisher looks up. */
const PIECE = 256;

export const clock = new SystemClock();

export const openRedis = (server: RedisServer, options: RedisEventBusOptions): Promise<RedisEventBus> =>
  RedisEventBus.open({ url: server.url, ...options }, { clock });

export interface Load {
  readonly count: number;
  readonly instruments: number;
  /** Of groups, one member each. */
  readonly names: readonly string[];
  /** Of the handler, then with sixteen at a time. Default: it returns at once. */
  readonly takesMs?: number;
}

/** Events published per second until every group has handled every one: the median of three rounds, after one to warm up. */
export async function rounds(name: string, bus: EventBus, load: Load): Promise<BenchResult> {
  const { count, names, takesMs } = load;
  let handled = 0;
  const handler =
    takesMs === undefined
      ? () => {
          handled += 1;
        }
      : async () => {
          await clock.sleep(takesMs);
          handled += 1;
        };
  const options = takesMs === undefined ? {} : { concurrency: 16 };
  const members = names.map((group) => bus.subscribe(group, [BAR_CLOSED], handler, options));
  for (const { ready } of members) await ready;
  const nsPerOp = new Float64Array(ROUNDS);
  for (let round = -1; round < ROUNDS; round += 1) {
    const until = handled + count * names.length;
    const startedMs = performance.now();
    await publishBars(bus, count, load.instruments);
    while (handled < until) await clock.turn();
    if (round >= 0) nsPerOp[round] = ((performance.now() - startedMs) * 1e6) / count;
  }
  for (const member of members) await member.stop();
  return resultOf(name, quantile(nsPerOp, 0.5));
}

/** @param pieces of 256 events that may be under way */
export async function publishBars(
  bus: EventBus,
  count: number,
  instruments: number,
  pieces = 4,
): Promise<void> {
  const underWay: Promise<unknown>[] = [];
  for (let from = 0; from < count; from += PIECE) {
    let last: Promise<unknown> | undefined;
    for (let at = from; at < Math.min(from + PIECE, count); at += 1)
      last = bus.publish(BAR_CLOSED, barOf(at, instruments));
    if (last !== undefined) underWay.push(last);
    if (underWay.length >= pieces) await underWay.shift();
  }
  await Promise.all(underWay);
}

const barOf = (index: number, instruments: number) => ({
  ...{ instrumentId: `INST-${index % instruments}`, openMs: index, closeMs: index + 60_000 },
  ...{ open: 100, high: 108.5, low: 99.25, close: 104.75, volume: 1_234.5, trades: 321 },
});

export const resultOf = (name: string, nsPerOp: number): BenchResult => ({
  ...{ suite: SUITE, name, opsPerSec: 1e9 / nsPerOp, nsPerOp, p50Us: NaN, p99Us: NaN, vs: {} },
});
