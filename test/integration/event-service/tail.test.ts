import { type Socket, connect } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { PortcullisError, SystemClock, person } from '../../../src/core/index.ts';
import { type EventRoutesOptions, EventService, eventApi } from '../../../src/event-service/index.ts';
import { EmbeddedEventBus, EventCatalogue, eventType } from '../../../src/events/index.ts';
import { createClient } from '../../../src/service/index.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';
import { type SentEvent, sentEvents } from '../../event-service/support/sse.ts';

const PATIENCE = { timeout: 30_000, interval: 20 };
const counted = (type: string) =>
  eventType({
    type,
    schema: z.strictObject({ n: z.int(), filler: z.string().optional() }),
    key: ({ n }) => String(n % 7),
  });
const TICKED = counted('clock.ticked');
const STRUCK = counted('bell.struck');
const catalogue = new EventCatalogue([TICKED, STRUCK]);

async function listening(events: EventRoutesOptions = {}) {
  const service = new EventService(
    { name: 'events', logLevel: 'error', events: { protect: 'changes', ...events } },
    {
      ...{ env: {}, authenticator: { authenticate: () => person('anna') } },
      logger: silentLogger,
      openBus: ({ clock, metrics }) =>
        EmbeddedEventBus.open(
          { keepEvents: 10_000, overflow: { maxUnhandled: 50 } },
          { clock, metrics, catalogue },
        ),
    },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  const publish = async (from: number, to: number, type = TICKED): Promise<void> => {
    for (let n = from; n < to; n += 1) await service.bus.publish(type, { n });
  };
  const metric = async (name: string): Promise<string[]> =>
    (await service.metrics.exposition())
      .split('\n')
      .filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  return { service, publish, metric, url: `${service.address}/v1/events` };
}

/** Reads a tail until the test has what it wants; what it has read so far is in `events`. */
async function reading(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  onTestFinished(() => {
    abort.abort();
  });
  const answer = await fetch(url, { headers, signal: abort.signal });
  expect(answer.status).toBe(200);
  const events: SentEvent[] = [];
  let rest = '';
  const over = (async () => {
    for await (const chunk of (answer.body as ReadableStream<Uint8Array>).pipeThrough(
      new TextDecoderStream(),
    )) {
      const text = rest + chunk;
      const end = text.lastIndexOf('\n\n') + 2;
      rest = text.slice(end);
      events.push(...sentEvents(text.slice(0, end)));
    }
    return 'ended';
  })().catch(() => 'cut');
  const until = (count: number): Promise<void> =>
    vi.waitFor(() => {
      expect(events.length).toBeGreaterThanOrEqual(count);
    }, PATIENCE);
  return {
    events,
    over,
    until,
    leave: () => {
      abort.abort();
    },
  };
}

const numbers = (events: readonly SentEvent[], type = TICKED.type): number[] =>
  events.flatMap(({ event, data }) => (event === type ? [(data as { data: { n: number } }).data.n] : []));
const upTo = (end: number): number[] => Array.from({ length: end }, (_, n) => n);

describe('a tail over a socket', () => {
  test('delivers 1,000 events in order that came in as a batch', async () => {
    const { service, url } = await listening();
    const tail = await reading(url);
    const client = createClient(eventApi, { baseUrl: service.address });
    const body = upTo(1_000).map((n) => ({
      ...{ specversion: '1.0' as const, id: `t${n}`, source: '/test', type: TICKED.type, data: { n } },
    }));
    const { receipts } = await client.publishEvents({ body });
    expect(new Set(receipts.map(({ outcome }) => outcome))).toEqual(new Set(['published']));
    await tail.until(1_000);
    expect(numbers(tail.events)).toEqual(upTo(1_000));
    const again = await client.publishEvents({ body });
    expect(new Set(again.receipts.map(({ outcome }) => outcome))).toEqual(new Set(['duplicate']));
  });

  test('goes on after a cut where it was, in every topic, without a gap and without repeating', async () => {
    const { publish, url } = await listening();
    const first = await reading(url);
    await publish(0, 300);
    await publish(0, 5, STRUCK);
    await first.until(305);
    first.leave();
    expect(await first.over).toBe('cut');
    await publish(300, 500);
    await publish(5, 9, STRUCK);
    const at = first.events[200]?.id ?? '';
    const second = await reading(url, { 'last-event-id': at });
    await publish(500, 600);
    await second.until(408);
    const before = first.events.slice(0, 201);
    expect(numbers([...before, ...second.events])).toEqual(upTo(600));
    expect(numbers([...before, ...second.events], STRUCK.type)).toEqual(upTo(9));
  });

  test('a reader that has had nothing yet loses nothing either', async () => {
    const { publish, url } = await listening();
    const first = await reading(`${url}?from=beginning`);
    await publish(0, 1);
    await first.until(1);
    first.leave();
    await publish(0, 3, STRUCK);
    const second = await reading(url, { 'last-event-id': first.events[0]?.id ?? '' });
    await second.until(3);
    expect(numbers(second.events, STRUCK.type)).toEqual(upTo(3));
  });

  test('replays what is there as lines, whole', async () => {
    const { publish, url } = await listening();
    await publish(0, 2_000);
    const answer = await fetch(`${url}?until=now`, { headers: { accept: 'application/x-ndjson' } });
    const lines = (await answer.text()).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { data: { n: number } }).data.n)).toEqual(upTo(2_000));
  });

  test('is gone when its reader is', async () => {
    const { publish, url, metric } = await listening();
    const tail = await reading(url);
    await publish(0, 1);
    await tail.until(1);
    tail.leave();
    await vi.waitFor(async () => {
      expect(await metric('trading_event_tails')).toEqual([
        'trading_event_tails_ended_total{because="client"} 1',
      ]);
    }, PATIENCE);
  });
});

