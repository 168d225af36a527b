import { EventEmitter } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { PortcullisError, SystemClock } from '../../src/core/index.ts';
import {
  BaseEnterpriseService,
  createService,
  secret,
  type ServiceOptions,
} from '../../src/service/index.ts';
import type { LeveledLogger } from '../../src/telemetry/index.ts';
import {
  never,
  over,
  Probe,
  probe,
  stepsOf,
  stopAfterwards,
  turns,
  world,
} from './service-lifecycle-probe.ts';

describe('the constructor', () => {
  test('stores and does nothing: no hook runs, nobody listens', () => {
    const { service, signals, clock } = probe();
    expect([service.state, service.calls, signals.eventNames(), clock.nextDueMs]).toEqual([
      'created',
      [],
      [],
      Infinity,
    ]);
    expect(() => service.address).toThrow('probe is created and has no address');
  });

  test('reads no variable and no file, and sets no timer', () => {
    const env = new Proxy(
      {},
      {
        get: () => expect.fail('the environment was read'),
        ownKeys: () => expect.fail('the environment was read'),
      },
    );
    const timers = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'setInterval')];
    const before = process.listenerCount('SIGTERM');
    const service = new Probe({ configFile: '/none.json', flagsFile: '/none.json', port: 1 }, { env }, {});
    expect(service.state).toBe('created');
    expect(timers.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    expect(process.listenerCount('SIGTERM')).toBe(before);
    for (const timer of timers) timer.mockRestore();
  });

  test.each([
    [{ name: 'Has Blank' }, /name/],
    [{ port: 70_000 }, /port/],
    [{ prot: 1 } as Partial<ServiceOptions>, /prot/],
    [{ stopTimeoutMs: 0 }, /stopTimeoutMs/],
    [{ drainDelayMs: -1 }, /drainDelayMs/],
    [{ version: 'no blank' }, /version/],
  ] as [Partial<ServiceOptions>, RegExp][])('refuses the options %j by name', (options, field) => {
    const refusal = expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(field) as string,
    }) as Error;
    expect(() => probe({}, options)).toThrow(refusal);
    expect(() => createService({ name: 'probe', ...options })).toThrow(refusal);
  });

  test('two lines make a service, with the clock, log and signals of the machine', async () => {
    class Quotes extends BaseEnterpriseService {
      constructor() {
        super({ name: 'quotes', logLevel: 'error' });
      }
    }
    const before = process.listenerCount('SIGTERM');
    const quotes = await new Quotes().start();
    expect(process.listenerCount('SIGTERM')).toBe(before + 1);
    expect((await fetch(`${quotes.address}/ready`)).status).toBe(200);
    expect(await quotes.stop()).toMatchObject({ reason: 'stop() was called', forced: false });
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});

