import { describe, expect, test } from 'vitest';
import { ManualClock, PortcullisError } from '../../src/core/index.ts';
import { SIGNAL_RAISED, type PublishReceipt } from '../../src/events/index.ts';
import { LatestPublisher } from '../../src/events/latest-publisher.ts';
import { RecordingBus } from '../support/recording-bus.ts';

const TAKEN: PublishReceipt = { outcome: 'published', id: 'x', position: '1' };

/** A publisher that always waits as long as it may, over a bus that refuses. */
function world() {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  bus.outcome = () => Promise.reject(new Error('no room'));
  const publisher = new LatestPublisher('kill-switch', { bus, clock }, () => 1);
  const publish = (thing: string, signalId: string): void => {
    publisher.publish(thing, SIGNAL_RAISED, () => ({
      ...{ signalId, strategyId: 'trend', instrumentId: 'GOLD', direction: 'buy' as const, confidence: 1 },
      ...{ expiresAtMs: 0, reasons: [] },
    }));
  };
  const pass = async (ms: number): Promise<string[]> => {
    clock.advance(ms);
    await clock.turn();
    return (bus.take() as { readonly signalId: string }[]).map(({ signalId }) => signalId);
  };
  return { bus, clock, publisher, publish, pass };
}

describe('LatestPublisher', () => {
  test('tells all at once, in the order of calls', async () => {
    const { publish, pass, bus } = world();
    bus.outcome = () => TAKEN;
    publish('a', '1');
    publish('a', '2');
    publish('b', '3');
    expect(bus.published).toHaveLength(3);
    expect([await pass(0), await pass(120_000)]).toEqual([['1', '2', '3'], []]);
  });

  test('waits twice as long after each failure, 30 seconds at most, and ends when the bus has it', async () => {
    const { publish, pass, bus } = world();
    publish('a', '1');
    expect(await pass(0)).toEqual(['1']);
    for (const waitMs of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect([await pass(waitMs - 1), await pass(1)]).toEqual([[], ['1']]);
    }
    bus.outcome = () => TAKEN;
    expect([await pass(30_000), await pass(120_000)]).toEqual([['1'], []]);
  });

  test('what is newer takes the place of what waits, also while that is under way', async () => {
    const { publish, pass, bus } = world();
    publish('a', '1');
    await pass(0);
    publish('a', '2');
    publish('a', '3');
    publish('b', '4');
    await pass(0);
    bus.outcome = () => TAKEN;
    expect(await pass(500)).toEqual(['3', '4']);
  });

  test('what is dropped is tried again', async () => {
    const { publish, pass, bus } = world();
    bus.outcome = () => ({ outcome: 'dropped', id: 'x' });
    publish('a', '1');
    expect([await pass(0), await pass(500)]).toEqual([['1'], ['1']]);
  });

  test.each(['INPUT_INVALID', 'OPTION_INVALID', 'BUS_CLOSED'] as const)(
    'what is refused with %s is not',
    async (code) => {
      const { publish, pass, bus } = world();
      bus.outcome = () => Promise.reject(new PortcullisError(code, 'never'));
      publish('a', '1');
      expect([await pass(0), await pass(120_000)]).toEqual([['1'], []]);
    },
  );

  test('at its end tries once more what waits', async () => {
    const { publish, publisher, pass } = world();
    publish('a', '1');
    await pass(0);
    publisher[Symbol.dispose]();
    expect([await pass(0), await pass(120_000)]).toEqual([['1'], []]);
  });
});
