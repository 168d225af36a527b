import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { type EventHandler, deadLetter } from '../../src/events/index.ts';
import {
  MetricsRegistry,
  Tracing,
  correlation,
  createLogger,
  traceIds,
  traceParentOf,
} from '../../src/telemetry/index.ts';
import { RecordingTracer } from '../telemetry/recording-tracer.ts';
import { HeldHandler, MemberWorld, type TestDelivery, delivery, event } from './member-world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;

const carrying = (name: string, overrides: Parameters<typeof event>[1]): TestDelivery =>
  delivery(name, { event: event(name, overrides) });

/** The samples of a registry whose names begin so, without those that are 0. */
async function samples(metrics: MetricsRegistry, name: string): Promise<readonly string[]> {
  const lines = (await metrics.exposition()).split('\n');
  return lines.filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
}

describe('metrics of a member', () => {
  test('count attempts by how they ended, and dead letters by why', async () => {
    const metrics = new MetricsRegistry();
    const handler: EventHandler = ({ id }) => {
      if (id === 'b1') throw new Error('no');
      if (id === 'c1') return deadLetter('no');
      return id === 'd1' ? new Promise(() => undefined) : undefined;
    };
    const world = new MemberWorld(handler, { maxAttempts: 2, handlerTimeoutMs: 200 }, { metrics });
    world.offer('a1', 'b1', 'c1', 'a2', 'd1');
    world.member.offer(delivery('e1', { attempts: 2 }));
    for (let at = 0; at < 12; at += 1) await world.after(50);
    expect(await samples(metrics, 'trading_bus_handled_total')).toEqual([
      'trading_bus_handled_total{bus="events",group="ledger",outcome="done"} 2',
      'trading_bus_handled_total{bus="events",group="ledger",outcome="failed"} 2',
      'trading_bus_handled_total{bus="events",group="ledger",outcome="timed-out"} 2',
      'trading_bus_handled_total{bus="events",group="ledger",outcome="dead"} 1',
    ]);
    expect(await samples(metrics, 'trading_bus_dead_letters_total')).toEqual([
      'trading_bus_dead_letters_total{bus="events",group="ledger",reason="ATTEMPTS_EXHAUSTED"} 2',
      'trading_bus_dead_letters_total{bus="events",group="ledger",reason="CRASHED"} 1',
      'trading_bus_dead_letters_total{bus="events",group="ledger",reason="REFUSED"} 1',
    ]);
  });

  test('a dead letter is counted once it is on record', async () => {
    const metrics = new MetricsRegistry();
    const world = new MemberWorld(() => deadLetter('no'), {}, { metrics });
    const written = Promise.withResolvers<undefined>();
    world.onDead = () => written.promise;
    world.offer('a1');
    await world.after(0);
    expect(await samples(metrics, 'trading_bus_dead_letters_total')).toEqual([]);
    written.resolve(undefined);
    await world.after(0);
    expect(await samples(metrics, 'trading_bus_dead_letters_total')).toHaveLength(1);
  });

  test('count all replays as one group, without dead letters: theirs go nowhere', async () => {
    const metrics = new MetricsRegistry();
    const world = new MemberWorld(
      () => deadLetter('no'),
      {},
      { metrics, group: 'replay-7f3a', isReplay: true },
    );
    world.offer('a1');
    await world.after(0);
    expect(await samples(metrics, 'trading_bus_')).toEqual(
      expect.arrayContaining(['trading_bus_handled_total{bus="events",group="replay",outcome="dead"} 1']),
    );
    expect(await metrics.exposition()).not.toContain('7f3a');
    expect(await samples(metrics, 'trading_bus_dead_letters_total')).toEqual([]);
  });

  test('time all attempts that go on after the call', async () => {
    const metrics = new MetricsRegistry();
    const held = new HeldHandler();
    const world = new MemberWorld(held.handler, {}, { metrics });
    for (const [at, name] of ['a1', 'b1', 'c1'].entries()) {
      world.offer(name);
      world.clock.advance(1000 * (at + 1));
      held.end(name);
      await world.after(0);
    }
    expect(await samples(metrics, 'trading_bus_handler_duration_seconds_count')).toEqual([
      'trading_bus_handler_duration_seconds_count{bus="events",group="ledger"} 3',
    ]);
    expect(await samples(metrics, 'trading_bus_handler_duration_seconds_sum')).toEqual([
      'trading_bus_handler_duration_seconds_sum{bus="events",group="ledger"} 6',
    ]);
  });

  test('time one in 64 of those that end within it, the first of them first', async () => {
    const metrics = new MetricsRegistry();
    const world: MemberWorld = new MemberWorld(
      () => {
        world.clock.advance(1000);
      },
      {},
      { metrics },
    );
    const count = async (): Promise<readonly string[]> =>
      (await samples(metrics, 'trading_bus_handler_duration_seconds_sum')).map(
        (line) => line.split(' ').at(-1) ?? '',
      );
    world.offer('a1');
    expect(await count()).toEqual(['1']);
    for (let at = 0; at < 63; at += 1) world.offer('a1');
    expect(await count()).toEqual(['1']);
    world.offer('a1');
    expect(await count()).toEqual(['2']);
    expect(await samples(metrics, 'trading_bus_handled_total')).toEqual([
      'trading_bus_handled_total{bus="events",group="ledger",outcome="done"} 65',
    ]);
  });

  test('time a promise among others from when it was returned, and the next attempt whatever it is', async () => {
    const metrics = new MetricsRegistry();
    const held = new HeldHandler();
    const world: MemberWorld = new MemberWorld(
      (each, context) => {
        world.clock.advance(1000);
        return each.id === 'b1' ? held.handler(each, context) : undefined;
      },
      {},
      { metrics },
    );
    const sums: unknown[] = [];
    for (const name of ['a1', 'a2', 'b1', 'a3', 'a4']) {
      world.offer(name);
      if (name === 'b1') world.clock.advance(2000);
      held.end(name);
      await world.after(0);
      const [line = ''] = await samples(metrics, 'trading_bus_handler_duration_seconds_sum');
      sums.push(line.split(' ').at(-1));
    }
    expect(sums).toEqual(['1', '1', '3', '4', '4']);
  });
});