describe('start', () => {
  test('listens, then opens; calls share one promise; resolves to the service', async () => {
    const { service, lines } = probe();
    const both = [service.start(), service.start()];
    expect(both[0]).toBe(both[1]);
    expect(service.state).toBe('starting');
    expect(await Promise.all(both)).toEqual([service, service]);
    expect(service.calls).toEqual(['routes', 'onStart']);
    expect(service.state).toBe('ready');
    expect(lines).toEqual([expect.objectContaining({ msg: 'ready', address: service.address })]);
  });

  test('gives onStart the signal of the service', async () => {
    const seen: AbortSignal[] = [];
    const { service } = probe({ onStart: ({ signal }) => void seen.push(signal) });
    await service.start();
    expect(seen).toEqual([service.signal]);
    expect(service.signal.aborted).toBe(false);
    await service.stop('deploy');
    expect(service.signal.reason).toMatchObject({
      code: 'SERVICE_STOPPED',
      message: 'probe is stopping: deploy',
    });
  });

  test('while it opens, /live is 200; /startup, /ready and own routes are 503', async () => {
    const opening = Promise.withResolvers<undefined>();
    const listening = Promise.withResolvers<undefined>();
    const { service, get } = probe({
      onStart: async () => {
        listening.resolve(undefined);
        await opening.promise;
      },
      routes: (app) => void app.get('/status', () => 'ok'),
    });
    const started = service.start();
    await listening.promise;
    const paths = ['/live', '/startup', '/ready', '/status'];
    expect(await Promise.all(paths.map(get))).toEqual([200, 503, 503, 503]);
    opening.resolve(undefined);
    await started;
    expect(await Promise.all(paths.map(get))).toEqual([200, 200, 200, 200]);
  });

  test('that fails closes everything, the last opened first, and says why', async () => {
    const cause = new Error('no database');
    const closed: string[] = [];
    const { service, signals, clock } = probe({
      onStart: ({ use }) => {
        use('first', { close: () => closed.push('first') });
        use('second', { close: () => closed.push('second') });
        throw cause;
      },
    });
    const failure = await service.start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PortcullisError);
    expect(failure).toMatchObject({
      code: 'SERVICE_START_FAILED',
      message: 'probe could not start: Error: no database',
      cause,
    });
    expect([service.state, service.calls.at(-1), closed]).toEqual(['failed', 'onStop', ['second', 'first']]);
    expect([signals.eventNames(), clock.nextDueMs]).toEqual([[], Infinity]);
    expect(() => service.address).toThrow(/is failed/);
    await expect(service.start()).rejects.toBe(failure);
    expect((await service.stop()).reason).toBe('start failed: Error: no database');
  });

  test('that fails does not wait for requests to move elsewhere: it never served any', async () => {
    const { service } = probe({ onStart: () => Promise.reject(new Error('no')) }, { drainDelayMs: 60_000 });
    await expect(service.start()).rejects.toThrow('no');
    expect(stepsOf(await service.stop())).not.toContain('drain done');
  });

  test('on a port that is taken fails without running onStart, onDrain or onStop', async () => {
    const first = probe();
    await first.service.start();
    const port = Number(new URL(first.service.address).port);
    const second = probe({}, { port });
    await expect(second.service.start()).rejects.toThrow(/EADDRINUSE/);
    expect(second.service.calls).toEqual(['routes']);
    expect(second.service.state).toBe('failed');
  });

  test('with a route that is a chassis route fails', async () => {
    const { service } = probe({ routes: (app) => void app.get('/metrics', () => 'mine') });
    await expect(service.start()).rejects.toThrow(/already declared/);
  });

  test('after a stop is refused, and the signal had aborted', async () => {
    const { service } = probe();
    const stopped = service.stop('never mind');
    expect(service.stop()).toBe(stopped);
    expect(await stopped).toEqual({ reason: 'never mind', forced: false, tookMs: 0, steps: [] });
    expect([service.state, service.signal.aborted]).toEqual(['stopped', true]);
    await expect(service.start()).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(service.calls).toEqual([]);
  });

  test('is ready when all is well, and degraded when something is not', async () => {
    const well = probe({ onStart: ({ use }) => void use('db', {}, { check: () => true }) });
    await well.service.start();
    expect(well.service.state).toBe('ready');
    const ill = probe({ onStart: ({ use }) => void use('db', {}, { check: () => 'no connection' }) });
    await ill.service.start();
    expect([ill.service.state, await ill.ask('/startup'), await ill.ask('/ready')]).toEqual([
      'degraded',
      200,
      503,
    ]);
    expect(ill.lines.at(-1)).toMatchObject({ msg: 'degraded' });
  });

  test('shows state, version and time of the start as metrics', async () => {
    const { service, metrics } = probe({}, { version: '1.2.3' });
    expect(await metrics.exposition()).toContain('service_state{state="created"} 1\n');
    await service.start();
    const text = await metrics.exposition();
    expect(text).toContain('service_state{state="created"} 0\n');
    expect(text).toContain('service_state{state="ready"} 1\n');
    expect(text).toContain('service_build_version{service="probe",version="1.2.3"} 1\n');
    expect(text).toContain('service_start_timestamp_seconds 1700000000\n');
  });
});

describe('a start that was cut', () => {
  const hanging = async (options = {}) => {
    const opening = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    const late: unknown[] = [];
    const { service, clock } = probe(
      {
        onStart: async ({ use }) => {
          begun.resolve(undefined);
          await opening.promise;
          try {
            use('db', { close: () => late.push('closed') });
          } catch (error) {
            late.push(error);
          }
        },
      },
      options,
    );
    const started = service.start().catch((error: unknown) => error);
    await begun.promise;
    await over(clock, service.stop());
    return { service, clock, opening, late, started };
  };

  test('takes over nothing more: what it opens afterwards is closed at once', async () => {
    const { clock, opening, late } = await hanging({ stopTimeoutMs: 500 });
    opening.resolve(undefined);
    await clock.turn();
    expect(late).toEqual(['closed', expect.objectContaining({ code: 'SERVICE_STOPPED' })]);
  });

  test('leaves no timer, whatever it does afterwards', async () => {
    const { clock, opening, started, service } = await hanging({ stopTimeoutMs: 500 });
    opening.resolve(undefined);
    await clock.turn();
    expect(clock.nextDueMs).toBe(Infinity);
    expect([await started, service.state]).toEqual([
      expect.objectContaining({ code: 'SERVICE_STOPPED' }),
      'stopped',
    ]);
  });

  test('while it read its configuration never listens', async () => {
    const reading = Promise.withResolvers<{ text: string }>();
    const calls: string[] = [];
    const { ports, clock } = world();
    const service = createService(
      {
        name: 'keyed',
        config: z.strictObject({ key: secret() }),
        stopTimeoutMs: 500,
        routes: () => void calls.push('routes'),
      },
      { ...ports, env: { KEYED_KEY: 'vault:key' }, vault: { read: () => reading.promise } as never },
    );
    const started = service.start().catch((error: unknown) => error);
    await clock.turn();
    const report = await over(clock, service.stop(), 100);
    expect(report.steps[0]).toMatchObject({ name: 'start' });
    reading.resolve({ text: 'sesame' });
    await turns(clock, 50);
    expect(await started).toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(() => service.address).toThrow('has no address');
    expect([calls, clock.nextDueMs]).toEqual([[], Infinity]);
  });
});

