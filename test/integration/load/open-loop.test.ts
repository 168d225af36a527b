import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OpenLoop } from '../../load/generator/open-loop.ts';
import { OrderRequests } from '../../load/generator/order-request.ts';
import { Histogram } from '../../load/measure/histogram.ts';

async function loopTo(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const orders = new OrderRequests('test', ['A', 'B']);
  const loop = new OpenLoop(() => orders.next());
  onTestFinished(() => {
    loop.close();
    server.closeAllConnections();
    server.close();
  });
  loop.target(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { loop, server };
}

const answer = (body: object): string => JSON.stringify(body);

describe('OpenLoop', () => {
  test('sends what is due, each order once, and counts what is answered', async () => {
    const bodies: string[] = [];
    const { loop } = await loopTo((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const number = bodies.push(text);
        if (number % 4 === 0) response.statusCode = 503;
        response.end(
          answer(
            number % 4 === 1 ? { kind: 'denied', denials: [{ code: 'TOO_MANY' }] } : { kind: 'accepted' },
          ),
        );
      });
    });
    const { due, outcomes } = await loop.run({ rate: 200, seconds: 0.2 });
    expect(due).toBe(40);
    expect(outcomes).toEqual({ accepted: 20, '503': 10, 'denied TOO_MANY': 10 });
    const ids = bodies.map((body) => (JSON.parse(body) as { intentId: string }).intentId);
    expect(new Set(ids).size).toBe(40);
  });

  test('goes on sending while nothing is answered, and counts from when an order was due', async () => {
    const held: (() => void)[] = [];
    const { loop } = await loopTo((_, response) => {
      held.push(() => response.end(answer({ kind: 'accepted' })));
      if (held.length === 50) for (const release of held) release();
    });
    const { outcomes, intended } = await loop.run({ rate: 100, seconds: 0.5 });
    const histogram = new Histogram();
    histogram.merge(intended);
    expect(outcomes).toEqual({ accepted: 50 });
    // The first was held until the last was due.
    expect(histogram.quantile(1)).toBeGreaterThanOrEqual(480);
    expect(histogram.quantile(0.5)).toBeGreaterThanOrEqual(230);
  });

  test('ends where nobody listens any more', async () => {
    const { loop, server } = await loopTo((request) => request.socket.destroy());
    expect((await loop.run({ rate: 100, seconds: 0.05 })).outcomes).toEqual({ connection: 5 });
    server.closeAllConnections();
    server.close();
    expect((await loop.run({ rate: 100, seconds: 0.05 })).outcomes).toEqual({ connection: 5 });
  });
});
