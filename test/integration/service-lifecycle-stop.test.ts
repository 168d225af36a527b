import { describe, expect, test } from 'vitest';
import { correlation } from '../../src/telemetry/index.ts';
import { type Hooks, never, over, probe, stepsOf, turns } from './service-lifecycle-probe.ts';

const QUOTE: Pick<Hooks, 'routes'> = { routes: (app) => void app.get('/quote', () => '1.5') };

/** A route that hangs, and a promise of its first request. */
function hangingRoute() {
  const begun = Promise.withResolvers<undefined>();
  const routes: Hooks['routes'] = (app) =>
    void app.get('/hangs', () => {
      begun.resolve(undefined);
      return never();
    });
  return { routes, begun: begun.promise };
}

describe('stop', () => {
  test('takes its steps in order; calls share one report', async () => {
    const seen: string[] = [];
    const note = (what: string) => () => {
      seen.push(what);
    };
    const { service, clock, lines, flushes, audited } = probe(
      {
        onStart: ({ use }) => {
          use('db', { close: note('close db') });
          use('feed', { close: note('close feed') });
        },
        onDrain: note('onDrain'),
        onStop: note('onStop'),
      },
      { drainDelayMs: 1000 },
      {
        flush: [
          { name: 'traces', flush: note('flush traces') },
          { name: 'audit', flush: note('flush audit') },
        ],
      },
    );
    await service.start();
    const working = service.run('loop', ({ signal }) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      signal.addEventListener('abort', () => {
        seen.push('work aborted');
        resolve(undefined);
      });
      return promise;
    });
    const before = flushes();
    const both = [service.stop('deploy'), service.stop('again')];
    expect(both[0]).toBe(both[1]);
    await turns(clock);
    clock.advance(1000);
    const report = await service.stop();
    await working;
    expect(report).toEqual({
      reason: 'deploy',
      forced: false,
      tookMs: 1000,
      steps: [
        { name: 'onDrain', outcome: 'done', tookMs: 0 },
        { name: 'drain', outcome: 'done', tookMs: 1000 },
        ...['work', 'requests', 'onStop', 'close feed', 'close db', 'close flags', 'audit']
          .concat('flush traces', 'flush audit', 'logs')
          .map((name) => ({ name, outcome: 'done', tookMs: 0 })),
      ],
    });
    expect(seen).toEqual([
      'onDrain',
      'work aborted',
      'onStop',
      'close feed',
      'close db',
      'flush traces',
      'flush audit',
    ]);
    expect(audited.map(({ kind }) => kind)).toEqual(['service.started', 'service.stopped']);
    expect(service.state).toBe('stopped');
    expect(lines.map(({ msg }) => msg)).toEqual(['ready', 'stopping', 'stopped']);
    expect(lines.at(-1)).toMatchObject({ reason: 'deploy', forced: false });
    expect(flushes()).toBeGreaterThanOrEqual(before + 2);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('begins with /ready at 503 and `Connection: close`, while everything is answered for drainDelayMs', async () => {
    const { service, clock, ask, get } = probe(QUOTE, { drainDelayMs: 1000 });
    await service.start();
    expect((await service.inject({ url: '/quote' })).headers['connection']).not.toBe('close');
    const stopped = service.stop();
    expect([service.state, service.signal.aborted]).toEqual(['draining', true]);
    expect(await Promise.all(['/ready', '/live', '/startup', '/quote'].map(ask))).toEqual([
      503, 200, 200, 200,
    ]);
    expect((await service.inject({ url: '/quote' })).headers['connection']).toBe('close');
    clock.advance(999);
    await turns(clock);
    expect([service.state, await get('/quote')]).toEqual(['draining', 200]);
    const { address } = service;
    clock.advance(1);
    await clock.turn();
    expect(service.state).not.toBe('draining');
    await stopped;
    await expect(fetch(`${address}/quote`)).rejects.toThrow('fetch failed');
  });

  test('runs onDrain while it drains, and waits for the longer of both', async () => {
    const draining = Promise.withResolvers<undefined>();
    const { service, clock } = probe({ onDrain: () => draining.promise }, { drainDelayMs: 1000 });
    await service.start();
    const stopped = service.stop();
    await turns(clock);
    expect(service.calls.at(-1)).toBe('onDrain');
    clock.advance(1500);
    await turns(clock);
    expect(service.state).toBe('draining');
    draining.resolve(undefined);
    expect((await stopped).steps.slice(0, 2)).toEqual([
      { name: 'onDrain', outcome: 'done', tookMs: 1500 },
      { name: 'drain', outcome: 'done', tookMs: 0 },
    ]);
  });

  test('aborts background work only after the drain', async () => {
    const { service, clock } = probe({}, { drainDelayMs: 1000 });
    await service.start();
    const signals: AbortSignal[] = [];
    const work = Promise.withResolvers<undefined>();
    void service.run('loop', ({ signal }) => {
      signals.push(signal);
      return work.promise;
    });
    const stopped = service.stop('deploy');
    clock.advance(999);
    await turns(clock);
    expect(signals[0]?.aborted).toBe(false);
    clock.advance(1);
    await turns(clock);
    expect(signals[0]?.reason).toMatchObject({ message: 'probe is stopping: deploy' });
    work.resolve(undefined);
    await stopped;
  });

  test.each(['onDrain', 'onStop'] as const)('goes on after an %s that throws', async (hook) => {
    const { service } = probe({
      [hook]: () => {
        throw new Error('no');
      },
    });
    await service.start();
    const report = await service.stop();
    expect(report.forced).toBe(false);
    expect(report.steps.filter(({ outcome }) => outcome !== 'done')).toEqual([
      { name: hook, outcome: 'failed', tookMs: 0, error: 'Error: no' },
    ]);
    expect([report.steps.at(-1)?.name, service.state]).toEqual(['logs', 'stopped']);
  });

  test.each([
    ['onDrain', { stopTimeoutMs: 500 }],
    ['onStop', { closeTimeoutMs: 500 }],
  ] as const)('cuts an %s that hangs at its deadline, and goes on', async (hook, options) => {
    const { service, clock } = probe({ [hook]: never }, options);
    await service.start();
    const report = await over(clock, service.stop(), 100);
    expect([report.forced, report.tookMs]).toEqual([true, 500]);
    expect(report.steps.filter(({ outcome }) => outcome !== 'done')).toEqual([
      { name: hook, outcome: 'cut', tookMs: 500 },
    ]);
    expect([report.steps.at(-1)?.name, service.state]).toEqual(['logs', 'stopped']);
  });

  test('cuts requests and work that hang at the same deadline, and says how much', async () => {
    const { routes, begun } = hangingRoute();
    const { service, clock, lines } = probe({ routes }, { stopTimeoutMs: 500 });
    await service.start();
    const request = fetch(`${service.address}/hangs`).catch((error: unknown) => error);
    await begun;
    void service.run('hangs', never);
    void service.run('hangs', never);
    const report = await over(clock, service.stop(), 100);
    expect([report.forced, report.tookMs]).toEqual([true, 500]);
    expect(report.steps.filter(({ outcome }) => outcome !== 'done')).toEqual([
      { name: 'requests', outcome: 'cut', tookMs: 500, note: '1 requests' },
      { name: 'work', outcome: 'cut', tookMs: 500, note: '2 pieces of work' },
    ]);
    expect(await request).toBeInstanceOf(Error);
    expect(service.calls.at(-1)).toBe('onStop');
    expect(lines.find(({ msg }) => msg === 'stopped')).toMatchObject({ forced: true });
  });

  test('closes what is left when one thing will not close: failed, or cut after closeTimeoutMs', async () => {
    const closed: string[] = [];
    const { service, clock } = probe(
      {
        onStart: ({ use }) => {
          use('first', { close: () => closed.push('first') });
          use('refuses', { close: () => Promise.reject(new Error('busy')) });
          use('hangs', { close: never });
        },
      },
      { closeTimeoutMs: 500 },
    );
    await service.start();
    const report = await over(clock, service.stop(), 100);
    expect(report.steps.filter(({ name }) => name.startsWith('close'))).toEqual([
      { name: 'close hangs', outcome: 'cut', tookMs: 500 },
      { name: 'close refuses', outcome: 'failed', tookMs: 0, error: 'Error: busy' },
      { name: 'close first', outcome: 'done', tookMs: 0 },
      { name: 'close flags', outcome: 'done', tookMs: 0 },
    ]);
    expect(closed).toEqual(['first']);
  });

  test('writes the rest out when an audit log or an exporter will not', async () => {
    const flushed: string[] = [];
    let isDown = false;
    const audit = { record: () => (isDown ? Promise.reject(new Error('no room')) : Promise.resolve()) };
    const flush = [
      { name: 'hangs', flush: never },
      { name: 'traces', flush: () => flushed.push('traces') },
    ];
    const { service, clock } = probe({}, { closeTimeoutMs: 500 }, { audit, flush });
    await service.start();
    isDown = true;
    const report = await over(clock, service.stop(), 100);
    expect(stepsOf(report).slice(-4)).toEqual([
      'audit failed',
      'flush hangs cut',
      'flush traces done',
      'logs done',
    ]);
    expect(flushed).toEqual(['traces']);
  });

  test('asked for again by who hears that it begins is the same stop', async () => {
    const again: unknown[] = [];
    const { service } = probe({
      onStart: ({ signal }) => {
        signal.addEventListener('abort', () => again.push(service.stop('me too')));
      },
    });
    await service.start();
    const stopped = service.stop('deploy');
    expect(again).toEqual([stopped]);
    expect(again[0]).toBe(stopped);
    expect((await stopped).reason).toBe('deploy');
  });

  test('asks no dependency any more, and no state changes', async () => {
    let asked = 0;
    const { service, clock } = probe({
      onStart: ({ use }) =>
        void use('db', {}, { check: () => ((asked += 1), asked === 1 ? undefined : 'gone'), failAfter: 1 }),
    });
    await service.start();
    await service.stop();
    clock.advance(60_000);
    await turns(clock);
    expect([asked, service.state]).toEqual([1, 'stopped']);
  });
});

describe('a stop during the start', () => {
  test('waits for a start that heeds the signal, and the start says so', async () => {
    const begun = Promise.withResolvers<undefined>();
    const { service } = probe({
      onStart: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new Error('gave up'));
          });
          begun.resolve(undefined);
        }),
    });
    const started = service.start();
    await begun.promise;
    const report = await service.stop();
    expect(stepsOf(report)).toEqual([
      'start done',
      'onDrain done',
      'work done',
      'requests done',
      'onStop done',
      'close flags done',
      'audit done',
      'logs done',
    ]);
    await expect(started).rejects.toMatchObject({
      code: 'SERVICE_STOPPED',
      message: 'probe was stopped before it was ready',
    });
    expect(service.state).toBe('stopped');
  });

  test('cuts a start that hangs', async () => {
    const begun = Promise.withResolvers<undefined>();
    const { service, clock } = probe(
      {
        onStart: () => {
          begun.resolve(undefined);
          return never();
        },
      },
      { stopTimeoutMs: 500 },
    );
    const started = service.start().catch((error: unknown) => error);
    await begun.promise;
    expect((await over(clock, service.stop(), 100)).steps[0]).toEqual({
      name: 'start',
      outcome: 'cut',
      tookMs: 500,
    });
    expect(await started).toMatchObject({ code: 'SERVICE_STOPPED' });
  });

  test('before it listens never runs a hook', async () => {
    const { service } = probe();
    const started = service.start().catch((error: unknown) => error);
    await service.stop();
    expect(await started).toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(service.calls).toEqual([]);
  });
});

