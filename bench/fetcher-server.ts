/**
 * The source that suites/fetcher.ts asks, in a process of its own: 512 bytes of JSON over keep-alive connections. Tells the
 * parent where it is, and ends with it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BODY_BYTES = 512;
const quote = { symbol: 'BTC-USDT', bid: '61234.50', ask: '61234.60', note: '' };
const note = 'x'.repeat(BODY_BYTES - JSON.stringify(quote).length);
const body = JSON.stringify({ ...quote, note });

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ origin: `http://127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit());
