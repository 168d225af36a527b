import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import { BAR_CLOSED, EmbeddedEventBus, EventCatalogue, type EventBus } from 'portcullis/events';
import { FileAppendLog, SqliteStateStore } from 'portcullis/storage';
import { barAt } from './bus-bars.ts';
import { busOnRedis } from './bus-redis.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'bus';
const ROUNDS = 5;
/** Events that are published before the publisher waits for the last receipt of them. */
const BATCH = 256;

const clock = new SystemClock();
const catalogue = new EventCatalogue([BAR_CLOSED]);

/**
 * From publish, with its schema checked, to the end of a synchronous handler of one group. `embedded` with all defaults,
 * `embedded-durable` with a real sync of each batch; then the same on a real Redis server.
 */
export const bus: Suite = {
  name: SUITE,
  async run() {
    return [await inMemory(), await durable(), ...(await busOnRedis())];
  },
};

async function inMemory(): Promise<BenchResult> {
  return endToEnd('embedded', await EmbeddedEventBus.open({}, { clock, catalogue }), 500_000);
}

async function durable(): Promise<BenchResult> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-bench-bus-'));
  const store = await SqliteStateStore.open({ path: join(directory, 'state.db') }, { clock });
  try {
    const openLog = (name: string): Promise<FileAppendLog> => FileAppendLog.open({ directory, name });
    const opened = await EmbeddedEventBus.open({}, { clock, catalogue, storage: { openLog, store } });
    return await endToEnd('embedded-durable', opened, 50_000);
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

/** Rounds of `count` events, the median counts; then one at a time for the quantiles. Closes the bus. */
async function endToEnd(name: string, opened: EventBus, count: number): Promise<BenchResult> {
  let handled = 0;
  let seen = (): void => undefined;
  const { ready } = opened.subscribe('bench', [BAR_CLOSED], () => {
    handled += 1;
    seen();
  });
  await ready;
  const publish = (i: number): Promise<unknown> => opened.publish(BAR_CLOSED, barAt(i));
  const round = async (): Promise<number> => {
    const [startedMs, until] = [performance.now(), handled + count];
    for (let i = 0; i < count; i += BATCH) {
      let last: Promise<unknown> | undefined;
      for (let at = i; at < Math.min(i + BATCH, count); at += 1) last = publish(at);
      // A durable one takes many batches with one sync, so it is not held up for each.
      if (name !== 'embedded-durable' || i % (BATCH * 64) === 0) await last;
    }
    while (handled < until) await clock.turn();
    return ((performance.now() - startedMs) * 1e6) / count;
  };
  await round();
  const nsPerOp = new Float64Array(ROUNDS);
  for (let at = 0; at < ROUNDS; at += 1) nsPerOp[at] = await round();
  const us = new Float64Array(2000);
  for (let at = 0; at < us.length; at += 1) {
    const fromMs = performance.now();
    const handling = new Promise<void>((resolve) => (seen = resolve));
    void publish(at);
    await handling;
    us[at] = (performance.now() - fromMs) * 1000;
  }
  await opened.close();
  const median = quantile(nsPerOp, 0.5);
  return {
    suite: SUITE,
    name,
    opsPerSec: 1e9 / median,
    nsPerOp: median,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: {},
  };
}
