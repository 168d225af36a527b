// A signed request: each attempt anew, by the clock of the source.
import { createHmac } from 'node:crypto';
import { SystemClock } from 'portcullis';
import { ResilientFetcher, type Signer } from 'portcullis/resilience';
import { FaultServer, burst } from 'portcullis/testing';

const clock = new SystemClock();
const server = await FaultServer.listen();
const aheadMs = 3_600_000; // its clock is an hour ahead
server.script(
  burst(1, { status: 503, dateOffsetMs: aheadMs }, { body: { balance: '5' }, dateOffsetMs: aheadMs }),
);

const key = 'from your secret store';
const sign: Signer = ({ query, serverNowMs }) => {
  const signed = `${query}${query && '&'}timestamp=${Math.round(serverNowMs)}`;
  const signature = createHmac('sha256', key).update(signed).digest('hex');
  return { query: `${signed}&signature=${signature}`, headers: { 'x-key': 'public part' } };
};
const venue = {
  baseUrl: server.url,
  endpoints: { account: { path: '/account', signed: true } },
  http: { allowPrivateAddresses: true },
};
const fetcher = new ResilientFetcher({ sources: { venue } }, { clock, signers: { venue: sign } });

await fetcher.fetch({ source: 'venue', endpoint: 'account', params: { asset: 'BTC' } });
for (const { url } of server.requests) {
  const at = Number(new URL(url, server.url).searchParams.get('timestamp'));
  const hours = Math.round((at - clock.nowMs()) / 3_600_000);
  console.log(url.replaceAll(/[0-9a-f]{13,}/gu, '...'), `- ${hours} h ahead of our clock`);
}
const { offsetMs = NaN } = fetcher.status('venue').clockOffset ?? {};
console.log(`the source is ${Math.round(offsetMs / 3_600_000)} h ahead`);
await fetcher.close();
await server.close();
