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
