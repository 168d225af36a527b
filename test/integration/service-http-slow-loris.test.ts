import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createService } from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';

const LORISES = 200;
const CLIENTS = 50;

test('connections that send a byte now and then keep nobody from being answered, and are closed in the end', async () => {
  const service = createService(
    {
      name: 'quotes',
      limits: { headersTimeoutMs: 5000, requestTimeoutMs: 5000 },
      routes: (app) => {
        app.get('/quotes', () => ({ price: '1.5' }));
      },
    },
    { env: {}, logger: silentLogger },
  );
  await service.start();
  const { address } = service;
  const { hostname, port } = new URL(address);
  const lorises = Array.from({ length: LORISES }, (): Socket => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.resume().write('GET /quotes HTTP/1.1\r\nhost: x\r\nx-a: ');
    return socket;
  });
  const dripping = setInterval(() => {
    for (const socket of lorises) if (socket.writable) socket.write('a');
  }, 50);
  onTestFinished(async () => {
    clearInterval(dripping);
    for (const socket of lorises) socket.destroy();
    await service.stop();
  });
  // Not `once(socket, 'close')`, which rejects when a byte is on its way to a connection that has just been closed.
  const closed = Promise.all(
    lorises.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
  await Promise.all(lorises.map((socket) => once(socket, 'connect')));

  const beganMs = performance.now();
  const statuses = await Promise.all(
    Array.from({ length: CLIENTS }, async () => (await fetch(`${address}/quotes`)).status),
  );
  const tookMs = performance.now() - beganMs;
  expect(statuses).toEqual(Array.from({ length: CLIENTS }, () => 200));
  // None of them had to wait for a loris to be thrown out.
  expect(tookMs).toBeLessThan(4500);
  expect(lorises.filter(({ closed: isClosed }) => isClosed)).toEqual([]);

  await closed;
  expect(await service.metrics.exposition()).toContain(
    `http_requests_total{method="other",route="unmatched",status="4xx"} ${LORISES}\n`,
  );
});
