/** A small child: `serve`, `crash`, or `stubborn`, which does not heed SIGTERM. It says when it is ready. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , mode] = process.argv;
if (mode === 'crash') process.exit(3);
const server = createServer((_request, response) => {
  response.end('{}');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}` }));
});
process.on('SIGTERM', () => {
  if (mode === 'stubborn') return;
  server.close();
  server.closeAllConnections();
});