describe('a reader that does not read', () => {
  /** Asks, and takes nothing of the answer. */
  async function sleeping(address: string): Promise<Socket> {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    socket.on('error', () => undefined).pause();
    socket.write(`GET /v1/events HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    return socket;
  }

  test('is cut and counted, while publishers and other readers go on', async () => {
    const { service, metric, url } = await listening({ maxBufferedBytes: 16_384, stallMs: 300 });
    await sleeping(service.address);
    const other = await reading(url);
    await vi.waitFor(async () => {
      expect(await metric('trading_event_tails ')).toEqual(['trading_event_tails 2']);
    }, PATIENCE);
    const filler = 'x'.repeat(20_000);
    let published = 0;
    // What the machine holds for a connection differs: goes on until it is full.
    while (!(await metric('trading_event_tails_ended_total')).length) {
      for (let n = 0; n < 20; n += 1) await service.bus.publish(TICKED, { n: published++, filler });
      await new SystemClock().sleep(5);
    }
    expect(await metric('trading_event_tails')).toEqual([
      'trading_event_tails 1',
      'trading_event_tails_ended_total{because="slow"} 1',
    ]);
    await other.until(published);
    expect(numbers(other.events)).toEqual(upTo(published));
  });
});

describe('the end of the service', () => {
  test('ends every tail in order, and cuts nothing', async () => {
    const { service, publish, url } = await listening();
    const tails = await Promise.all([reading(url), reading(`${url}?topic=clock`)]);
    await publish(0, 10);
    await Promise.all(tails.map((tail) => tail.until(10)));
    const report = await service.stop();
    expect(await Promise.all(tails.map(({ over }) => over))).toEqual(['ended', 'ended']);
    expect(tails.map(({ events }) => events.at(-1))).toEqual(
      tails.map(() => ({ event: '$end', id: undefined, data: { because: 'stopping', events: 10 } })),
    );
    expect([report.forced, report.steps.every(({ outcome }) => outcome === 'done')]).toEqual([false, true]);
    await expect(service.bus.publish(TICKED, { n: 1 })).rejects.toThrow(PortcullisError);
  });

  test('goes on delivering while it drains', async () => {
    const service = new EventService(
      { name: 'events', drainDelayMs: 500, events: { protect: 'changes' } },
      {
        env: {},
        logger: silentLogger,
        openBus: ({ clock }) => EmbeddedEventBus.open({}, { clock, catalogue }),
      },
    );
    await service.start();
    const tail = await reading(`${service.address}/v1/events`);
    const stopped = service.stop();
    await service.bus.publish(TICKED, { n: 0 });
    await stopped;
    expect(await tail.over).toBe('ended');
    expect(tail.events.map(({ event }) => event)).toEqual([TICKED.type, '$end']);
  });
});
