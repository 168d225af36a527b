import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, test } from 'vitest';
import type { OrderDeskDeps } from '../../../src/desk/index.ts';
import { Tracing } from '../../../src/telemetry/index.ts';
import { DeskWorld, ONE_ID, type WorldOptions, intent } from '../../support/desk-world.ts';
import { reject } from '../../support/scripted-driver.ts';

afterEach(() => {
  context.disable();
});

/** A desk whose spans an SDK records in memory. */
async function traced(options: WorldOptions = {}, sampler?: AlwaysOffSampler) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(sampler && { sampler }),
  });
  const tracer = provider.getTracer('test');
  const deps: Pick<OrderDeskDeps, 'tracing'> = { tracing: new Tracing({ tracer }) };
  const world = await DeskWorld.open({ ...options, deps: { ...options.deps, ...deps } });
  const spans = async (): Promise<readonly ReadableSpan[]> => {
    await provider.forceFlush();
    return exporter.getFinishedSpans();
  };
  return { world, spans, tracer };
}

const about = {
  'order.account': 'acc',
  'order.strategy': 'strat',
  'order.instrument': 'GOLD',
  'order.side': 'buy',
  'order.type': 'limit',
};

describe('the spans of a submit', () => {
  test('are one for the order, and in it one for the decision', async () => {
    const { world, spans } = await traced();
    await world.drained(world.desk.submit(intent()));
    const [decide, submit] = await spans();
    expect([decide?.name, submit?.name]).toEqual(['order.decide', 'order.submit']);
    expect(decide?.parentSpanContext?.spanId).toBe(submit?.spanContext().spanId);
    expect(decide?.attributes).toEqual({ ...about, 'order.decision': 'held' });
    expect(submit?.attributes).toEqual({
      ...about,
      'order.outcome': 'accepted',
      'order.client_id': ONE_ID,
    });
  });

  test('say which gates denied, with which codes', async () => {
    const { world, spans } = await traced({ risk: { maxPositionNotional: '100', maxPositions: 0 } });
    await world.desk.submit(intent());
    const why = {
      'order.denials': ['POSITION_COUNT_LIMIT', 'POSITION_SIZE_LIMIT'],
      'order.gates': ['position-count', 'position-size'],
    };
    expect((await spans()).map(({ attributes }) => attributes)).toEqual([
      { ...about, 'order.decision': 'denied', ...why },
      { ...about, 'order.outcome': 'denied', ...why },
    ]);
  });

  test('say why less was sent', async () => {
    const { world, spans } = await traced({ risk: { maxTotalExposure: '400' } });
    await world.drained(world.desk.submit(intent()));
    expect((await spans())[0]?.attributes).toMatchObject({
      'order.decision': 'held',
      'order.gates': ['total-exposure'],
    });
  });

  test('of a duplicate and of a rejection end as such', async () => {
    const { world, spans } = await traced();
    world.driver.onPlace = reject('NO');
    await world.drained(world.desk.submit(intent()));
    await world.desk.submit(intent());
    const outcomes = (await spans()).map(({ attributes }) => attributes['order.outcome']);
    expect(outcomes).toEqual([undefined, 'rejected', undefined, 'duplicate']);
  });

  test('belong to the span at hand', async () => {
    const { world, spans, tracer } = await traced();
    await tracer.startActiveSpan('request', async (span) => {
      await world.drained(world.desk.submit(intent()));
      span.end();
    });
    const [, submit, request] = await spans();
    expect(submit?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  test('survive an intent that is none', async () => {
    const { world, spans } = await traced();
    const odd = { ...intent(), accountId: 7, price: undefined } as never;
    expect(await world.desk.submit(odd)).toMatchObject({ kind: 'denied' });
    expect((await spans()).map(({ attributes }) => attributes['order.account'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('are none where nobody records them, and the outcome is the same', async () => {
    const { world, spans } = await traced({}, new AlwaysOffSampler());
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
    expect(await spans()).toEqual([]);
  });
});
