import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { exitWithProcess } from '../../src/service/process-exit.ts';
import type { StopStep } from '../../src/service/stop-sequence.ts';
import { MetricsRegistry, silentLogger } from '../../src/telemetry/index.ts';

/** Something that is stopped when the test says so. */
function stoppable() {
  const signals = new EventEmitter();
  const exits: number[] = [];
  const asked: string[] = [];
  const stopping = Promise.withResolvers<readonly StopStep[]>();
  let hasFailed = false;
  const metrics = new MetricsRegistry();
  const leaving = exitWithProcess('quotes', {
    ...{ signals, metrics, log: silentLogger },
    exit: (code) => exits.push(code),
    stop: async (reason, end) => {
      asked.push(`${reason} as ${end}`);
      const steps = await stopping.promise;
      return { reason, forced: false, tookMs: 0, steps };
    },
    hasFailed: () => hasFailed,
  });
  const end = async (outcome: StopStep['outcome'], failed = false) => {
    hasFailed = failed;
    stopping.resolve([{ name: 'work', outcome, tookMs: 0 }]);
    await new Promise((resolve) => setImmediate(resolve));
    return exits;
  };
  return { signals, exits, asked, end, metrics, leaving };
}

describe('exitWithProcess', () => {
  test.each([
    ['done', false, 0],
    ['failed', false, 1],
    ['cut', false, 1],
    ['done', true, 1],
  ] as const)('a step that is %s, failed as a whole %s: code %i', async (outcome, failed, code) => {
    const { signals, asked, end, exits } = stoppable();
    signals.emit('SIGTERM');
    expect([asked, exits]).toEqual([['SIGTERM as stopped'], []]);
    expect(await end(outcome, failed)).toEqual([code]);
  });

  test('a second signal, the same or the other, does not wait', () => {
    const { signals, exits, asked } = stoppable();
    signals.emit('SIGINT');
    signals.emit('SIGTERM');
    signals.emit('SIGTERM');
    expect([exits, asked]).toEqual([[1, 1], ['SIGINT as stopped']]);
  });

  test('an error that nobody caught fails it, and is counted', async () => {
    const { signals, asked, end, metrics } = stoppable();
    signals.emit('unhandledRejection', undefined);
    expect(asked).toEqual(['unhandledRejection: undefined as failed']);
    expect(await end('done', true)).toEqual([1]);
    expect(await metrics.exposition()).toContain(
      'trading_errors_total{component="quotes",kind="unhandledRejection",severity="critical"} 1\n',
    );
  });

  test('a signal after such an error is the first one', () => {
    const { signals, exits, asked } = stoppable();
    signals.emit('uncaughtException', new Error('boom'));
    signals.emit('SIGTERM');
    expect([exits, asked]).toEqual([[], ['uncaughtException: Error: boom as failed', 'SIGTERM as stopped']]);
  });

  test('listens to nothing more once it is disposed', () => {
    const { signals, leaving } = stoppable();
    leaving[Symbol.dispose]();
    expect(signals.eventNames()).toEqual([]);
  });
});
