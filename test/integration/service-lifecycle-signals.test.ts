import { describe, expect, test } from 'vitest';
import { never, over, probe } from './service-lifecycle-probe.ts';

const no = () => {
  throw new Error('no');
};

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'])('%s stops in order, then exits with 0', async (signal) => {
    const { service, signals, exits } = probe();
    await service.start();
    signals.emit(signal);
    expect((await service.stop()).reason).toBe(signal);
    expect([exits, service.state, signals.eventNames()]).toEqual([[0], 'stopped', []]);
  });

  test('the exit code is 1 when a step failed', async () => {
    const { service, signals, exits } = probe({ onStop: no });
    await service.start();
    signals.emit('SIGTERM');
    await service.stop();
    expect([exits, service.state]).toEqual([[1], 'stopped']);
  });

  test('the exit code is 1 when something was cut', async () => {
    const { service, signals, exits, clock } = probe({ onStop: never });
    await service.start();
    signals.emit('SIGTERM');
    expect((await over(clock, service.stop())).forced).toBe(true);
    expect(exits).toEqual([1]);
  });

  test('a second one, of either kind, exits at once with 1', async () => {
    const { service, signals, exits, lines } = probe({ onStop: never });
    await service.start();
    signals.emit('SIGINT');
    expect(exits).toEqual([]);
    signals.emit('SIGTERM');
    expect(exits).toEqual([1]);
    expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'second signal: leaving at once' });
  });

  test('one during a stop that was asked for waits for it', async () => {
    const going = Promise.withResolvers<undefined>();
    const { service, signals, exits } = probe({ onStop: () => going.promise });
    await service.start();
    const stopped = service.stop('deploy');
    signals.emit('SIGTERM');
    expect(exits).toEqual([]);
    going.resolve(undefined);
    expect((await stopped).reason).toBe('deploy');
    expect(exits).toEqual([0]);
  });

  test('one during the start stops it', async () => {
    const { service, signals, exits } = probe({
      onStart: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve();
          });
          signals.emit('SIGTERM');
        }),
    });
    await expect(service.start()).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    expect([exits, service.state]).toEqual([[0], 'stopped']);
  });

  test('one while a start that failed is closed exits with 1', async () => {
    const closing = Promise.withResolvers<undefined>();
    const { service, signals, exits } = probe({ onStart: no, onStop: () => closing.promise });
    const started = service.start().catch((error: unknown) => error);
    while (service.calls.at(-1) !== 'onStop') await new Promise((resolve) => setImmediate(resolve));
    signals.emit('SIGTERM');
    closing.resolve(undefined);
    expect(await started).toMatchObject({ code: 'SERVICE_START_FAILED' });
    expect([exits, service.state]).toEqual([[1], 'failed']);
  });
});

describe('an error that nobody caught', () => {
  test.each(['uncaughtException', 'unhandledRejection'])(
    '%s stops in order, as failed, with code 1',
    async (event) => {
      const { service, signals, exits, lines, metrics, audited } = probe();
      await service.start();
      signals.emit(event, new Error('boom'));
      expect(service.state).toBe('draining');
      const report = await service.stop();
      expect(report.reason).toBe(`${event}: Error: boom`);
      expect(report.steps.every(({ outcome }) => outcome === 'done')).toBe(true);
      expect([service.calls.at(-1), service.state, exits]).toEqual(['onStop', 'failed', [1]]);
      expect(lines.find(({ level }) => level === 'error')).toMatchObject({
        msg: 'nobody caught this: stopping',
        event,
        err: { message: 'boom' },
      });
      expect(lines.at(-1)).toMatchObject({ msg: 'failed', reason: report.reason });
      expect(audited.at(-1)).toMatchObject({ kind: 'service.stopped', reason: report.reason });
      expect(await metrics.exposition()).toContain(
        `trading_errors_total{component="probe",kind="${event}",severity="critical"} 1\n`,
      );
    },
  );

  test('of several the first is the reason, and each is logged', async () => {
    const { service, signals, exits, lines } = probe();
    await service.start();
    signals.emit('unhandledRejection', 'first');
    signals.emit('uncaughtException', new Error('second'));
    expect((await service.stop()).reason).toBe('unhandledRejection: first');
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(2);
    expect([...new Set(exits)]).toEqual([1]);
  });

  test('during a stop makes it a failed one, exit code included', async () => {
    const { service, signals, exits } = probe({
      onStop: () => void signals.emit('unhandledRejection', new Error('boom')),
    });
    await service.start();
    signals.emit('SIGTERM');
    expect((await service.stop()).reason).toBe('SIGTERM');
    expect([service.state, [...new Set(exits)]]).toEqual(['failed', [1]]);
  });

  test('during the start stops it without waiting for it', async () => {
    const begun = Promise.withResolvers<undefined>();
    const { service, signals, exits } = probe({
      onStart: () => {
        begun.resolve(undefined);
        return never();
      },
    });
    const started = service.start().catch((error: unknown) => error);
    await begun.promise;
    signals.emit('uncaughtException', new Error('boom'));
    expect(await started).toMatchObject({ code: 'SERVICE_STOPPED' });
    expect([service.state, exits, service.calls.at(-1)]).toEqual(['failed', [1], 'onStop']);
  });

  test('before the start and after the stop is none of its business', async () => {
    const { service, signals } = probe();
    expect(signals.eventNames()).toEqual([]);
    await service.start();
    expect(signals.eventNames()).toEqual(['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection']);
    await service.stop();
    expect(signals.eventNames()).toEqual([]);
  });
});
