import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { StopSequence } from '../../src/service/stop-sequence.ts';

describe('StopSequence', () => {
  test('reports each step with how it ended and how long it took', async () => {
    const clock = new ManualClock();
    const stop = new StopSequence(clock);
    await stop.run('quick', 100, () => undefined);
    await stop.run('slow', 100, () => {
      clock.advance(30);
    });
    await stop.run('broken', 100, () => {
      throw new Error('no');
    });
    expect(stop.report('SIGTERM')).toEqual({
      reason: 'SIGTERM',
      forced: false,
      tookMs: 30,
      steps: [
        { name: 'quick', outcome: 'done', tookMs: 0 },
        { name: 'slow', outcome: 'done', tookMs: 30 },
        { name: 'broken', outcome: 'failed', tookMs: 0, error: 'Error: no' },
      ],
    });
  });

  test('cuts what hangs at the deadline, and runs the rest all the same', async () => {
    const clock = new ManualClock();
    const stop = new StopSequence(clock);
    const cut: string[] = [];
    await stop.run('first', 100, () => {
      clock.advance(40);
    });
    const hanging = stop.run(
      'hangs',
      60,
      () => new Promise(() => undefined),
      () => {
        cut.push('hangs');
        return '3 requests';
      },
    );
    clock.advance(59);
    await clock.turn();
    expect(cut).toEqual([]);
    clock.advance(1);
    await hanging;
    await stop.run('quick', 100, () => undefined);
    await stop.run(
      'hangs too',
      0,
      () => new Promise(() => undefined),
      () => {
        cut.push('hangs too');
        return 'nothing';
      },
    );
    expect(cut).toEqual(['hangs', 'hangs too']);
    expect(stop.report('x')).toEqual({
      reason: 'x',
      forced: true,
      tookMs: 100,
      steps: [
        { name: 'first', outcome: 'done', tookMs: 40 },
        { name: 'hangs', outcome: 'cut', tookMs: 60, note: '3 requests' },
        { name: 'quick', outcome: 'done', tookMs: 0 },
        { name: 'hangs too', outcome: 'cut', tookMs: 0, note: 'nothing' },
      ],
    });
  });
});
