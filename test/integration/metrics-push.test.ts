import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MetricsRegistry, pushMetrics } from '../../src/telemetry/index.ts';
import { parseExposition } from '../support/exposition-parser.ts';

/** A Pushgateway on a real socket: groups by path, as the real one keeps them. */
const groups = new Map<string, string>();
let server: Server;
let url: string;
let seen: IncomingMessage[];
let answer: 'well' | 'never' | 'cut' | 'busy';

beforeEach(async () => {
  groups.clear();
  seen = [];
  answer = 'well';
  server = createServer((request, response) => {
    seen.push(request);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (answer === 'never') return;
      if (answer === 'cut') {
        response.destroy();
        return;
      }
      if (answer === 'busy') {
        response.writeHead(503).end('storage is full');
        return;
      }
      if (request.method === 'DELETE') groups.delete(request.url ?? '');
      else groups.set(request.url ?? '', Buffer.concat(parts).toString());
      response.writeHead(request.method === 'DELETE' ? 202 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const metrics = () => {
  const registry = new MetricsRegistry();
  registry.counter({ name: 'rows_total', help: 'Zeilen, größer.' }).inc(7);
  return registry;
};

describe('pushMetrics over a socket', () => {
  test('puts a group there and takes it away', async () => {
    const group = { url, job: 'nightly', grouping: { path: '/var/tmp', empty: '', dots: '..' } };
    await pushMetrics(metrics(), { ...group, method: 'replace' });
    const path = '/metrics/job/nightly/dots@base64/Li4/empty@base64/=/path@base64/L3Zhci90bXA';
    expect([...groups.keys()]).toEqual([path]);
    const rows = parseExposition(groups.get(path) ?? '').find(({ name }) => name === 'rows_total');
    expect(rows).toMatchObject({ help: 'Zeilen, größer.', samples: [{ value: 7 }] });
    await pushMetrics(metrics(), { ...group, method: 'delete' });
    expect(groups.size).toBe(0);
    expect(seen.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
  });

  test('authenticates with what stands in the address', async () => {
    await pushMetrics(metrics(), { url: url.replace('//', '//me:pw@'), job: 'a' });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
  });

  test('says what the gateway said', async () => {
    answer = 'busy';
    await expect(pushMetrics(metrics(), { url, job: 'a' })).rejects.toMatchObject({
      code: 'METRICS_PUSH_FAILED',
      message: `${url}/metrics/job/a answered 503: storage is full`,
    });
  });

  test.each(['cut', 'never'] as const)('fails in time when the connection is %s', async (how) => {
    answer = how;
    await expect(pushMetrics(metrics(), { url, job: 'a', timeoutMs: 200 })).rejects.toMatchObject({
      code: 'METRICS_PUSH_FAILED',
      retryable: true,
    });
  });

  test('fails when nobody listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(pushMetrics(metrics(), { url, job: 'a' })).rejects.toMatchObject({
      code: 'METRICS_PUSH_FAILED',
    });
    server = createServer().listen(0);
  });

  test('is cut off by its signal', async () => {
    answer = 'never';
    const abort = new AbortController();
    const pushed = pushMetrics(metrics(), { url, job: 'a' }, { signal: abort.signal });
    const closed = new Promise((resolve) => {
      server.once('request', (request) => request.once('close', resolve));
    });
    server.once('request', () => {
      abort.abort(new Error('stopped'));
    });
    await expect(pushed).rejects.toThrow('stopped');
    await closed;
  });
});
