import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AuditEvent } from '../../../src/audit/index.ts';
import { SystemClock, person } from '../../../src/core/index.ts';
import { EventService, type EventServicePorts } from '../../../src/event-service/index.ts';
import { EmbeddedEventBus } from '../../../src/events/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../../src/storage/index.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';
import { catalogue } from '../../cli/support/event-types.ts';
import {
  PATIENCE,
  begin,
  events,
  numbersIn,
  publishNotes,
  refuseNotes,
  ring,
} from '../../cli/support/events.ts';

const TOKEN = { PORTCULLIS_TOKEN: 'anna' };
const WHY = ['--by', 'anna', '--reason', 'read again'];

const memory: EventServicePorts['openBus'] = ({ clock }) => EmbeddedEventBus.open({}, { clock, catalogue });

interface Serving {
  readonly port?: number;
  readonly protect?: 'all' | 'changes';
  readonly openBus?: EventServicePorts['openBus'];
}

async function serving({ port = 0, protect = 'changes', openBus = memory }: Serving = {}) {
  const audited: AuditEvent[] = [];
  const service = new EventService(
    { name: 'events', port, events: { protect } },
    {
      env: {},
      logger: silentLogger,
      audit: { record: async (event) => void audited.push(event) },
      authenticator: {
        authenticate: ({ headers }) =>
          headers['authorization'] === 'Bearer anna' ? person('anna') : undefined,
      },
      openBus,
    },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  return { service, bus: service.bus, url: service.address, audited };
}

/** Publishes until the command has said something: it may not be listening yet. */
const untilHeard = (bus: EmbeddedEventBus | EventService['bus'], out: readonly string[]): Promise<void> =>
  vi.waitFor(async () => {
    await publishNotes(bus, 0, 1);
    expect(out.length).toBeGreaterThan(0);
  }, PATIENCE);

describe('events replay of a service', () => {
  test.each([
    [[], [0, 1, 2, 100]],
    [
      ['--topic', 'note', '--from', '1'],
      [1, 2],
    ],
    [['--types', 'bell.rung'], [100]],
    [
      ['--since', '2020-01-01T00:00:00Z', '--limit', '2'],
      [0, 1],
    ],
  ])('%j prints %j', async (options, numbers) => {
    const { bus, url } = await serving();
    await publishNotes(bus, 0, 3);
    await ring(bus, 100);
    const { code, out, err } = await events('replay', url, ...options);
    expect([code, numbersIn(out), err]).toEqual([0, numbers, []]);
  });

  test('says what the service says of what it does not know', async () => {
    const { url } = await serving();
    expect(await events('replay', url, '--types', 'note.burnt')).toEqual({
      ...{ code: 2, out: [] },
      err: [
        'portcullis: INPUT_INVALID: events: 400 the request does not fit its schema: unknown type note.burnt, expected some of note.taken, bell.rung',
      ],
    });
  });

  test('of nobody who answers ends with 1', async () => {
    const { service, url } = await serving();
    await service.stop();
    const { code, err } = await events('replay', url);
    expect([code, err[0]]).toEqual([1, expect.stringContaining('REQUEST_FAILED: events: ')]);
  });
});

describe('events tail of a service', () => {
  test('prints what is published, until Ctrl-C', async () => {
    const { bus, url } = await serving();
    const tail = begin(['events', 'tail', url]);
    await untilHeard(bus, tail.out);
    await publishNotes(bus, 1, 5);
    await vi.waitFor(() => {
      expect(numbersIn(tail.out).slice(-4)).toEqual([1, 2, 3, 4]);
    }, PATIENCE);
    tail.interrupt();
    expect([await tail.code, tail.err]).toEqual([0, []]);
  });

  test('ends at its limit', async () => {
    const { bus, url } = await serving();
    const tail = begin(['events', 'tail', url, '--limit', '1']);
    await untilHeard(bus, tail.out);
    expect([await tail.code, numbersIn(tail.out)]).toEqual([0, [0]]);
  });

  test('goes on when the service has come back, also where it had had no event', async () => {
    const clock = new SystemClock();
    const logs = new Map<string, MemoryAppendLog>();
    const store = new MemoryStateStore({ clock });
    const storage = {
      store,
      openLog: async (topic: string) => {
        // A disk stays when its bus is closed.
        const log =
          logs.get(topic) ?? Object.assign(new MemoryAppendLog(), { close: () => Promise.resolve() });
        logs.set(topic, log);
        return log;
      },
    };
    const openBus: EventServicePorts['openBus'] = () =>
      EmbeddedEventBus.open({}, { clock, catalogue, storage });
    const first = await serving({ openBus });
    const tail = begin(['events', 'tail', first.url]);
    await vi.waitFor(async () => {
      expect(await first.service.metrics.exposition()).toContain('trading_event_tails 1');
    }, PATIENCE);
    // What it is told at the head of the answer is on its way.
    await clock.sleep(500);
    await first.service.stop();
    const port = Number(new URL(first.url).port);
    const second = await serving({ openBus, port });
    await publishNotes(second.bus, 0, 3);
    await vi.waitFor(() => {
      expect(numbersIn(tail.out)).toEqual([0, 1, 2]);
    }, PATIENCE);
    await second.service.stop();
    await publishNotes((await serving({ openBus, port })).bus, 3, 5);
    await vi.waitFor(() => {
      expect(numbersIn(tail.out)).toEqual([0, 1, 2, 3, 4]);
    }, PATIENCE);
    tail.interrupt();
    expect(await tail.code).toBe(0);
  });

  test('ends when it is refused after it had begun', async () => {
    const first = await serving();
    const tail = begin(['events', 'tail', first.url]);
    await untilHeard(first.bus, tail.out);
    await first.service.stop();
    await serving({ port: Number(new URL(first.url).port), protect: 'all' });
    expect([await tail.code, tail.err[0]]).toEqual([
      1,
      expect.stringContaining('401 expected the credentials of an operator'),
    ]);
  });
});

describe('events dead of a service', () => {
  test('lists, and changes as whom the token names, for the audit log of the service', async () => {
    const { bus, url, audited } = await serving();
    await publishNotes(bus, 0, 2);
    await refuseNotes(bus, 'readers', 2);
    const { out } = await events('dead', 'list', url);
    const [first = '', second = ''] = out.map((line) => (JSON.parse(line) as { letterId: string }).letterId);
    const requeue = begin(['events', 'dead', 'requeue', url, '--letters', first, ...WHY], TOKEN);
    expect([await requeue.code, requeue.out]).toEqual([0, [first]]);
    const discard = begin(['events', 'dead', 'discard', url, '--group', 'readers', ...WHY], TOKEN);
    expect([await discard.code, discard.out]).toEqual([0, [second]]);
    const about = { reason: 'read again', by: person('anna') };
    expect(audited.filter(({ kind }) => kind.startsWith('dead-letters.'))).toEqual([
      { kind: 'dead-letters.requeued', letterIds: [first], ...about },
      { kind: 'dead-letters.discarded', letterIds: [second], ...about },
    ]);
  });

  test('changes nothing without a token', async () => {
    const { url, audited } = await serving();
    const { code, err } = await events('dead', 'discard', url, '--letters', 'x', ...WHY);
    expect([code, err[0]]).toEqual([
      1,
      expect.stringContaining('401 expected the credentials of an operator'),
    ]);
    expect(audited.map(({ kind }) => kind)).toEqual(['service.started']);
  });
});
