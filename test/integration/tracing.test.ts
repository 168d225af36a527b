import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
  type TracerProviderOptions,
} from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  Tracing,
  correlation,
  createLogger,
  traceHeaders,
  traceIds,
  traceParentOf,
} from '../../src/telemetry/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const HEADERS = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'foo=1,bar=2' };

let provider: TracerProvider | undefined;
const open: Server[] = [];

/** Registers an SDK as a user would, for the test alone. */
function register(options: TracerProviderOptions): void {
  provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'quotes' }),
    ...options,
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

async function listen(server: Server): Promise<string> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  trace.disable();
  context.disable();
  await provider?.shutdown();
  provider = undefined;
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A service of one route that calls another, each request in a span that begins in one callback and ends in another. */
async function service(
  name: string,
  tracing: Tracing,
  next?: string,
): Promise<{ url: string; lines: string[] }> {
  const lines: string[] = [];
  const log = createLogger(
    { name },
    { clock: new ManualClock(), destination: { write: (line) => lines.push(line) } },
  );
  const server = createServer((request, response) => {
    const started = tracing.start(`GET /${name}`, {
      kind: 'server',
      parent: traceParentOf(request.headers),
      correlationId: String(request.headers['x-correlation-id'] ?? correlation.create()),
    });
    response.once('close', () => started.end());
    started.run(() => {
      const answered = async (): Promise<void> => {
        const answer = await tracing.span(`work ${name}`, { attributes: { service: name } }, async () => {
          log.info('working');
          if (next === undefined) return { headers: request.headers, ids: traceIds() };
          const headers = { ...traceHeaders(), 'x-correlation-id': correlation.id() ?? '' };
          return (await fetch(next, { headers })).json();
        });
        response.end(JSON.stringify(answer));
      };
      request.resume().once('end', () => void answered());
    });
  });
  return { url: await listen(server), lines };
}

const parentsOf = (spans: readonly ReadableSpan[]): Record<string, string | undefined> => {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return Object.fromEntries(
    spans.map(({ name, parentSpanContext: parent }) => [
      name,
      parent === undefined ? undefined : (names.get(parent.spanId) ?? parent.spanId),
    ]),
  );
};

