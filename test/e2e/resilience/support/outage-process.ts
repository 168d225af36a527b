import { SystemClock } from '../../../../src/core/index.ts';
import { ResilientFetcher, type SourceOptions } from '../../../../src/resilience/index.ts';
import { type OutageCount, SOCKETS, type Tally } from './outage-count.ts';

/** A process that asks a source 1,000 times a second, and tells how that goes. */

const [baseUrl = '', optionsJson = '{}'] = process.argv.slice(2);
const CALLS_PER_ROUND = 10;
const ROUND_MS = 10;

const clock = new SystemClock();
const tally: Tally = { calls: 0, ended: 0, succeeded: 0, attempts: 0 };
let firstSuccessMs: number | undefined;
let mostWaiting = 0;
let mostSockets = 0;

const fetcher = new ResilientFetcher(
  {
    sources: {
      venue: {
        baseUrl,
        endpoints: { price: { path: '/price', signed: true } },
        ...(JSON.parse(optionsJson) as Partial<SourceOptions>),
        http: { allowPrivateAddresses: true },
      },
    },
  },
  {
    clock,
    // Asked once for each attempt, whether or not a connection comes of it.
    signers: {
      venue: () => {
        tally.attempts += 1;
        return {};
      },
    },
  },
);

async function call(): Promise<void> {
  tally.calls += 1;
  const outcome = await fetcher.tryFetch({ source: 'venue', endpoint: 'price' });
  tally.ended += 1;
  if (!outcome.ok) return;
  tally.succeeded += 1;
  firstSuccessMs ??= clock.monotonicMs();
}

const startMs = clock.monotonicMs();
const load = clock.every(ROUND_MS, () => {
  // By the time that has passed: a machine that lets us wait changes nothing of the rate.
  const due = Math.floor((clock.monotonicMs() - startMs) / ROUND_MS) * CALLS_PER_ROUND;
  while (tally.calls < due) void call();
});

const watch = clock.every(100, () => {
  mostWaiting = Math.max(mostWaiting, tally.calls - tally.ended);
  mostSockets = Math.max(mostSockets, socketsNow());
});

function socketsNow(): number {
  return process.getActiveResourcesInfo().filter((name) => SOCKETS.has(name)).length;
}

/** When the last answer was given: the next one tells of the time since. */
let sinceMs = startMs;

process.on('message', ({ stop = false }: { stop?: boolean }) => {
  void (async () => {
    if (stop) {
      load[Symbol.dispose]();
      while (tally.ended < tally.calls) await clock.sleep(10);
    }
    const { user, system } = process.cpuUsage();
    const nowMs = clock.monotonicMs();
    const { circuit } = fetcher.status('venue');
    const count: OutageCount = {
      ...tally,
      atMs: nowMs,
      cpuMs: (user + system) / 1_000,
      firstSuccessAfterMs: firstSuccessMs === undefined ? undefined : firstSuccessMs - sinceMs,
      nextProbeInMs: circuit?.untilMs === undefined ? 0 : circuit.untilMs - clock.nowMs(),
      circuit: circuit?.state,
      mostWaiting,
      mostSockets,
      rssMb: process.memoryUsage().rss / 2 ** 20,
    };
    sinceMs = nowMs;
    firstSuccessMs = undefined;
    process.send?.(count);
  })();
});

process.on('disconnect', () => {
  load[Symbol.dispose]();
  watch[Symbol.dispose]();
  void fetcher.close();
});
