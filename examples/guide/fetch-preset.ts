// A preset, with what is ours put over it.
import { SystemClock } from 'portcullis';
import { BINANCE_SPOT, ResilientFetcher } from 'portcullis/resilience';
import { FaultServer } from 'portcullis/testing';

const server = await FaultServer.listen();
server.script({ body: {}, headers: { 'x-mbx-used-weight-1m': '5700' } });

const binance = {
  ...BINANCE_SPOT,
  baseUrl: server.url, // here only: a server on this machine
  http: { allowPrivateAddresses: true },
  cache: { ttlMs: 1_000, staleIfErrorMs: 5_000 },
};
const fetcher = new ResilientFetcher({ sources: { binance } }, { clock: new SystemClock() });
const left = () => fetcher.status('binance').rateLimit?.buckets[0]?.level ?? NaN;

console.log('at first', left());
await fetcher.fetch({ source: 'binance', endpoint: 'depth', params: { symbol: 'BTCUSDT', limit: 5_000 } });
// Our own request weighs 250. Others behind our address have used more, and Binance says so.
console.log('after one of 250, and 5,700 of 6,000 used:', left() < 400 ? 'about 300' : left());

const endpoints = Object.keys(BINANCE_SPOT.endpoints ?? {});
console.log(endpoints.join(' '));
await fetcher.close();
await server.close();
