import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { BaseEnterpriseService, type ServiceApp } from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';

class Sockets extends BaseEnterpriseService {
  begun = Promise.withResolvers<undefined>();

  constructor() {
    super({ name: 'sockets', stopTimeoutMs: 3000 }, { logger: silentLogger });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/slow', async () => {
      this.begun.resolve(undefined);
      await sleep(200);
      return 'done';
    });
    app.get('/stream', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/plain' });
      reply.raw.write('first ');
      this.begun.resolve(undefined);
      setTimeout(() => reply.raw.end('last'), 200);
    });
  }
}

const open: Sockets[] = [];
const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((service) => service.stop()));
  for (const agent of agents.splice(0)) agent.destroy();
});

async function started(): Promise<Sockets> {
  const service = await new Sockets().start();
  open.push(service);
  return service;
}

function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  agents.push(agent);
  return agent;
}

/** One request over the agent; the whole answer. */
function request(url: string, agent: Agent): Promise<{ status: number; connection: string; body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, connection: answer.headers.connection ?? '', body });
      });
    }).on('error', reject);
  });
}

describe('a stop on real sockets', () => {
  test('closes idle keep-alive connections at once', async () => {
    const service = await started();
    const agent = keepAlive();
    await Promise.all(Array.from({ length: 20 }, () => request(`${service.address}/live`, agent)));
    const report = await service.stop();
    expect(report.forced).toBe(false);
    expect(report.tookMs).toBeLessThan(1500);
  });

  test('closes connections on which nothing was ever sent', async () => {
    const service = await started();
    const { hostname, port } = new URL(service.address);
    const silent = connect(Number(port), hostname);
    await once(silent, 'connect');
    await sleep(20);
    const closed = once(silent, 'close');
    const report = await service.stop();
    await closed;
    expect(report.forced).toBe(false);
    expect(report.tookMs).toBeLessThan(1500);
  });

  test('serves the request at hand, closes its connection, and ends soon after', async () => {
    const service = await started();
    const agent = keepAlive();
    const slow = request(`${service.address}/slow`, agent);
    await service.begun.promise;
    const report = await service.stop();
    expect(await slow).toEqual({ status: 200, connection: 'close', body: 'done' });
    expect(report.forced).toBe(false);
    expect(report.tookMs).toBeLessThan(1500);
  });

  test('an answer that had begun to stream is let to its end, without the keep-alive time after it', async () => {
    const service = await started();
    const agent = keepAlive();
    const stream = request(`${service.address}/stream`, agent);
    await service.begun.promise;
    const report = await service.stop();
    expect((await stream).body).toBe('first last');
    expect(report.forced).toBe(false);
    expect(report.tookMs).toBeLessThan(1500);
  });

  test('afterwards nobody listens', async () => {
    const service = await started();
    const { address } = service;
    await service.stop();
    await expect(fetch(`${address}/live`)).rejects.toThrow();
  });
});

test('a client that goes away is counted as aborted, and as in flight until its handler is through', async () => {
  const service = await started();
  const abort = new AbortController();
  const slow = fetch(`${service.address}/slow`, { signal: abort.signal }).catch(() => undefined);
  await service.begun.promise;
  abort.abort();
  await slow;
  await sleep(50);
  const early = await service.metrics.exposition();
  expect(early).toContain('http_requests_total{method="GET",route="/slow",status="aborted"} 1\n');
  expect(early).toContain('http_requests_in_flight 1\n');
  await sleep(250);
  expect(await service.metrics.exposition()).toContain('http_requests_in_flight 0\n');
});

test('a hanging dependency holds up neither /live nor /health beyond its time', async () => {
  const service = await started();
  service.health.add('hangs', () => new Promise(() => undefined), { critical: true, timeoutMs: 100 });
  const beganMs = performance.now();
  const [live, ready, health] = await Promise.all(
    ['/live', '/ready', '/health'].map(async (path) => (await fetch(`${service.address}${path}`)).status),
  );
  expect([live, ready, health]).toEqual([200, 503, 503]);
  expect(performance.now() - beganMs).toBeLessThan(2000);
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;

describe('/metrics', () => {
  test('is what promtool accepts without a remark', async (context) => {
    if (!promtool) context.skip('promtool is not on PATH: install Prometheus to run this test');
    const service = await started();
    await Promise.all(['/slow', '/none', '/health'].map((path) => fetch(`${service.address}${path}`)));
    await service.run('poll', () => undefined);
    service.metrics.recordTrade({
      symbol: 'BTC-USDT',
      side: 'buy',
      strategy: 'a"b\\c',
      status: 'filled',
      notional: 1,
    });
    service.metrics.recordError({ component: 'feed', kind: 'TIMEOUT', severity: 'high' });
    const text = await (await fetch(`${service.address}/metrics`)).text();
    const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
    // What Node tells of itself has names that prom-client gives it.
    const remarks = check.stderr.split('\n').filter((line) => !/^(nodejs_active_.*)?$/.test(line));
    expect([check.stdout, remarks]).toEqual(['', []]);
    expect(check.status).toBe(3); // for the remarks on those
  });
});
