// A TCP link that can be cut, hung and made slow: put it between a process and a server, and type what is to happen.
//   node examples/guide/support/link.ts LISTEN_PORT SERVER_PORT
import { type Socket, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [from = NaN, to = NaN] = process.argv.slice(2).map(Number);
const sockets = new Set<Socket>();
let state: 'whole' | 'cut' | 'hung' = 'whole';
let delayMs = 0;
let mended = Promise.withResolvers<undefined>();

function keep(socket: Socket): void {
  sockets.add(socket.setNoDelay(true));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
}

/** One way, in order; what is on its way when the link hangs arrives once it no longer does. */
async function carry(source: Socket, target: Socket): Promise<void> {
  for await (const piece of source as AsyncIterable<Buffer>) {
    if (delayMs > 0) await sleep(delayMs);
    if (state === 'hung') await mended.promise;
    target.write(piece);
  }
  target.end();
}

createServer((client) => {
  keep(client);
  if (state === 'cut') {
    client.resetAndDestroy();
    return;
  }
  const server = connect(to, '127.0.0.1');
  keep(server);
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  for (const way of [carry(client, server), carry(server, client)]) way.catch(() => undefined);
}).listen(from, '127.0.0.1', () => {
  console.log(`127.0.0.1:${from} leads to port ${to}; type cut, hang, mend, or delay and milliseconds`);
});

for await (const line of createInterface(process.stdin)) {
  const [what, ms = '0'] = line.trim().split(' ');
  if (what === 'delay') delayMs = Number(ms);
  if (what === 'cut') for (const socket of sockets) socket.resetAndDestroy();
  if (what === 'cut' || what === 'hang' || what === 'mend') {
    state = what === 'hang' ? 'hung' : what === 'cut' ? 'cut' : 'whole';
    mended.resolve(undefined);
    mended = Promise.withResolvers();
  }
}
