import { AsyncLocalStorage } from 'node:async_hooks';
import { readFile } from 'node:fs/promises';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type TraceOptions,
  Tracing,
  correlation,
  traceHeaders,
  traceIds,
  traceParentOf,
} from '../../../src/telemetry/index.ts';
import { RecordingTracer } from '../../telemetry/recording-tracer.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const HEADERS = { traceparent: `00-${TRACE}-b7ad6b7169203331-01`, tracestate: 'foo=1,bar=2' };

afterEach(() => {
  vi.restoreAllMocks();
  trace.disable();
  context.disable();
});

function recording() {
  const tracer = new RecordingTracer();
  const tracing = new Tracing({ tracer });
  const only = () => {
    expect(tracer.spans).toHaveLength(1);
    return tracer.spans[0];
  };
  return { tracing, tracer, only };
}

/** A provider whose tracers are those of `tracer`, with what it was asked for. */
function register(tracer: Tracer) {
  const asked: string[] = [];
  trace.setGlobalTracerProvider({
    getTracer: (name, version) => {
      asked.push(`${name} ${version ?? ''}`);
      return tracer;
    },
  });
  return asked;
}

describe('Tracing.span', () => {
  test('gives back a value at once, and has ended the span by then', () => {
    const { tracing, only } = recording();
    expect(tracing.span('work', {}, () => 7)).toBe(7);
    expect(only()).toMatchObject({ name: 'work', ends: 1, status: undefined, exceptions: [] });
  });

  test('gives back a promise, and ends the span when it has settled', async () => {
    const { tracing, only } = recording();
    const { promise, resolve } = Promise.withResolvers<number>();
    const result = tracing.span('work', {}, () => promise);
    expect(only()?.ends).toBe(0);
    resolve(7);
    expect(await result).toBe(7);
    expect(only()).toMatchObject({ ends: 1, status: undefined });
  });

  test.each([
    ['rejected', (error: unknown): Promise<void> => Promise.reject(error as Error)],
    [
      'thrown',
      (error: unknown): void => {
        throw error;
      },
    ],
  ])('records what is %s, throws it on as it is, and ends the span', async (_, fail) => {
    const { tracing, only } = recording();
    const error = new TypeError('no answer');
    await expect((async () => tracing.span('work', {}, () => fail(error)))()).rejects.toBe(error);
    expect(only()).toMatchObject({
      ends: 1,
      status: { code: SpanStatusCode.ERROR, message: 'no answer' },
      attributes: { 'error.type': 'TypeError' },
      exceptions: [{ name: 'TypeError', message: 'no answer', stack: error.stack }],
    });
  });

  test('a synchronous error comes synchronously', () => {
    const { tracing } = recording();
    expect(() =>
      tracing.span('work', {}, () => {
        throw new Error('now');
      }),
    ).toThrow('now');
  });

  test.each([
    ['a code', Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'ECONNRESET', 'x'],
    ['a code that is no text', Object.assign(new Error('x'), { code: 7 }), 'Error', 'x'],
    ['no stack', Object.assign(new Error('x'), { stack: undefined }), 'Error', 'x'],
    ['the form of a text', 'just text', 'string', 'just text'],
    ['no form', undefined, 'undefined', 'undefined'],
  ])('an error with %s', (_, error, type, message) => {
    const { tracing, only } = recording();
    const span = tracing.start('work');
    span.fail(error);
    expect(only()).toMatchObject({
      ends: 1,
      attributes: { 'error.type': type },
      status: { code: SpanStatusCode.ERROR, message },
    });
  });

  test('leaves secrets out of errors', () => {
    const { tracing, only } = recording();
    tracing.start('work').fail(new Error('GET https://me:hunter2@venue.example said no to Bearer hunter2'));
    expect(JSON.stringify(only())).not.toContain('hunter2');
    expect(only()?.status?.message).toBe('GET https://[redacted]@venue.example said no to Bearer [redacted]');
  });

  test('hands the span to the function', () => {
    const { tracing, only } = recording();
    tracing.span('work', { attributes: { venue: 'paper' } }, (span) => span.setAttribute('orders', 3));
    expect(only()?.attributes).toEqual({ venue: 'paper', orders: 3 });
  });

  test.each([
    [undefined, SpanKind.INTERNAL],
    ['internal', SpanKind.INTERNAL],
    ['server', SpanKind.SERVER],
    ['client', SpanKind.CLIENT],
    ['producer', SpanKind.PRODUCER],
    ['consumer', SpanKind.CONSUMER],
  ] as const)('of kind %s', (kind, expected) => {
    const { tracing, only } = recording();
    tracing.span('work', kind === undefined ? {} : { kind }, () => undefined);
    expect(only()?.kind).toBe(expected);
  });

  test('a span inside of another is its child, after an await as well; one behind it is not', async () => {
    const { tracing, tracer } = recording();
    await tracing.span('outer', {}, async () => {
      await Promise.resolve();
      tracing.span('inner', {}, () => undefined);
    });
    tracing.span('later', {}, () => undefined);
    const [outer, inner, later] = tracer.spans;
    expect(inner?.parent).toEqual(outer?.ids);
    expect([outer?.parent, later?.parent]).toEqual([undefined, undefined]);
  });

  test('spans side by side do not see each other', async () => {
    const { tracing } = recording();
    const seen = await Promise.all(
      ['a', 'b'].map((name) =>
        tracing.span(name, {}, async (span) => {
          await Promise.resolve();
          return traceIds()?.spanId === span.spanContext().spanId;
        }),
      ),
    );
    expect(seen).toEqual([true, true]);
  });

  test('follows a remote parent', () => {
    const { tracing, only } = recording();
    const parent = traceParentOf(HEADERS);
    tracing.span('request', { parent }, () => undefined);
    expect(only()?.parent).toEqual(parent);
    expect(only()?.parent?.isRemote).toBe(true);
  });

  test('a remote parent of another trace wins over the span at hand; of the same trace it does not', () => {
    const { tracing, tracer } = recording();
    const parent = traceParentOf(HEADERS);
    tracing.span('own', {}, () =>
      tracing.span('request', { parent }, () => tracing.span('again', { parent }, () => 0)),
    );
    const [, request, again] = tracer.spans;
    expect(request?.parent).toEqual(parent);
    expect(again?.parent).toEqual(request?.ids);
  });

  test('a parent that is none leaves the span at hand', () => {
    const { tracing, tracer } = recording();
    const none = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    tracing.span('outer', {}, () => tracing.span('inner', { parent: none }, () => 0));
    expect(tracer.spans[1]?.parent).toEqual(tracer.spans[0]?.ids);
  });

  test('enters a correlation id in the same step, and keeps the one at hand otherwise', () => {
    const { tracing } = recording();
    const seen = tracing.span('outer', { correlationId: 'c-1' }, () => [
      correlation.id(),
      tracing.span('inner', {}, () => correlation.id()),
      correlation.run('c-2', () => [correlation.id(), traceIds()?.spanId]),
      correlation.id(),
    ]);
    expect(seen).toEqual(['c-1', 'c-1', ['c-2', '0000000000000001'], 'c-1']);
    expect(correlation.id()).toBeUndefined();
  });

  test('a tracer that breaks costs its span and nothing else', async () => {
    const broken = { startSpan: () => expect.unreachable(), startActiveSpan: () => expect.unreachable() };
    expect(new Tracing({ tracer: broken }).span('work', {}, () => 7)).toBe(7);

    const { tracing, tracer } = recording();
    const start = tracer.startSpan.bind(tracer);
    const no = (): never => {
      throw new Error('no');
    };
    tracer.startSpan = (...about) => Object.assign(start(...about), { end: no, recordException: no });
    expect(tracing.span('work', {}, () => 7)).toBe(7);
    await expect(tracing.span('work', {}, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  test('waits for anything that can be waited for', async () => {
    const { tracing, only } = recording();
    const thenable = { then: (done: (value: number) => void) => Promise.resolve(7).then(done) };
    expect(await tracing.span('work', {}, () => thenable as PromiseLike<number>)).toBe(7);
    expect(only()?.ends).toBe(1);
  });
});

describe('Tracing.start', () => {
  test('is open until it is ended, and is entered as often as it is run', async () => {
    const { tracing, tracer } = recording();
    const started = tracing.start('request', { kind: 'server', correlationId: 'c-1' });
    expect(traceIds()).toBeUndefined();
    for (const _ of [1, 2])
      started.run(() => tracing.span('step', {}, () => expect(correlation.id()).toBe('c-1')));
    expect(tracer.spans.map(({ name, ends }) => [name, ends])).toEqual([
      ['request', 0],
      ['step', 1],
      ['step', 1],
    ]);
    expect(tracer.spans.slice(1).map(({ parent }) => parent)).toEqual(Array(2).fill(tracer.spans[0]?.ids));
    started.end();
    expect(tracer.spans[0]?.ends).toBe(1);
  });

  test('ends once, whatever comes after', () => {
    const { tracing, only } = recording();
    const started = tracing.start('request');
    started.end();
    started.end();
    started.fail(new Error('late'));
    expect(only()).toMatchObject({ ends: 1, status: undefined, exceptions: [] });
  });
});

describe('without an SDK', () => {
  const tracing = new Tracing();

  test('calls the function, and enters no context of its own', () => {
    const run = vi.spyOn(AsyncLocalStorage.prototype, 'run');
    expect(tracing.span('work', { attributes: { a: 1 } }, () => 7)).toBe(7);
    expect(tracing.start('work').run(() => 7)).toBe(7);
    expect(run).not.toHaveBeenCalled();
    const parent = traceParentOf(HEADERS);
    tracing.span('request', { parent, correlationId: 'c-1' }, () => {
      expect(run).toHaveBeenCalledTimes(1);
      tracing.span('inner', { parent, correlationId: 'c-1' }, () => correlation.run('c-1', () => 0));
      expect(run).toHaveBeenCalledTimes(1);
    });
  });

  test('there are no ids and no headers', () => {
    tracing.span('work', {}, (span) => {
      expect(traceIds()).toBeUndefined();
      expect(traceHeaders()).toEqual({});
      expect(span.isRecording()).toBe(false);
    });
  });

  test('headers that came in go out as they were, state included', async () => {
    await tracing.span('request', { parent: traceParentOf(HEADERS), kind: 'server' }, async (span) => {
      await Promise.resolve();
      tracing.span('inner', {}, (inner) => {
        expect(traceHeaders()).toEqual(HEADERS);
        expect(traceIds()).toEqual({ traceId: TRACE, spanId: 'b7ad6b7169203331', sampled: true });
        expect(inner.spanContext()).toBe(span.spanContext());
      });
    });
    expect(traceHeaders()).toEqual({});
  });

  test('a trace that is not sampled stays so', () => {
    const parent = traceParentOf({ traceparent: `00-${TRACE}-b7ad6b7169203331-00` });
    tracing.span('request', { parent }, () => {
      expect(traceIds()?.sampled).toBe(false);
      expect(traceHeaders()).toEqual({ traceparent: `00-${TRACE}-b7ad6b7169203331-00` });
    });
  });

  test('does not touch a span that another tracer has open', () => {
    const { tracing: other, only } = recording();
    other.span('theirs', {}, () => {
      tracing.span('ours', {}, () => undefined);
      expect(() => tracing.start('ours').fail(new Error('x'))).not.toThrow();
      expect(only()?.ends).toBe(0);
    });
    expect(only()).toMatchObject({ ends: 1, status: undefined });
  });
});

describe('with an SDK', () => {
  test('is asked for a tracer at the first span, by name and version, and once', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const tracing = new Tracing();
    const asked = register(new RecordingTracer());
    expect(asked).toEqual([]);
    tracing.span('a', {}, () => tracing.span('b', {}, () => 0));
    expect(asked).toEqual([`portcullis ${version}`]);
  });

  test('counts as well when it is registered after spans have run', () => {
    const tracing = new Tracing();
    tracing.span('before', {}, () => 0);
    const tracer = new RecordingTracer();
    register(tracer);
    tracing.span('after', {}, () => 0);
    expect(tracer.spans.map(({ name }) => name)).toEqual(['after']);
  });

  test('counts as well when another was taken away before', () => {
    const tracing = new Tracing();
    tracing.span('before', {}, () => 0);
    trace.disable();
    const tracer = new RecordingTracer();
    register(tracer);
    tracing.span('after', {}, () => 0);
    expect(tracer.spans.map(({ name }) => name)).toEqual(['after']);
  });

  test('a tracer that was handed in is the one', () => {
    const { tracing, only } = recording();
    register(new RecordingTracer());
    tracing.span('work', {}, () => 0);
    expect(only()?.name).toBe('work');
  });

  test('that leaves a span out: its id goes on, not sampled, and nothing is waited for', () => {
    const ids = { traceId: TRACE, spanId: '00000000000000ab', traceFlags: 0 };
    const tracer = {
      startSpan: () => trace.wrapSpanContext(ids),
      startActiveSpan: () => expect.unreachable(),
    };
    const promise = Promise.resolve(1);
    const result = new Tracing({ tracer }).span('work', {}, () => {
      expect(traceIds()).toEqual({ traceId: TRACE, spanId: ids.spanId, sampled: false });
      return promise;
    });
    expect(result).toBe(promise);
  });

  describe('and its context manager', () => {
    const managed = () => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      return recording();
    };

    test('others find our span', async () => {
      const { tracing, only } = managed();
      await tracing.span('ours', {}, async () => {
        await Promise.resolve();
        expect(trace.getActiveSpan()?.spanContext()).toEqual(only()?.ids);
      });
      expect(trace.getActiveSpan()).toBeUndefined();
    });

    test('we find theirs, under a correlation id as well', () => {
      const { tracing, tracer } = managed();
      const theirs = tracer.startSpan('theirs', {}, ROOT_CONTEXT);
      tracing.span('request', { correlationId: 'c-1' }, () =>
        context.with(trace.setSpan(context.active(), theirs), () =>
          correlation.run('c-2', () => {
            expect(traceIds()?.spanId).toBe(theirs.spanContext().spanId);
            tracing.span('ours', {}, () => expect(correlation.id()).toBe('c-2'));
          }),
        ),
      );
      expect(tracer.spans.at(-1)?.parent).toEqual(theirs.spanContext());
    });

    test('who leaves all spans behind is believed', () => {
      const { tracing, tracer } = managed();
      tracing.span('request', { correlationId: 'c-1' }, () =>
        context.with(ROOT_CONTEXT, () => tracing.span('detached', {}, () => 0)),
      );
      expect(tracer.spans.at(-1)?.parent).toBeUndefined();
    });

    test('registered while a span of ours is open, it does not lose that span', () => {
      const { tracing, tracer } = recording();
      tracing.span('early', {}, () => {
        managed();
        expect(traceIds()?.spanId).toBe(tracer.spans[0]?.ids.spanId);
        const theirs = tracer.startSpan('theirs', {}, ROOT_CONTEXT);
        context.with(trace.setSpan(ROOT_CONTEXT, theirs), () =>
          expect(traceIds()?.spanId).toBe(theirs.spanContext().spanId),
        );
      });
    });

    test('a remote parent reaches others without any SDK span', () => {
      managed();
      const options: TraceOptions = { parent: traceParentOf(HEADERS) };
      new Tracing().span('request', options, () =>
        expect(trace.getActiveSpan()?.spanContext().traceId).toBe(TRACE),
      );
    });
  });
});
