import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  BackgroundPublisher,
  type PublishReceipt,
  SIGNAL_RAISED,
  type SignalRaised,
} from '../../src/events/index.ts';
import { type LogFields, type Logger, MetricsRegistry, silentLogger } from '../../src/telemetry/index.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { RecordingBus } from '../support/recording-bus.ts';

const signalOf = (signalId: string): SignalRaised => ({
  signalId,
  strategyId: 'trend',
  instrumentId: 'GOLD',
  direction: 'buy',
  confidence: 1,
  expiresAtMs: 0,
  reasons: [],
});

function world() {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  const metrics = new MetricsRegistry();
  const warn = vi.fn<(fields: LogFields | string, message?: string) => void>();
  const logger: Logger = { ...silentLogger, warn };
  const publisher = new BackgroundPublisher('kill-switch', { bus, clock, metrics, logger });
  const failures = async (): Promise<unknown> => {
    await clock.turn();
    const name = 'trading_bus_publish_failures_total';
    const family = parseExposition(await metrics.exposition()).find((one) => one.name === name);
    return family?.samples.map(({ labels, value }) => [labels['publisher'], value]);
  };
  const publish = (signalId: string): void => {
    publisher.publish(SIGNAL_RAISED, () => signalOf(signalId));
  };
  return { clock, bus, publisher, publish, warn, failures };
}

const lasting = (): Promise<PublishReceipt> => new Promise(() => undefined);

describe('BackgroundPublisher', () => {
  test('publishes within the call, in the order of calls, with the options it is given', () => {
    const { bus, publisher, publish } = world();
    publish('1');
    publisher.publish(SIGNAL_RAISED, () => signalOf('2'), { id: 'two' });
    expect(bus.published).toEqual([
      { type: 'signal.raised', data: signalOf('1') },
      { type: 'signal.raised', data: signalOf('2'), options: { id: 'two' } },
    ]);
  });

  test('counts nothing while all goes well, with its series there from the start', async () => {
    const { bus, publish, failures, warn } = world();
    const outcomes: PublishReceipt[] = [
      { outcome: 'published', id: '1', position: '1' },
      { outcome: 'duplicate', id: '1' },
      { outcome: 'spilled', id: '2' },
    ];
    for (const outcome of outcomes) {
      bus.outcome = () => outcome;
      publish('1');
    }
    expect(await failures()).toEqual([['kill-switch', 0]]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('counts what the bus drops, and says why', async () => {
    const { bus, publish, failures, warn } = world();
    bus.outcome = () => ({ outcome: 'dropped', id: '1' });
    publish('1');
    expect(await failures()).toEqual([['kill-switch', 1]]);
    expect(warn.mock.calls).toEqual([
      [
        {
          publisher: 'kill-switch',
          type: 'signal.raised',
          why: 'the bus is full and has dropped it',
          failures: 1,
        },
        'an event was not published',
      ],
    ]);
  });

  test('counts what the bus refuses, and what it throws at once', async () => {
    const { bus, publish, publisher, failures } = world();
    bus.outcome = () => Promise.reject(new Error('closed'));
    publish('1');
    bus.publish = () => {
      throw new Error('broken');
    };
    publish('2');
    publisher.publish(SIGNAL_RAISED, () => {
      throw new Error('nothing to say');
    });
    expect(await failures()).toEqual([['kill-switch', 3]]);
  });

  test('logs at most once a minute, with how many there were', async () => {
    const { bus, clock, publish, warn } = world();
    bus.outcome = () => Promise.reject(new Error('closed'));
    const told = (): unknown[] =>
      warn.mock.calls.map(([fields]) => (fields as Readonly<Record<string, unknown>>)['failures']);
    publish('1');
    publish('2');
    await clock.turn();
    clock.advance(59_999);
    publish('3');
    await clock.turn();
    expect(told()).toEqual([1]);
    clock.advance(1);
    publish('4');
    await clock.turn();
    expect(told()).toEqual([1, 3]);
  });

  test('gives up what comes while a thousand wait for the bus, and goes on once they are through', async () => {
    const { bus, clock, publish, failures } = world();
    let open: (receipt: PublishReceipt) => void = () => undefined;
    const taken = new Promise<PublishReceipt>((resolve) => (open = resolve));
    bus.outcome = () => taken;
    for (let i = 1; i <= 1_001; i += 1) publish(String(i));
    expect(bus.published).toHaveLength(1_000);
    expect(await failures()).toEqual([['kill-switch', 1]]);
    open({ outcome: 'published', id: '1', position: '1' });
    await clock.turn();
    publish('again');
    expect(bus.published).toHaveLength(1_001);
  });

  test('needs neither metrics nor a logger', async () => {
    const bus = new RecordingBus();
    const clock = new ManualClock();
    const publisher = new BackgroundPublisher('x', { bus, clock });
    bus.outcome = () => Promise.reject(new Error('closed'));
    publisher.publish(SIGNAL_RAISED, () => signalOf('1'));
    await clock.turn();
    bus.outcome = lasting;
    publisher.publish(SIGNAL_RAISED, () => signalOf('2'));
    expect(bus.take()).toEqual([signalOf('1'), signalOf('2')]);
  });
});