describe('what a handler runs under', () => {
  const seen: unknown[] = [];
  const handler: EventHandler = () => {
    seen.push([correlation.id(), traceIds()]);
  };

  test('the correlation id and the trace of its event, and neither of its caller', () => {
    seen.length = 0;
    const world = new MemberWorld(handler);
    const plain = (): void => {
      world.member.offer(carrying('a1', { correlationid: 'order-7' }));
      world.member.offer(carrying('a2', { traceparent: TRACEPARENT }));
      world.member.offer(carrying('a3', { correlationid: 'order-7', traceparent: TRACEPARENT }));
      world.member.offer(delivery('a4'));
      world.member.offer(carrying('a5', { correlationid: 'not\nfit for a log' }));
    };
    const ids = { traceId: TRACE, spanId: CALLER, sampled: true };
    const expected = [
      ['order-7', undefined],
      [undefined, ids],
      ['order-7', ids],
      [undefined, undefined],
      [undefined, undefined],
    ];
    plain();
    expect(seen.splice(0)).toEqual(expected);
    correlation.run('of the caller', plain);
    expect(seen.splice(0)).toEqual(expected);
    const parent = traceParentOf({ traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` });
    new Tracing().span('of the caller', { parent }, plain);
    expect(seen.splice(0)).toEqual(expected);
  });

  test('the one of its own event, also when it had to wait for another one', async () => {
    seen.length = 0;
    const held = new HeldHandler();
    const world = new MemberWorld((each, context) =>
      each.id === 'a1' ? held.handler(each, context) : handler(each, context),
    );
    world.member.offer(carrying('a1', { correlationid: 'first' }));
    world.member.offer(delivery('a2'));
    world.member.offer(carrying('a3', { correlationid: 'third' }));
    held.end('a1');
    await world.after(0);
    expect(seen).toEqual([
      [undefined, undefined],
      ['third', undefined],
    ]);
  });
});

describe('spans of a member', () => {
  const traced = (handler: EventHandler): { world: MemberWorld; tracer: RecordingTracer } => {
    const tracer = new RecordingTracer();
    const tracing = new Tracing({ tracer });
    return {
      tracer,
      world: new MemberWorld(handler, { maxAttempts: 1, handlerTimeoutMs: 200 }, { tracing }),
    };
  };

  test('one for each attempt, of kind consumer, below the span of who published', () => {
    let inside: unknown;
    const { world, tracer } = traced(() => {
      inside = [correlation.id(), traceIds()];
    });
    world.member.offer(carrying('a1', { traceparent: TRACEPARENT, correlationid: 'order-7' }));
    expect(tracer.spans).toEqual([
      {
        name: 'process order',
        kind: SpanKind.CONSUMER,
        ids: { traceId: TRACE, spanId: '0000000000000001', traceFlags: 1 },
        parent: { traceId: TRACE, spanId: CALLER, traceFlags: 1, isRemote: true },
        attributes: {
          'messaging.system': 'portcullis',
          'messaging.operation.type': 'process',
          'messaging.operation.name': 'process',
          'messaging.destination.name': 'order',
          'messaging.consumer.group.name': 'ledger',
          'messaging.message.id': 'a1',
          'portcullis.bus.position': 'a1',
          'portcullis.bus.attempt': 1,
          'cloudevents.event_id': 'a1',
          'cloudevents.event_source': '/desk/paper',
          'cloudevents.event_spec_version': '1.0',
          'cloudevents.event_type': 'order.executed',
          'cloudevents.event_subject': 'a',
        },
        exceptions: [],
        status: undefined,
        ends: 1,
      },
    ]);
    expect(inside).toEqual(['order-7', { traceId: TRACE, spanId: '0000000000000001', sampled: true }]);
  });

  test('a root of its own where the event carries no trace, whatever the caller is in', () => {
    const { world, tracer } = traced(() => undefined);
    const parent = traceParentOf({ traceparent: TRACEPARENT });
    new Tracing().span('of the caller', { parent }, () => {
      world.member.offer(carrying('a1', { subject: undefined }));
    });
    expect(tracer.spans[0]).toMatchObject({ parent: undefined, ends: 1 });
    expect(tracer.spans[0]?.attributes).not.toHaveProperty('cloudevents.event_subject');
  });

  test.each([
    {
      how: 'throws',
      handler: () => {
        throw new Error('no');
      },
      message: 'no',
      type: 'Error',
    },
    { how: 'rejects', handler: () => Promise.reject(new Error('no')), message: 'no', type: 'Error' },
    { how: 'refuses', handler: () => deadLetter('unheard of'), message: 'unheard of', type: 'Error' },
    {
      how: 'hangs',
      handler: () => new Promise(() => undefined),
      message: 'the handler has not ended within 200 ms',
      type: 'TIMED_OUT',
    },
  ])('the attempt of a handler that $how has failed', async ({ handler, message, type }) => {
    const { world, tracer } = traced(handler);
    world.offer('a1');
    await world.after(0);
    await world.after(200);
    expect(tracer.spans[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message },
      attributes: { 'error.type': type },
      ends: 1,
    });
  });

  test('lasts until the promise has settled', async () => {
    const held = new HeldHandler();
    const { world, tracer } = traced(held.handler);
    world.offer('a1');
    expect(tracer.spans[0]?.ends).toBe(0);
    held.end('a1');
    await world.after(0);
    expect(tracer.spans[0]).toMatchObject({ ends: 1, status: undefined });
  });

  test('fails with the subscription that gave the attempt up', async () => {
    const { world, tracer } = traced(new HeldHandler().handler);
    world.offer('a1');
    await world.member.stop(0);
    expect(tracer.spans[0]).toMatchObject({ ends: 1, attributes: { 'error.type': 'ABORTED' } });
  });
});

describe('the log of a member', () => {
  const logged = (): {
    readonly logger: ReturnType<typeof createLogger>;
    readonly lines: () => unknown[];
  } => {
    const written: string[] = [];
    const clock = new MemberWorld(() => undefined).clock;
    const destination = { write: (line: string): void => void written.push(line) };
    const logger = createLogger({ name: 'test' }, { clock, destination });
    return {
      logger,
      lines: () => {
        logger.flush();
        return written
          .join('')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as unknown);
      },
    };
  };
  const about = {
    bus: 'events',
    group: 'ledger',
    topic: 'order',
    position: 'a1',
    type: 'order.executed',
    id: 'a1',
  };

  test('says of each attempt that failed, and of each event that is given up', async () => {
    const { logger, lines } = logged();
    const world = new MemberWorld(
      () => {
        throw new Error('no');
      },
      { maxAttempts: 2 },
      { logger },
    );
    world.offer('a1');
    await world.after(50);
    expect(lines()).toMatchObject([
      {
        ...about,
        level: 'warn',
        attempts: 1,
        delayMs: 50,
        msg: 'an event could not be handled and is tried again',
      },
      { ...about, level: 'error', attempts: 2, reason: 'ATTEMPTS_EXHAUSTED', detail: 'no' },
    ]);
  });

  test('says of a letter that could not be written', async () => {
    const { logger, lines } = logged();
    const world = new MemberWorld(() => deadLetter('no'), {}, { logger });
    world.onDead = () => Promise.reject(new Error('disk'));
    world.offer('a1');
    await world.after(0);
    expect(lines()[1]).toMatchObject({
      ...about,
      level: 'error',
      msg: 'a dead letter could not be written; its key stands still',
    });
  });

  test('says nothing of what goes well', () => {
    const { logger, lines } = logged();
    new MemberWorld(() => undefined, {}, { logger }).offer('a1');
    expect(lines()).toEqual([]);
  });
});
