import { MetricsRegistry } from 'portcullis/telemetry';
import { PromClient } from '../peers.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'metrics';
const COUNT = 1_000_000;
/** A power of two. */
const LABEL_SETS = 16;
const ROUNDS = 7;
const SCRAPES = 30;

/** Recording by name, through a handle, and a scrape of 10,000 series, against prom-client in alternating rounds. */
export const metrics: Suite = {
  name: SUITE,
  async run() {
    return [record(), boundCounter(), boundHistogram(), await scrape()];
  },
};

const sets = Array.from({ length: LABEL_SETS }, (_, i) => ({
  symbol: `COIN${i}-USDT`,
  side: i % 2 === 0 ? ('buy' as const) : ('sell' as const),
  strategy: `strategy-${i % 3}`,
  status: i % 5 === 0 ? 'rejected' : 'filled',
}));
const trades = sets.map((set, i) => ({ ...set, notional: 100 + i }));
const LABELS = ['symbol', 'side', 'strategy', 'status'] as const;
/** Durations over all buckets, as many fast ones as slow. */
const seconds = Float64Array.from({ length: 1024 }, (_, i) => 0.0005 * 1.01 ** i);
const at = <T>(values: ArrayLike<T>, i: number): T => values[i & (values.length - 1)] as T;

/** A trade, its notional and the time it took: three metrics of four, four and two labels. */
function record(): BenchResult {
  const [ours, peer] = [new MetricsRegistry(), new PromClient()];
  const tradesTotal = peer.counter('trading_trades_total', LABELS);
  const notionalTotal = peer.counter('trading_trade_notional_quote_total', LABELS);
  const duration = peer.histogram('trading_operation_duration_seconds', ['operation', 'target']);
  return versus(
    'record',
    (i) => {
      const trade = at(trades, i);
      ours.recordTrade(trade);
      ours.recordLatency({ operation: 'submit', target: trade.symbol, seconds: at(seconds, i) });
    },
    (i) => {
      const { symbol, side, strategy, status, notional } = at(trades, i);
      const labels = { symbol, side, strategy, status };
      tradesTotal.inc(labels);
      notionalTotal.inc(labels, notional);
      duration.observe({ operation: 'submit', target: symbol }, at(seconds, i));
    },
  );
}

function boundCounter(): BenchResult {
  const counter = new MetricsRegistry().counter({ name: 'ticks_total', help: 'Ticks.', labels: LABELS });
  const theirs = new PromClient().counter('ticks_total', LABELS);
  const handles = sets.map((set) => counter.bind(set));
  const children = sets.map((set) => theirs.labels(set));
  return versus(
    'bound-counter',
    (i) => at(handles, i).inc(),
    (i) => at(children, i).inc(),
  );
}

function boundHistogram(): BenchResult {
  const histogram = new MetricsRegistry().histogram({ name: 'wait_seconds', help: 'Wait.', labels: LABELS });
  const theirs = new PromClient().histogram('wait_seconds', LABELS);
  const handles = sets.map((set) => histogram.bind(set));
  const children = sets.map((set) => theirs.labels(set));
  return versus(
    'bound-histogram',
    (i) => at(handles, i).observe(at(seconds, i)),
    (i) => at(children, i).observe(at(seconds, i)),
  );
}

type Op = (index: number) => void;

