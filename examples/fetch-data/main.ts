// Klines of three symbols from a source that misbehaves; with --url https://data-api.binance.vision from the real one.
import { parseArgs } from 'node:util';
import { MetricsRegistry, SystemClock } from 'portcullis';
import { BINANCE_SPOT, type Priority, ResilientFetcher } from 'portcullis/resilience';
import { z } from 'zod';
import { Tally } from './tally.ts';
import { Upstream } from './upstream.ts';

const CALLERS: readonly (readonly [symbol: string, priority: Priority])[] = [
  ['BTCUSDT', 'critical'],
  ['ETHUSDT', 'normal'],
  ['SOLUSDT', 'low'],
];
const EVERY_MS = 60;
const text = z.string();
/** Open time, open, high, low, close, volume, close time, and more that is not looked at. */
const Klines = z.array(z.tuple([z.number(), text, text, text, text, text, z.number()], z.unknown()));

const { url } = parseArgs({ options: { url: { type: 'string' } } }).values;
const clock = new SystemClock();
const metrics = new MetricsRegistry();
const upstream = url === undefined ? await Upstream.open(clock) : undefined;
const source = upstream?.source ?? { ...BINANCE_SPOT, baseUrl: url ?? '' };
const cache = { ttlMs: upstream ? 100 : 1_000, staleIfErrorMs: 500 };
const fetcher = new ResilientFetcher({ sources: { binance: { ...source, cache } } }, { clock, metrics });

const tally = new Tally();
const startMs = clock.monotonicMs();
const elapsedMs = () => clock.monotonicMs() - startMs;
const say = (news: string) => console.log(`${(elapsedMs() / 1_000).toFixed(1).padStart(5)} s  ${news}`);

async function ask(symbol: string, priority: Priority): Promise<void> {
  const askedMs = clock.monotonicMs();
  const params = { symbol, interval: '1m', limit: 20 };
  const request = { source: 'binance', endpoint: 'klines', params, priority, schema: Klines };
  const outcome = await fetcher.tryFetch(request);
  tally.count(`${symbol} ${priority}`, outcome, clock.monotonicMs() - askedMs);
}

const calls: Promise<void>[] = [];
let circuit = 'closed';
while (elapsedMs() < (upstream?.durationMs ?? 8_000)) {
  const news = await upstream?.tick();
  if (news !== undefined) say(`the source ${news}`);
  const now = fetcher.status('binance').circuit;
  if (now.state !== circuit) say(`  ${now.text}`);
  circuit = now.state;
  calls.push(...CALLERS.map(([symbol, priority]) => ask(symbol, priority)));
  await clock.sleep(EVERY_MS);
}
await Promise.all(calls);
await fetcher.close();
await upstream?.server.close();

console.log(`\n${tally.lines().join('\n')}`);
if (upstream !== undefined) console.log(`requests that the source saw: ${upstream.server.received}\n`);
// The counters of the fetcher that are not 0, as Prometheus gets them.
const COUNTED =
  /^trading_(?:retries|circuit_breaker_transitions|timeouts|rate_limit_rejections)_total.* [1-9]/u;
for (const line of (await metrics.exposition()).split('\n')) if (COUNTED.test(line)) console.log(line);
process.exitCode = tally.answered > 0 ? 0 : 1;
