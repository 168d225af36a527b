// A feed that says what it missed: a number is left out, and then the connection breaks.
import { SystemClock } from 'portcullis';
import { type FeedProtocol, ResilientFeed } from 'portcullis/resilience';
import { FaultServer } from 'portcullis/testing';
import { z } from 'zod';

const server = await FaultServer.listen();
const price = (n: number) => JSON.stringify({ channel: 'btc', n, price: `${60_000 + n}` });
server.webSockets.script(
  {
    reply: () => undefined,
    steps: [
      { step: 'await-messages', count: 1 },
      { step: 'send', messages: [price(1), price(2), price(4)] },
      { step: 'drop', how: 'reset' },
    ],
  },
  { reply: () => price(5) },
);

const Price = z.object({ channel: z.string(), n: z.number(), price: z.string() });
const protocol: FeedProtocol<z.output<typeof Price>> = {
  url: () => server.wsUrl,
  subscribe: (channels) => [JSON.stringify({ op: 'subscribe', channels })],
  decode: (frame) => ({ kind: 'messages', messages: [Price.parse(JSON.parse(String(frame)))] }),
  sequenceOf: ({ channel, n }) => ({ channel, first: n, last: n }),
};
const told: string[] = [];
const received: number[] = [];
const feed = new ResilientFeed(
  { source: 'venue', reconnect: { baseDelayMs: 10 }, socket: { allowPrivateAddresses: true } },
  {
    protocol,
    clock: new SystemClock(),
    onGap: ({ channel, because, expected = NaN, got = NaN }) =>
      told.push(`${channel}: ${because}, expected ${expected}, got ${got}`),
  },
);
feed.subscribe('btc');
feed.start();
for await (const batch of feed.batches()) {
  received.push(...batch.map(({ n }) => n));
  if (received.includes(5)) break;
}
console.log('received', received, 'over', feed.status().counts.opened, 'connections');
console.log('gaps', told);
await feed.stop();
await server.close();
