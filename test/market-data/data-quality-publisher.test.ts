import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  DataQualityPublisher,
  type DataQualityPublisherOptions,
  MarketTracker,
} from '../../src/market-data/index.ts';
import type { DataProblem, DataProblemCode } from '../../src/trading/index.ts';
import { RecordingBus } from '../support/recording-bus.ts';

function world(options: DataQualityPublisherOptions = {}) {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  const publisher = new DataQualityPublisher(options, { bus, clock });
  const see = (...problems: readonly DataProblem[]): void => {
    publisher.update({ instrumentId: 'GOLD', problems });
  };
  return { clock, bus, publisher, see };
}

const problem = (code: DataProblemCode, facts: Partial<DataProblem> = {}): DataProblem => ({
  code,
  instrumentId: 'GOLD',
  blocking: true,
  ...facts,
});

describe('DataQualityPublisher', () => {
  test('tells at once what begins, with what was measured', () => {
    const { bus, see } = world();
    see(problem('STALE', { measured: 1_500, limit: 1_000, note: 'a while' }));
    expect(bus.take()).toEqual([
      {
        instrumentId: 'GOLD',
        isGood: false,
        problems: [{ code: 'STALE', blocking: true, measured: 1_500, limit: 1_000, note: 'a while' }],
        began: ['STALE'],
        ended: [],
      },
    ]);
  });

  test('tells what has ended, and what goes on', () => {
    const { bus, see, clock } = world();
    see(problem('STALE'), problem('CLOCK_OFFSET', { blocking: false }));
    clock.advance(1_000);
    bus.take();
    see(problem('CLOCK_OFFSET', { blocking: false }));
    expect(bus.take()).toEqual([
      {
        instrumentId: 'GOLD',
        isGood: true,
        problems: [{ code: 'CLOCK_OFFSET', blocking: false }],
        began: [],
        ended: ['STALE'],
      },
    ]);
  });

  test('a problem that begins to block has begun again', () => {
    const { bus, see, clock } = world();
    see(problem('CLOCK_OFFSET', { blocking: false }));
    clock.advance(1_000);
    bus.take();
    see(problem('CLOCK_OFFSET'));
    expect(bus.take()).toMatchObject([{ isGood: false, began: ['CLOCK_OFFSET'], ended: [] }]);
  });

  test('says nothing while the problems are the same, whatever is measured', () => {
    const { bus, see, clock } = world();
    const lasting = [problem('STALE', { measured: 1 })];
    see(...lasting);
    clock.advance(1_000);
    bus.take();
    see(...lasting);
    see(problem('STALE', { measured: 2 }));
    expect(bus.take()).toEqual([]);
    see(problem('STALE', { measured: 2 }), problem('CROSSED'));
    expect(bus.take()).toMatchObject([{ began: ['CROSSED'] }]); // at once
  });

  test('says nothing of data that are good from the beginning', () => {
    const { bus, see, clock } = world();
    see();
    clock.advance(1_000);
    expect(bus.take()).toEqual([]);
  });

  test('says nothing of what belongs to one event of the market', () => {
    const { bus, see, clock } = world();
    for (const code of ['DUPLICATE', 'OUT_OF_ORDER', 'MALFORMED'] as const) see(problem(code));
    clock.advance(1_000);
    expect(bus.take()).toEqual([]);
  });

  test('what flutters is one event for each interval, and none where it has come to nothing', () => {
    const { bus, see, clock } = world({ everyMs: 100 });
    see(problem('SIDE_EMPTY'));
    bus.take();
    see();
    see(problem('SIDE_EMPTY'));
    clock.advance(100);
    expect(bus.take()).toEqual([]);
    clock.advance(100);
    see();
    see(problem('SIDE_EMPTY'));
    see(problem('SIDE_EMPTY'), problem('STALE'));
    see();
    expect(bus.take()).toMatchObject([{ ended: ['SIDE_EMPTY'] }]);
    see(problem('STALE'));
    clock.advance(100);
    expect(bus.take()).toMatchObject([{ began: ['STALE'], ended: [] }]);
  });

  test('keeps instruments apart', () => {
    const { bus, publisher, see } = world();
    see(problem('STALE'));
    publisher.update({ instrumentId: 'SILVER', problems: [problem('CROSSED')] });
    expect(bus.take()).toMatchObject([
      { instrumentId: 'GOLD', began: ['STALE'] },
      { instrumentId: 'SILVER', began: ['CROSSED'] },
    ]);
  });

  test('leaves out what is not a number', () => {
    const { bus, see } = world();
    see(problem('STALE', { measured: Infinity, limit: 1_000 }));
    expect(bus.take()).toMatchObject([{ problems: [{ code: 'STALE', blocking: true, limit: 1_000 }] }]);
  });

  test('takes the views of a tracker', () => {
    const { bus, publisher, clock } = world();
    const tracker = new MarketTracker({}, { instrumentId: 'GOLD', clock });
    publisher.update(tracker.view);
    expect(bus.take()).toMatchObject([
      { isGood: false, began: expect.arrayContaining(['NO_BOOK']) as unknown },
    ]);
  });

  test('tells at its end what has not been told', () => {
    const { bus, see, publisher } = world();
    see(problem('STALE'));
    see();
    bus.take();
    publisher[Symbol.dispose]();
    expect(bus.take()).toMatchObject([{ isGood: true, ended: ['STALE'] }]);
    see(problem('CROSSED'));
    expect(bus.take()).toEqual([]);
  });

  test('tells again what the bus has not taken, until it has the latest', async () => {
    const { bus, see, clock } = world({ everyMs: 100 });
    bus.outcome = () => Promise.reject(new Error('no room'));
    see(problem('STALE'));
    clock.advance(100);
    see(problem('STALE'), problem('CROSSED'));
    await clock.turn();
    bus.take();
    bus.outcome = () => ({ outcome: 'published', id: 'x', position: '1' });
    clock.advance(500);
    await clock.turn();
    expect(bus.take()).toMatchObject([{ isGood: false, problems: [{ code: 'STALE' }, { code: 'CROSSED' }] }]);
    clock.advance(60_000);
    await clock.turn();
    expect(bus.take()).toEqual([]);
  });

  test('refuses a misspelt option by name', () => {
    expect(() => world({ every: 1 } as never)).toThrow(/DataQualityPublisher: .*every/);
    expect(() => world({ everyMs: 0 })).toThrow(/everyMs/);
  });
});
