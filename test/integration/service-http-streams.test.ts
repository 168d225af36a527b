import { type Socket, connect } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SystemClock } from '../../src/core/index.ts';
import { type ServiceApp, type ServiceOptions, createService } from '../../src/service/index.ts';
import { createLogger } from '../../src/telemetry/index.ts';

const CHUNK = 'x'.repeat(70_000);

/** Three chunks, then the end, or a failure. */
function* chunks(failure?: Error): Generator<string> {
  for (let at = 0; at < 3; at += 1) yield CHUNK;
  if (failure !== undefined) throw failure;
}

const web = (source: Generator<string>) =>
  new ReadableStream<string>({
    async pull(to) {
      await sleep(5);
      const next = source.next();
      if (next.done === true) to.close();
      else to.enqueue(next.value);
    },
  });

const bytes = (source: Generator<string>) => web(source).pipeThrough(new TextEncoderStream());

async function streaming(routes: (app: ServiceApp) => void, limits: ServiceOptions['limits'] = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  const logger = createLogger(
    { name: 'quotes', level: 'debug' },
    { clock: new SystemClock(), destination: { write } },
  );
  const service = createService({ name: 'quotes', limits, routes }, { env: {}, logger });
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  /** The series of a route that are not 0. */
  const counted = async (): Promise<string[]> =>
    (await service.metrics.exposition())
      .split('\n')
      .filter((line) => line.startsWith('http_requests_total') && !line.endsWith(' 0'));
  return { service, lines, counted };
}

describe('an answer that is a stream and fails', () => {
  const broken = (): Error => new Error('disk broke');

  test.each([
    ['of Node', () => Readable.from(chunks(broken()))],
    ['of the web', () => web(chunks(broken()))],
    ['in a Response', () => new Response(bytes(chunks(broken())))],
  ])('%s is logged as an error with its id, and counted as one', async (_, answer) => {
    const { service, lines, counted } = await streaming((app) => {
      app.get('/half', (_request, reply) => reply.type('text/plain').send(answer()));
    });
    const got = await fetch(`${service.address}/half`, { headers: { 'x-correlation-id': 'c1' } });
    await expect(got.text()).rejects.toThrow();
    await sleep(20);
    expect(lines.filter(({ correlationId }) => correlationId === 'c1')).toEqual([
      expect.objectContaining({
        level: 'error',
        msg: 'answer broke off',
        err: expect.objectContaining({ message: 'disk broke' }) as object,
      }),
      expect.objectContaining({ level: 'info', msg: 'request', route: '/half', status: 500 }),
    ]);
    expect(await counted()).toEqual(['http_requests_total{method="GET",route="/half",status="5xx"} 1']);
    expect(service.requestStats.sample()).toMatchObject({ requests: 1, errors: 1 });
  });

  test('before its first byte is answered as any error, and logged once', async () => {
    const { service, lines } = await streaming((app) => {
      app.get(
        '/none',
        () =>
          new Readable({
            read() {
              this.destroy(broken());
            },
          }),
      );
    });
    expect((await fetch(`${service.address}/none`)).status).toBe(500);
    expect(lines.filter(({ level }) => level === 'error').map(({ msg }) => msg)).toEqual(['request failed']);
  });

  test('because its client left is no error', async () => {
    const { service, lines, counted } = await streaming((app) => {
      app.get(
        '/long',
        () =>
          new Readable({
            read() {
              this.push(CHUNK);
            },
            destroy(_error, done) {
              done(new Error('cancelled'));
            },
          }),
      );
    });
    const abort = new AbortController();
    await fetch(`${service.address}/long`, { signal: abort.signal });
    abort.abort();
    await sleep(50);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(await counted()).toEqual(['http_requests_total{method="GET",route="/long",status="aborted"} 1']);
  });
});

test.each([
  ['of Node', () => Readable.from(chunks())],
  ['of the web', () => web(chunks())],
  ['in a Response', () => new Response(bytes(chunks()), { status: 201 })],
])('a stream %s arrives whole', async (kind, answer) => {
  const { service, counted } = await streaming((app) => {
    app.get('/all', (_request, reply) => reply.type('text/plain').send(answer()));
  });
  const got = await fetch(`${service.address}/all`);
  expect([got.status, await got.text()]).toEqual([kind === 'in a Response' ? 201 : 200, CHUNK.repeat(3)]);
  expect(await counted()).toEqual(['http_requests_total{method="GET",route="/all",status="2xx"} 1']);
});

describe('an answer that its client does not read', () => {
  /** Far more than the buffers of a connection. */
  const BIG = 'x'.repeat(20_000_000);
  const big = (app: ServiceApp): void => {
    app.get('/big', () => BIG);
    app.get('/slow', async () => {
      await sleep(1500);
      return 'done';
    });
  };
  const ask = (address: string, path: string): Socket => {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined).pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    return socket;
  };

  test('makes room after its time, counted as aborted', async () => {
    const limits = { maxInFlight: 1, answerTimeoutMs: 1000 };
    const { service, counted } = await streaming(big, limits);
    ask(service.address, '/big');
    await sleep(500);
    expect((await fetch(`${service.address}/slow`)).status).toBe(503);
    await sleep(2000);
    expect((await fetch(`${service.address}/slow`)).status).toBe(200);
    expect(await counted()).toContain('http_requests_total{method="GET",route="/big",status="aborted"} 1');
  });

  test('arrives whole when its client reads it a little at a time', async () => {
    const { service, counted } = await streaming(big, { answerTimeoutMs: 1000 });
    const socket = ask(service.address, '/big');
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    for (let at = 0; at < 5; at += 1) {
      socket.pause();
      await sleep(500);
      socket.resume();
      await sleep(2);
    }
    while (received < BIG.length) await sleep(10);
    expect(await counted()).toEqual(['http_requests_total{method="GET",route="/big",status="2xx"} 1']);
  });

  test.each([80_000, 0])(
    'is not one that takes its time, nor is an idle connection kept for %d ms',
    async (keepAliveTimeoutMs) => {
      const { service, counted } = await streaming(big, { answerTimeoutMs: 1000, keepAliveTimeoutMs });
      const socket = ask(service.address, '/slow');
      let text = '';
      socket
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .resume();
      await sleep(3200);
      expect([text.endsWith('done'), socket.closed]).toEqual([true, false]);
      expect(await counted()).toEqual(['http_requests_total{method="GET",route="/slow",status="2xx"} 1']);
    },
  );
});