describe('with an SDK that keeps spans in memory', () => {
  let exporter: InMemorySpanExporter;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
  });

  const inMemory = (options: TracerProviderOptions = {}): void =>
    register({ spanProcessors: [new SimpleSpanProcessor({ exporter })], ...options });

  test('parents and children, attributes, kind, error and status', async () => {
    inMemory();
    const tracing = new Tracing();
    const failing = tracing.span(
      'outer',
      { attributes: { venue: 'paper', orders: 2 }, kind: 'client' },
      async () => {
        await Promise.resolve();
        return tracing.span('inner', {}, () => {
          throw Object.assign(new TypeError('https://me:hunter2@host said no'), { code: 'E_NO' });
        });
      },
    );
    await expect(failing).rejects.toThrow('said no');
    const spans = exporter.getFinishedSpans();
    expect(parentsOf(spans)).toEqual({ inner: 'outer', outer: undefined });
    const [inner, outer] = spans;
    expect(outer).toMatchObject({
      kind: 2,
      attributes: { venue: 'paper', orders: 2, 'error.type': 'E_NO' },
      status: { code: SpanStatusCode.ERROR },
      instrumentationScope: { name: 'portcullis' },
      ended: true,
    });
    expect(inner?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'https://[redacted]@host said no',
    });
    expect(inner?.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'TypeError' } },
    ]);
    expect(JSON.stringify(inner?.events)).not.toContain('hunter2');
  });

  test('what other instrumentation opens stands between ours', () => {
    inMemory();
    const tracing = new Tracing();
    const other = trace.getTracer('other');
    tracing.span('ours', {}, () =>
      other.startActiveSpan('theirs', (span) => {
        tracing.span('ours again', {}, () => 0);
        span.end();
      }),
    );
    expect(parentsOf(exporter.getFinishedSpans())).toEqual({
      'ours again': 'theirs',
      theirs: 'ours',
      ours: undefined,
    });
  });

  test('a trace goes through two services on sockets, state and correlation id with it', async () => {
    inMemory();
    const tracing = new Tracing();
    const back = await service('back', tracing);
    const front = await service('front', tracing, back.url);
    const answer = await fetch(front.url, { headers: { ...HEADERS, 'x-correlation-id': 'req-1' } });
    const { headers } = (await answer.json()) as { headers: Record<string, string> };
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(4);
    const spans = exporter.getFinishedSpans();
    expect(parentsOf(spans)).toEqual({
      'GET /front': CALLER,
      'work front': 'GET /front',
      'GET /back': 'work front',
      'work back': 'GET /back',
    });
    const ids = (name: string) => spans.find((span) => span.name === name)?.spanContext();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE]));
    expect(headers['traceparent']).toBe(`00-${TRACE}-${ids('work front')?.spanId ?? ''}-01`);
    expect(headers['tracestate']).toBe(HEADERS.tracestate);
    expect(JSON.parse(back.lines[0] ?? '')).toMatchObject({
      correlationId: 'req-1',
      traceId: TRACE,
      spanId: ids('work back')?.spanId,
    });
  });

  test('requests side by side do not mix', async () => {
    inMemory();
    const tracing = new Tracing();
    const back = await service('back', tracing);
    const front = await service('front', tracing, back.url);
    const traces = Array.from({ length: 50 }, (_, i) => (i + 1).toString(16).padStart(32, '0'));
    await Promise.all(
      traces.map(async (traceId) => {
        const headers = { traceparent: `00-${traceId}-${CALLER}-01`, 'x-correlation-id': `c-${traceId}` };
        const answer = (await (await fetch(front.url, { headers })).json()) as { ids: { traceId: string } };
        expect(answer.ids.traceId).toBe(traceId);
      }),
    );
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(traces.length * 4);
    for (const traceId of traces) {
      const own = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
      expect(parentsOf(own)).toEqual({
        'GET /front': CALLER,
        'work front': 'GET /front',
        'GET /back': 'work front',
        'work back': 'GET /back',
      });
    }
    for (const line of [...front.lines, ...back.lines]) {
      const { correlationId, traceId } = JSON.parse(line) as Record<string, string>;
      expect(correlationId).toBe(`c-${traceId ?? ''}`);
    }
  });

  test('a trace that its sampler leaves out goes on as not sampled, with an id per hop', async () => {
    inMemory({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
    const tracing = new Tracing();
    const back = await service('back', tracing);
    const front = await service('front', tracing, back.url);
    const answer = await fetch(front.url, { headers: { traceparent: `00-${TRACE}-${CALLER}-00` } });
    const { headers } = (await answer.json()) as { headers: Record<string, string> };
    expect(headers['traceparent']).toMatch(new RegExp(`^00-${TRACE}-(?!${CALLER})[0-9a-f]{16}-00$`));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test('registered after the first span, it records from then on', () => {
    const tracing = new Tracing();
    tracing.span('before', {}, () => 0);
    inMemory();
    tracing.span('after', {}, () => 0);
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['after']);
  });
});

test('without an SDK headers pass through two services as they came', async () => {
  const tracing = new Tracing();
  const back = await service('back', tracing);
  const front = await service('front', tracing, back.url);
  const { headers } = (await (await fetch(front.url, { headers: HEADERS })).json()) as {
    headers: Record<string, string>;
  };
  expect(headers).toMatchObject(HEADERS);
  expect(JSON.parse(back.lines[0] ?? '')).toMatchObject({ traceId: TRACE, spanId: CALLER });
});

describe('with an exporter of OTLP over HTTP', () => {
  interface OtlpSpan {
    readonly traceId: string;
    readonly spanId: string;
    readonly parentSpanId?: string;
    readonly name: string;
    readonly kind: number;
    readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
    readonly events: readonly { readonly name: string }[];
    readonly status: { readonly code: number; readonly message?: string };
    readonly traceState?: string;
  }
  interface OtlpScope {
    readonly scope: { readonly name: string; readonly version: string };
    readonly spans: readonly OtlpSpan[];
  }
  interface OtlpPayload {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: OtlpSpan['attributes'] };
      readonly scopeSpans: readonly OtlpScope[];
    }[];
  }

  test('what a collector receives: resource, scope, parents, remote parent, attributes, status, error', async () => {
    const received: { url: string | undefined; type: string | undefined; payload: OtlpPayload }[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const payload = JSON.parse(Buffer.concat(chunks).toString()) as OtlpPayload;
        received.push({ url: request.url, type: request.headers['content-type'], payload });
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    const exporter = new OTLPTraceExporter({ url: `${await listen(collector)}/v1/traces` });
    register({ spanProcessors: [new BatchSpanProcessor({ exporter })] });

    const tracing = new Tracing();
    tracing.span('request', { kind: 'server', parent: traceParentOf(HEADERS) }, () => {
      tracing.span('submit', { attributes: { venue: 'paper', lots: 3, live: false } }, () => 0);
      expect(() =>
        tracing.span('gate', {}, () => {
          throw new RangeError('too much');
        }),
      ).toThrow('too much');
    });
    // What a service does when it stops.
    await provider?.shutdown();

    expect(received.map(({ url, type }) => [url, type])).toEqual([['/v1/traces', 'application/json']]);
    const [resource] = received[0]?.payload.resourceSpans ?? [];
    expect(resource?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'quotes' },
    });
    const [scope] = resource?.scopeSpans ?? [];
    expect(scope?.scope.name).toBe('portcullis');
    const byName = Object.fromEntries(scope?.spans.map((span) => [span.name, span]) ?? []);
    expect(Object.keys(byName).sort()).toEqual(['gate', 'request', 'submit']);
    const { request, submit, gate } = byName;
    expect(request).toMatchObject({
      traceId: TRACE,
      parentSpanId: CALLER,
      kind: 2,
      status: { code: 0 },
      traceState: HEADERS.tracestate,
    });
    expect(submit).toMatchObject({
      traceId: TRACE,
      parentSpanId: request?.spanId,
      kind: 1,
      status: { code: 0 },
      attributes: [
        { key: 'venue', value: { stringValue: 'paper' } },
        { key: 'lots', value: { intValue: 3 } },
        { key: 'live', value: { boolValue: false } },
      ],
    });
    expect(gate).toMatchObject({
      traceId: TRACE,
      parentSpanId: request?.spanId,
      status: { code: 2, message: 'too much' },
      attributes: [{ key: 'error.type', value: { stringValue: 'RangeError' } }],
      events: [{ name: 'exception' }],
    });
  });

  test('a collector that is down disturbs nothing', async () => {
    const gone = createServer();
    const url = await listen(gone);
    gone.close();
    register({
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new OTLPTraceExporter({ url, timeoutMillis: 300 }),
          exportTimeoutMillis: 300,
        }),
      ],
    });
    expect(new Tracing().span('work', {}, () => 7)).toBe(7);
    const stopping = provider?.shutdown();
    provider = undefined;
    await expect(stopping).rejects.toThrow('ECONNREFUSED');
    expect(new Tracing().span('work', {}, () => 8)).toBe(8);
  });
});
