import { SystemClock } from '../../../../src/core/index.ts';
import { newCall } from '../../../../src/resilience/call.ts';
import { HttpTransport, ResilientFeed } from '../../../../src/resilience/index.ts';

/** Asks the https origin, and says in a line of JSON what came of it, and of a feed. */
const [url = '', wsUrl = ''] = process.argv.slice(2);
const clock = new SystemClock();

const transport = new HttpTransport({ allowPrivateAddresses: true }, { clock });
const request = { method: 'GET', origin: new URL(url).origin, path: '/', headers: {} };
const outcome = await transport.send(request, newCall({}));
const http = outcome.ok ? 'ok' : outcome.failure.code;
await transport.close();

const ended = Promise.withResolvers<string>();
const feed = new ResilientFeed(
  { source: 'child', socket: { allowPrivateAddresses: true } },
  {
    clock,
    protocol: { url: () => wsUrl, subscribe: () => [], decode: () => ({ kind: 'control' }) },
    onChange: (change) => {
      if (change.kind !== 'state') return;
      if (change.to.kind === 'open') ended.resolve('open');
      if (change.to.kind === 'waiting') ended.resolve(change.to.because);
    },
  },
);
feed.start();
const webSocket = await ended.promise;
await feed.stop();
process.stdout.write(JSON.stringify({ http, webSocket }));
