import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { OrderDesk, Venue, type VenueDriver } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { MemoryStateStore } from 'portcullis/storage';
import { type BenchResult, type Suite, quantile } from '../result.ts';
import { recovery } from './safety-recovery.ts';
import { BTC, SUITE, inDirectory, intent, openJournal, quote, result } from './safety-world.ts';

const IN_FLIGHT = 256;
const WARM_UP = 5_000;
const SUBMITS = 50_000;
const SUBMITS_ONE_BY_ONE = 1_000;

export const safety: Suite = {
  name: SUITE,
  async run() {
    return [...(await durableLoad()), await oneByOne(), ...(await recovery())];
  },
};

const usSince = (startedMs: number): number => (performance.now() - startedMs) * 1_000;

/** Accepts whatever it is given, at once. */
class AcceptingDriver implements VenueDriver {
  readonly name = 'accepting';
  place = () => Promise.resolve({ status: 'accepted' } as const);
  cancel = () => Promise.resolve();
  lookup = () => Promise.resolve(undefined);
  openOrders = () => Promise.resolve([]);
  fills = () => Promise.resolve([]);
  positions = () => Promise.resolve([]);
  balances = () => Promise.resolve([]);
  onEvent = () => ({ [Symbol.dispose]: () => undefined });
}

/** A desk that trades at once with a real disk. */
async function openDesk(path: string) {
  const { clock, directory, book, journal } = await openJournal(path);
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const wide = '1000000000';
  const guard = new RiskGuard(
    {
      maxDailyLoss: wide,
      maxDrawdownFraction: 0.5,
      maxPositions: 10,
      maxPositionNotional: wide,
      maxTotalExposure: wide,
      maxClusterExposure: wide,
      maxDataAgeMs: 600_000,
    },
    { book, killSwitch, clock },
  );
  const desk = new OrderDesk(
    { reconcileEveryMs: 'never' },
    {
      book,
      guard,
      policy: new ExecutionPolicy(),
      killSwitch,
      venue: new Venue(new AcceptingDriver()),
      journal,
      instruments: [BTC],
      clock,
    },
  );
  desk.mark(quote(clock));
  await desk.start();
  let checkpoints = 0;
  journal.onBackground(({ outcome }) => {
    if (outcome.kind === 'failed') throw outcome.error;
    checkpoints += 1;
  });
  return { desk, journal, directory, checkpoints: () => checkpoints };
}

async function submit(desk: OrderDesk, intentId: string): Promise<number> {
  const startedMs = performance.now();
  const outcome = await desk.submit(intent(intentId));
  if (outcome.kind !== 'accepted') throw new Error(`expected accepted, got ${JSON.stringify(outcome)}`);
  return usSince(startedMs);
}

/** 256 in flight, each resolved after both of its records are on disk; a checkpoint falls into it. */
function durableLoad(): Promise<BenchResult[]> {
  return inDirectory(async (path) => {
    const { desk, journal, directory, checkpoints } = await openDesk(path);
    const load = async (name: string, count: number): Promise<Float64Array> => {
      const us = new Float64Array(count);
      let next = 0;
      const sender = async (): Promise<void> => {
        for (let at = next++; at < count; at = next++) us[at] = await submit(desk, `${name}-${at}`);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, sender));
      return us;
    };
    await load('warm-up', WARM_UP);
    const resolution = 1;
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    const startedMs = performance.now();
    const us = await load('submit', SUBMITS);
    const elapsedUs = usSince(startedMs);
    delay.disable();
    if (checkpoints() === 0) throw new Error('expected a checkpoint during the load');
    await journal.checkpoint();
    await directory.close();
    // A timer that comes in time is counted with its interval.
    const delayUs = (ns: number): number => Math.max(0, ns / 1_000 - resolution * 1_000);
    const worstUs = delayUs(delay.max);
    console.log(
      `  event loop during the load: worst delay ${(worstUs / 1_000).toFixed(1)} ms, p99 ${(delayUs(delay.percentile(99)) / 1_000).toFixed(1)} ms, ${checkpoints()} checkpoints`,
    );
    return [
      result('submit-durable', (SUBMITS / elapsedUs) * 1e6, quantile(us, 0.5), quantile(us, 0.99)),
      result('event-loop-worst', 1e6 / worstUs, worstUs, worstUs),
    ];
  });
}

/** One in flight: two records, one after the other; beside it what the disk takes for one. */
function oneByOne(): Promise<BenchResult> {
  return inDirectory(async (path) => {
    const { desk, directory } = await openDesk(path);
    const probe = await open(join(path, 'probe'), 'w');
    const submitUs = new Float64Array(SUBMITS_ONE_BY_ONE);
    const syncUs = new Float64Array(SUBMITS_ONE_BY_ONE);
    const line = Buffer.alloc(400, 'x');
    for (let at = 0; at < SUBMITS_ONE_BY_ONE; at += 1) {
      // In turns, so that both see the same disk.
      submitUs[at] = await submit(desk, `one-${at}`);
      await probe.write(line);
      const startedMs = performance.now();
      await probe.datasync();
      syncUs[at] = usSince(startedMs);
    }
    await probe.close();
    await directory.close();
    const [p50Us, p99Us] = [quantile(submitUs, 0.5), quantile(submitUs, 0.99)];
    const datasyncUs = quantile(syncUs, 0.5);
    console.log(
      `  one in flight: p50 ${p50Us.toFixed(0)} us is ${(p50Us / datasyncUs).toFixed(2)} times a datasync (p50 ${datasyncUs.toFixed(0)} us, p99 ${quantile(syncUs, 0.99).toFixed(0)} us)`,
    );
    return { ...result('submit-durable-1', 1e6 / p50Us, p50Us, p99Us), vs: { datasync: datasyncUs / p50Us } };
  });
}