/** A million each in alternating rounds, medians compared; the quantiles are ours, one by one. */
function versus(name: string, ours: Op, theirs: Op): BenchResult {
  const stretch = (op: Op): number => {
    const startedMs = performance.now();
    for (let i = 0; i < COUNT; i += 1) op(i);
    return ((performance.now() - startedMs) * 1e6) / COUNT;
  };
  stretch(ours);
  stretch(theirs);
  const [own, peer] = [new Float64Array(ROUNDS), new Float64Array(ROUNDS)];
  for (let round = 0; round < ROUNDS; round += 1) {
    own[round] = stretch(ours);
    peer[round] = stretch(theirs);
  }
  const us = Float64Array.from({ length: COUNT / 10 }, (_, i) => {
    const fromMs = performance.now();
    ours(i);
    return (performance.now() - fromMs) * 1000;
  });
  const [nsPerOp, peerNs] = [quantile(own, 0.5), quantile(peer, 0.5)];
  console.log(`  ${name}: prom-client ${peerNs.toFixed(0)} ns, ours best ${quantile(own, 0).toFixed(1)} ns`);
  return {
    suite: SUITE,
    name,
    opsPerSec: 1e9 / nsPerOp,
    nsPerOp,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: { 'prom-client': peerNs / nsPerOp },
  };
}

/**
 * 8 counters of 1,000 series and a histogram of 125 label sets with 16 series each. The figures are the longest time in a
 * scrape without a turn of the event loop: `nsPerOp` and `p50Us` of the median scrape, `p99Us` of the worst.
 */
async function scrape(): Promise<BenchResult> {
  const [ours, peer] = [new MetricsRegistry(), new PromClient()];
  for (let n = 0; n < 8; n += 1) {
    const name = `events_${n}_total`;
    const [own, theirs] = [
      ours.counter({ name, help: name, labels: ['symbol', 'kind'] }),
      peer.counter(name, ['symbol', 'kind']),
    ];
    for (let i = 0; i < 1000; i += 1) {
      const labels = { symbol: `COIN${i}-USDT`, kind: `kind-${i % 7}` };
      own.inc(labels, i / 3);
      theirs.inc(labels, i / 3);
    }
  }
  const own = ours.histogram({ name: 'wait_seconds', help: 'wait_seconds', labels: ['symbol'] });
  const theirs = peer.histogram('wait_seconds', ['symbol']);
  for (let i = 0; i < 125; i += 1) {
    for (let n = 0; n < 100; n += 1) {
      own.observe({ symbol: `COIN${i}` }, at(seconds, n * 10));
      theirs.observe({ symbol: `COIN${i}` }, at(seconds, n * 10));
    }
  }
  const expected = await peer.registry.metrics();
  if (!(await ours.exposition()).includes(expected.trimEnd()))
    throw new Error('expected the text of prom-client');

  const [blocks, peerBlocks, took, peerTook] = Array.from({ length: 4 }, () => new Float64Array(SCRAPES)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let round = -5; round < SCRAPES; round += 1) {
    const us = await watched(() => ours.exposition());
    const peerUs = await watched(() => peer.registry.metrics());
    if (round < 0) continue;
    [blocks[round], took[round]] = [us.longestUs, us.tookUs];
    [peerBlocks[round], peerTook[round]] = [peerUs.longestUs, peerUs.tookUs];
  }
  const [p50Us, peerP50Us] = [quantile(blocks, 0.5), quantile(peerBlocks, 0.5)];
  console.log(
    `  scrape-10k: longest block ${quantile(blocks, 1) / 1000} ms, of prom-client ${quantile(peerBlocks, 1) / 1000} ms`,
  );
  const tookUs = quantile(took, 0.5);
  return {
    suite: SUITE,
    name: 'scrape-10k',
    opsPerSec: 1e6 / tookUs,
    nsPerOp: p50Us * 1000,
    p50Us,
    p99Us: quantile(blocks, 1),
    vs: { 'prom-client': peerP50Us / p50Us, 'prom-client-scrape': quantile(peerTook, 0.5) / tookUs },
  };
}

/** Runs `work` while the event loop turns beside it. */
async function watched(work: () => Promise<string>): Promise<{ longestUs: number; tookUs: number }> {
  let [last, longest, running] = [performance.now(), 0, true];
  const turned = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (running) setImmediate(turned);
  };
  const started = performance.now();
  setImmediate(turned);
  await work();
  const took = performance.now() - started;
  running = false;
  await new Promise((resolve) => setImmediate(resolve));
  return { longestUs: longest * 1000, tookUs: took * 1000 };
}