describe('a definition instead of a class', () => {
  test('has the same life: hooks, one promise each, same order', async () => {
    const calls: string[] = [];
    const { ports, clock } = world();
    const service = createService(
      {
        name: 'quotes',
        onStart: ({ use }) => void use('db', { close: () => calls.push('close db') }),
        routes: (app) => void app.get('/quote', () => ({ price: '1.5' })),
        onDrain: () => void calls.push('onDrain'),
        onStop: () => void calls.push('onStop'),
      },
      ports,
    );
    stopAfterwards(clock, service);
    const both = [service.start(), service.start()];
    expect(both[0]).toBe(both[1]);
    expect(await both[0]).toBe(service);
    expect((await service.inject({ url: '/quote' })).json()).toEqual({ price: '1.5' });
    const stops = [service.stop('deploy'), service.stop()];
    expect(stops[0]).toBe(stops[1]);
    expect((await stops[0])?.reason).toBe('deploy');
    expect([calls, service.state]).toEqual([['onDrain', 'onStop', 'close db'], 'stopped']);
  });

  test('needs no hook at all', async () => {
    const { ports } = world();
    const service = await createService({ name: 'bare' }, ports).start();
    expect([service.name, service.version, service.address]).toEqual(['bare', '0.0.0', service.adminAddress]);
    expect(stepsOf(await service.stop())).toEqual([
      'work done',
      'requests done',
      'close flags done',
      'audit done',
      'logs done',
    ]);
  });
});

describe('before the start', () => {
  test.each(['config', 'flags', 'flagControl', 'address', 'adminAddress'] as const)(
    '%s is refused with a code',
    (what) => {
      const { service } = probe();
      expect(() => service[what]).toThrow(
        expect.objectContaining({
          code: 'SERVICE_STOPPED',
          message: expect.stringMatching(/^probe is created and has no /) as string,
        }),
      );
    },
  );

  test('an answer without a socket is refused with a code', async () => {
    const { service } = probe();
    await expect(service.inject({ url: '/live' })).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
  });

  test('log, metrics, health and tracing are there', () => {
    const { service, ports } = probe();
    expect([service.log, service.metrics]).toEqual([ports.logger, ports.metrics]);
    expect(service.health.status).toBe('up');
    expect(service.tracing.span('made before the start', {}, () => 1)).toBe(1);
  });
});

test('a listener of its own for probes and metrics has an address of its own', async () => {
  const { service, ask } = probe({}, { adminPort: 0 });
  await service.start();
  expect(service.adminAddress).not.toBe(service.address);
  expect((await fetch(`${service.adminAddress}/live`)).status).toBe(200);
  expect(await ask('/live')).toBe(404);
});

test('logs are flushed each second while the service runs', async () => {
  const { service, clock, flushes } = probe();
  await service.start();
  clock.advance(999);
  expect(flushes()).toBe(0);
  clock.advance(1);
  expect(flushes()).toBe(1);
});

test('with the ports of the machine: its clock, and a log of its own at the level that is set', async () => {
  const service = new Probe(
    { logLevel: 'error' },
    { clock: new SystemClock(), signals: new EventEmitter(), env: {} },
    {},
  );
  expect((service.log as LeveledLogger).level).toBe('error');
  await service.start();
  expect((await service.stop()).tookMs).toBeGreaterThan(0);
});

test('a start that hangs on what does not answer is no reason for /live to fail', async () => {
  const { service, get, clock } = probe({
    onStart: ({ use }) => void use('db', {}, { check: never, timeoutMs: 1000 }),
  });
  const started = service.start();
  while (service.calls.at(-1) !== 'onStart') await clock.turn();
  expect(await Promise.all([get('/live'), get('/ready')])).toEqual([200, 503]);
  await over(clock, started);
  expect([service.state, await get('/live')]).toEqual(['degraded', 200]);
});
