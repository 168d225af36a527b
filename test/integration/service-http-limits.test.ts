import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type ServiceOptions, createService } from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';

async function serving(limits: ServiceOptions['limits']) {
  const service = createService(
    {
      name: 'limited',
      limits,
      routes: (app) => {
        app.post('/echo', ({ body }) => body);
      },
    },
    { env: {}, logger: silentLogger },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  const { hostname, port } = new URL(service.address);
  /** Sends a text and reads whatever comes until the connection is closed. */
  const open = (text: string): { socket: Socket; all: Promise<string> } => {
    const socket = connect(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    let received = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    socket.on('error', () => undefined);
    socket.write(text);
    return { socket, all: once(socket, 'close').then(() => received) };
  };
  const series = async (start: string): Promise<string[]> =>
    (await service.metrics.exposition())
      .split('\n')
      .filter((line) => line.startsWith(start) && !line.endsWith(' 0'));
  return { service, open, series };
}

/** Status line and parsed body of a raw answer, and whether both name one id. */
function problemIn(raw: string) {
  const [head = '', body = ''] = raw.split('\r\n\r\n');
  const { correlationId, ...problem } = JSON.parse(body) as Record<string, unknown>;
  return {
    line: head.split('\r\n')[0],
    type: /content-type: (.*)/i.exec(head)?.[1],
    closes: /connection: close/i.test(head),
    isNamed: /x-correlation-id: (.*)/i.exec(head)?.[1] === correlationId,
    problem,
  };
}

const refused = (status: number, title: string, detail: string) => ({
  line: `HTTP/1.1 ${status} ${title}`,
  type: 'application/problem+json',
  closes: true,
  isNamed: true,
  problem: { type: 'about:blank', title, status, detail },
});

const COUNTED = 'http_requests_total{method="other",route="unmatched"';

test('headers above the limit are 431', async () => {
  const { open, series } = await serving({ maxHeaderBytes: 2048 });
  const head = (bytes: number) =>
    `GET /live HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-a: ${'a'.repeat(bytes)}\r\n\r\n`;
  expect(await open(head(1500)).all).toMatch(/^HTTP\/1.1 200 OK/);
  expect(problemIn(await open(head(2100)).all)).toEqual(
    refused(431, 'Request Header Fields Too Large', 'the headers are larger than this service takes'),
  );
  expect(await series(COUNTED)).toEqual([`${COUNTED},status="4xx"} 1`]);
});

test.each([
  ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\r\n\r\n'],
  ['an unknown method', 'BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['two lengths', 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  [
    'a length and chunks',
    'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
])('%s is 400, and the connection is closed', async (_, text) => {
  const { open, series } = await serving({});
  expect(problemIn(await open(text).all)).toEqual(refused(400, 'Bad Request', 'this is no HTTP request'));
  expect(await series(COUNTED)).toEqual([`${COUNTED},status="4xx"} 1`]);
});

test('headers that do not come in time are 408, and so is half a body', async () => {
  const { open, series } = await serving({ headersTimeoutMs: 1000, requestTimeoutMs: 1500 });
  const late = refused(408, 'Request Timeout', 'the request did not arrive in time');
  const head = open('GET /live HTTP/1.1\r\nhost: x\r\n');
  const body = open(
    'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n"abc',
  );
  expect(problemIn(await head.all)).toEqual(late);
  expect(problemIn(await body.all)).toEqual(late);
  await sleep(20);
  // Once each: what was a request already is counted as one.
  expect((await series('http_requests_total')).toSorted()).toEqual([
    'http_requests_total{method="POST",route="/echo",status="aborted"} 1',
    `${COUNTED},status="4xx"} 1`,
  ]);
  expect(await series('http_requests_in_flight')).toEqual([]);
});

test('a connection that is reset in the middle of a request is nothing to answer', async () => {
  const { service, open, series } = await serving({});
  const { socket } = open('GET /live HT');
  await once(socket, 'connect');
  await sleep(20);
  socket.resetAndDestroy();
  await sleep(20);
  expect(await series(COUNTED)).toEqual([]);
  expect((await fetch(`${service.address}/live`)).status).toBe(200);
});

test('connections above the limit are closed at once, and taken again when there is room', async () => {
  const { open } = await serving({ maxConnections: 2 });
  const held = [open(''), open('')];
  await Promise.all(held.map(({ socket }) => once(socket, 'connect')));
  await sleep(20);
  const live = 'GET /live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  expect(await open(live).all).toBe('');
  held[0]?.socket.destroy();
  await sleep(50);
  expect(await open(live).all).toMatch(/^HTTP\/1.1 200 OK/);
});
