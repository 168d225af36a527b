import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpProblem } from '../../../src/service/index.ts';
import { traceIds } from '../../../src/telemetry/index.ts';
import { serving } from './support.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const traceparent = `00-${TRACE}-${CALLER}-01`;

function traced(routes: Parameters<typeof serving>[0]) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  onTestFinished(() => provider.shutdown());
  const world = serving(routes, { tracer: provider.getTracer('test') });
  return { ...world, spans: () => exporter.getFinishedSpans() };
}

const shown = ({ name, kind, status, attributes }: ReadableSpan) => ({ name, kind, status, attributes });

describe('the span of a request', () => {
  test('has the template of the route as its name, and what was asked and answered', async () => {
    const { ask, spans } = traced((own) => own.get('/orders/:id', () => 'x'));
    await ask('/orders/7?token=secret');
    expect(spans().map(shown)).toEqual([
      {
        name: 'GET /orders/:id',
        kind: SpanKind.SERVER,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/orders/:id',
          'url.path': '/orders/7',
          'http.response.status_code': 200,
        },
      },
    ]);
  });

  test('belongs to the trace of the caller, and its ids stand in each log line', async () => {
    const { ask, spans, lines } = traced((own, { log }) =>
      own.post('/orders', async () => {
        log.info('at work');
        return traceIds();
      }),
    );
    const answer = await ask({ method: 'POST', url: '/orders', headers: { traceparent }, payload: { a: 1 } });
    const [span] = spans();
    const ids = { traceId: TRACE, spanId: span?.spanContext().spanId };
    expect(span?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: CALLER, isRemote: true });
    expect(answer.json()).toEqual({ ...ids, sampled: true });
    expect(lines).toEqual([
      expect.objectContaining({ msg: 'at work', ...ids }),
      expect.objectContaining({ msg: 'request', ...ids }),
    ]);
  });

  test('begins a trace of its own where the caller has none, or one that is damaged', async () => {
    const { ask, spans } = traced(undefined);
    await ask('/live');
    await ask({ url: '/live', headers: { traceparent: `00-${TRACE}-xyz-01` } });
    const [first, second] = spans();
    expect([first?.parentSpanContext, second?.parentSpanContext]).toEqual([undefined, undefined]);
    expect(first?.spanContext().traceId).not.toBe(second?.spanContext().traceId);
    expect(second?.spanContext().traceId).not.toBe(TRACE);
  });

  test.each([
    ['thrown', () => new Error('password is hunter2'), '500'],
    ['a problem', () => new HttpProblem(503, 'no quotes yet'), '503'],
  ])('is failed when the answer is 5xx: %s', async (_, error, code) => {
    const { ask, spans } = traced((own) =>
      own.get('/boom', () => {
        throw error();
      }),
    );
    await ask('/boom');
    expect(spans().map(shown)).toEqual([
      {
        name: 'GET /boom',
        kind: SpanKind.SERVER,
        status: { code: SpanStatusCode.ERROR, message: `answered ${code}` },
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/boom',
          'url.path': '/boom',
          'http.response.status_code': Number(code),
          'error.type': code,
        },
      },
    ]);
  });

  test('is not failed when the client is at fault, and of an unknown path it has the method only', async () => {
    const { ask, spans } = traced(undefined);
    await ask('/none/17');
    expect(spans().map(shown)).toEqual([
      {
        name: 'GET',
        kind: SpanKind.SERVER,
        status: { code: SpanStatusCode.UNSET },
        attributes: {
          'http.request.method': 'GET',
          'url.path': '/none/17',
          'http.response.status_code': 404,
        },
      },
    ]);
  });

  test('of a method out of the ordinary is called HTTP', async () => {
    const { ask, spans } = traced(undefined);
    await ask({ method: 'TRACE' as 'GET', url: '/x' });
    expect(spans().map(({ name, attributes }) => [name, attributes['http.request.method']])).toEqual([
      ['HTTP', '_OTHER'],
    ]);
  });
});