describe('run', () => {
  test('runs under a correlation id of its own, or the one at hand', async () => {
    const { service } = probe();
    await service.start();
    const fresh = await service.run('poll', ({ correlationId }) => [correlationId, correlation.id()]);
    expect(fresh[0]).toBe(fresh[1]);
    expect(correlation.isValid(fresh[0])).toBe(true);
    const given = await correlation.run('req-1', () =>
      service.run('poll', ({ correlationId }) => correlationId),
    );
    expect(given).toBe('req-1');
  });

  test('counts how it ended and measures how long it took', async () => {
    const { service, clock, lines } = probe();
    await service.start();
    await service.run('poll', () => {
      clock.advance(250);
    });
    const error = new Error('no');
    await expect(service.run('poll', () => Promise.reject(error))).rejects.toBe(error);
    const text = await service.metrics.exposition();
    expect(text).toContain('trading_operations_total{operation="poll",outcome="ok"} 1\n');
    expect(text).toContain('trading_operations_total{operation="poll",outcome="error"} 1\n');
    expect(text).toContain('trading_operation_duration_seconds_sum{operation="poll",target="probe"} 0.25\n');
    expect(lines.at(-1)).toMatchObject({
      msg: 'operation failed',
      operation: 'poll',
      correlationId: expect.any(String) as string,
      err: { message: 'no' },
    });
  });

  test('shows how much is under way', async () => {
    const { service, metrics } = probe();
    await service.start();
    const going = Promise.withResolvers<undefined>();
    const work = [service.run('a', () => going.promise), service.run('b', () => going.promise)];
    expect(await metrics.exposition()).toContain('trading_operations_in_flight 2\n');
    going.resolve(undefined);
    await Promise.all(work);
    expect(await metrics.exposition()).toContain('trading_operations_in_flight 0\n');
  });

  test('is awaited by the stop, what it begins meanwhile included', async () => {
    const { service, clock } = probe();
    await service.start();
    const ended: string[] = [];
    const second = Promise.withResolvers<undefined>();
    void service.run('first', async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      void service.run('second', async (context) => {
        ended.push(context.signal.aborted ? 'second hears at once that it is over' : '');
        await second.promise;
        ended.push('second');
      });
      ended.push('first');
    });
    const stopped = service.stop();
    await turns(clock);
    expect([service.state, service.calls.includes('onStop')]).toEqual(['stopping', false]);
    second.resolve(undefined);
    await stopped;
    expect(ended).toEqual(['second hears at once that it is over', 'first', 'second']);
  });

  test('is refused before the start and after the stop', async () => {
    const { service } = probe();
    await expect(service.run('poll', () => 1)).rejects.toMatchObject({
      code: 'SERVICE_STOPPED',
      message: 'run poll: probe is created',
    });
    await service.start();
    await service.stop();
    await expect(service.run('poll', () => 1)).rejects.toThrow('run poll: probe is stopped');
  });
});
