// What a fetcher tells Prometheus.
import { MetricsRegistry, SystemClock } from 'portcullis';
import { BINANCE_SPOT, ResilientFetcher } from 'portcullis/resilience';

const metrics = new MetricsRegistry();
const binance = { ...BINANCE_SPOT, hedge: { delayMs: 500 } };
const fetcher = new ResilientFetcher({ sources: { binance } }, { clock: new SystemClock(), metrics });

for (const [, name, help] of (await metrics.exposition()).matchAll(
  /^# HELP (trading_(?!trade|errors|operation)\S+) (.*)$/gmu,
)) {
  console.log(`${name ?? ''}\n    ${help ?? ''}`);
}
await fetcher.close();
