import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SystemClock } from '../../src/core/index.ts';
import { type ServiceOptions, createService } from '../../src/service/index.ts';
import { createLogger, silentLogger } from '../../src/telemetry/index.ts';

/** A service with one slow route, and clients that leave it. */
async function abandoned(options: Partial<ServiceOptions> = {}) {
  const events: string[] = [];
  const go = Promise.withResolvers<undefined>();
  let running = 0;
  const service = createService(
    {
      name: 'orders',
      onStart: ({ use }) => {
        use('db', { close: () => void events.push('db closed') });
      },
      routes: (app) => {
        app.post('/orders', async () => {
          running += 1;
          await go.promise;
          running -= 1;
          events.push('written');
          return {};
        });
        app.post('/fails', async () => {
          await go.promise;
          throw new Error('the disk broke');
        });
        app.get('/status', () => 'ok');
      },
      ...options,
    },
    { env: {}, logger: silentLogger },
  );
  onTestFinished(async () => {
    go.resolve(undefined);
    await service.stop();
  });
  await service.start();
  const inFlight = async (): Promise<number> =>
    Number(/^http_requests_in_flight (\d+)$/m.exec(await service.metrics.exposition())?.[1]);
  /** Sends an order, and leaves when its handler runs, or when it was refused. */
  const leave = async (path = '/orders'): Promise<number | undefined> => {
    const abort = new AbortController();
    const answer = fetch(service.address + path, { method: 'POST', signal: abort.signal }).then(
      ({ status }) => status,
      () => undefined,
    );
    await Promise.race([answer, sleep(50)]);
    abort.abort();
    await sleep(20);
    return answer;
  };
  return { service, events, go, leave, inFlight, running: () => running };
}

describe('a request that its client has left while its handler runs', () => {
  test('is in flight until the handler has ended', async () => {
    const { go, leave, inFlight } = await abandoned();
    await leave();
    await leave('/fails');
    expect(await inFlight()).toBe(2);
    go.resolve(undefined);
    await sleep(20);
    expect(await inFlight()).toBe(0);
  });

  test('counts for the limit: clients that leave do not make room', async () => {
    const { service, leave, running } = await abandoned({ limits: { maxInFlight: 2 } });
    const statuses = [await leave(), await leave(), await leave()];
    expect([statuses, running()]).toEqual([[undefined, undefined, 503], 2]);
    expect((await fetch(`${service.address}/status`)).status).toBe(503);
  });

  test('is waited for before dependencies are closed', async () => {
    const { service, events, go, leave } = await abandoned();
    await leave();
    const stopped = service.stop();
    await sleep(50);
    expect(events).toEqual([]);
    go.resolve(undefined);
    await stopped;
    expect(events).toEqual(['written', 'db closed']);
  });

  test('is cut after its time, and said to be', async () => {
    const { service, leave } = await abandoned({ stopTimeoutMs: 100 });
    await leave();
    const { steps } = await service.stop();
    expect(steps).toContainEqual(
      expect.objectContaining({ name: 'requests', outcome: 'cut', note: '1 requests' }),
    );
  });
});

test('a body that breaks off because its client left is no failure of the service', async () => {
  const lines: string[] = [];
  const logger = createLogger(
    { name: 'orders', level: 'debug' },
    { clock: new SystemClock(), destination: { write: (line) => lines.push(line) } },
  );
  const service = createService(
    {
      name: 'orders',
      routes: (app) => {
        app.post('/echo', ({ body }) => body);
      },
    },
    { env: {}, logger },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  const { hostname, port } = new URL(service.address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"abc',
  );
  await sleep(50);
  socket.destroy();
  await sleep(50);
  expect(lines.filter((line) => line.includes('/echo'))).toHaveLength(1);
  expect(lines.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
});
