import { EventEmitter } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock, PortcullisError, SystemClock } from '../../src/core/index.ts';
import {
  BaseEnterpriseService,
  type ServiceDeps,
  type ServiceOptions,
  type StartContext,
} from '../../src/service/index.ts';
import { correlation, createLogger, MetricsRegistry } from '../../src/telemetry/index.ts';

interface Line {
  msg: string;
  [key: string]: unknown;
}

interface Hooks {
  onStart?: (context: StartContext) => void | Promise<void>;
  onStop?: () => void | Promise<void>;
  routes?: (app: FastifyInstance) => void;
}

class Probe extends BaseEnterpriseService {
  readonly calls: string[] = [];
  readonly #hooks: Hooks;

  constructor(options: Partial<ServiceOptions>, deps: ServiceDeps, hooks: Hooks) {
    super({ name: 'probe', ...options }, deps);
    this.#hooks = hooks;
  }

  protected override onStart(context: StartContext): void | Promise<void> {
    this.calls.push('onStart');
    return this.#hooks.onStart?.(context);
  }

  protected override onStop(): void | Promise<void> {
    this.calls.push('onStop');
    return this.#hooks.onStop?.();
  }

  protected override routes(app: FastifyInstance): void {
    this.calls.push('routes');
    this.#hooks.routes?.(app);
  }
}

const services: Probe[] = [];
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

function probe(hooks: Hooks = {}, options: Partial<ServiceOptions> = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const lines: Line[] = [];
  let flushes = 0;
  const destination = {
    write: (line: string) => lines.push(JSON.parse(line) as Line),
    flushSync: () => {
      flushes += 1;
    },
  };
  const signals = new EventEmitter();
  const exits: number[] = [];
  const service = new Probe(
    options,
    {
      clock,
      logger: createLogger({ name: 'probe' }, { clock, destination }),
      metrics: new MetricsRegistry(),
      signals,
      exit: (code) => exits.push(code),
    },
    hooks,
  );
  services.push(service);
  const get = async (path: string) => {
    const answer = await fetch(`${service.address}${path}`);
    await answer.body?.cancel();
    return answer.status;
  };
  return { service, clock, lines, signals, exits, get, flushes: () => flushes };
}

const never = () => new Promise<never>(() => undefined);

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

  test.each([{ name: 'Has Blank' }, { port: 70_000 }, { prot: 1 }, { stopTimeoutMs: 0 }])(
    'refuses the options %j',
    (options) => {
      expect(() => probe({}, options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    },
  );

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
    expect(await Promise.all(both)).toEqual([service, service]);
    expect(service.calls).toEqual(['routes', 'onStart']);
    expect(service.state).toBe('ready');
    expect(lines).toEqual([expect.objectContaining({ msg: 'ready', address: service.address })]);
  });

  test('while it opens, /live is 200, /ready and own routes are 503', async () => {
    const opening = Promise.withResolvers<undefined>();
    const listening = Promise.withResolvers<undefined>();
    const { service, get } = probe({
      onStart: async () => {
        listening.resolve(undefined);
        await opening.promise;
      },
      routes: (app) => app.get('/status', () => 'ok'),
    });
    const started = service.start();
    await listening.promise;
    expect(await Promise.all(['/live', '/ready', '/status'].map(get))).toEqual([200, 503, 503]);
    opening.resolve(undefined);
    await started;
    expect(await Promise.all(['/live', '/ready', '/status'].map(get))).toEqual([200, 200, 200]);
  });

  test('that fails closes everything and says why', async () => {
    const cause = new Error('no database');
    const { service, signals, clock } = probe({
      onStart: () => {
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
    expect([service.state, service.calls.at(-1), signals.listenerCount('SIGTERM')]).toEqual([
      'failed',
      'onStop',
      0,
    ]);
    expect(clock.nextDueMs).toBe(Infinity);
    expect(() => service.address).toThrow(/is failed/);
    await expect(service.start()).rejects.toBe(failure);
    expect((await service.stop()).reason).toBe('start failed: Error: no database');
  });

  test('on a port that is taken fails without running onStart or onStop', async () => {
    const first = probe();
    await first.service.start();
    const port = Number(new URL(first.service.address).port);
    const second = probe({}, { port });
    await expect(second.service.start()).rejects.toThrow(/EADDRINUSE/);
    expect(second.service.calls).toEqual(['routes']);
    expect(second.service.state).toBe('failed');
  });

  test('with a route that is a chassis route fails', async () => {
    const { service } = probe({ routes: (app) => app.get('/metrics', () => 'mine') });
    await expect(service.start()).rejects.toThrow(/already declared/);
  });

  test('after a stop is refused', async () => {
    const { service } = probe();
    expect(await service.stop('never mind')).toEqual({
      reason: 'never mind',
      forced: false,
      tookMs: 0,
      steps: [],
    });
    await expect(service.start()).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(service.calls).toEqual([]);
  });
});

describe('stop', () => {
  test('takes its steps in order; calls share one report', async () => {
    const { service, lines, flushes } = probe();
    await service.start();
    const both = [service.stop('deploy'), service.stop('again')];
    expect(both[0]).toBe(both[1]);
    const report = await service.stop();
    expect(report).toEqual({
      reason: 'deploy',
      forced: false,
      tookMs: 0,
      steps: ['onStop', 'work', 'server', 'logs'].map((name) => ({ name, outcome: 'done', tookMs: 0 })),
    });
    expect(service.state).toBe('stopped');
    expect(lines.map(({ msg }) => msg)).toEqual(['ready', 'stopping', 'stopped']);
    expect(flushes()).toBeGreaterThan(0);
  });

  test('turns /ready to 503 first, while onStop runs and /live is 200', async () => {
    const seen: number[] = [];
    const probing = probe({
      onStop: async () => {
        seen.push(await probing.get('/ready'), await probing.get('/live'));
      },
    });
    await probing.service.start();
    await probing.service.stop();
    expect(seen).toEqual([503, 200]);
  });

  test('goes on after an onStop that throws', async () => {
    const { service } = probe({
      onStop: () => {
        throw new Error('no');
      },
    });
    await service.start();
    const report = await service.stop();
    expect([report.forced, report.steps[0]]).toEqual([
      false,
      { name: 'onStop', outcome: 'failed', tookMs: 0, error: 'Error: no' },
    ]);
    expect(report.steps.slice(1).map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
  });

  test('cuts an onStop that hangs at the deadline', async () => {
    const { service, clock } = probe({ onStop: never }, { stopTimeoutMs: 500 });
    await service.start();
    const stopped = service.stop();
    await clock.turn();
    clock.advance(500);
    const report = await stopped;
    expect([report.forced, report.tookMs, report.steps[0]]).toEqual([
      true,
      500,
      { name: 'onStop', outcome: 'cut', tookMs: 500 },
    ]);
    expect(service.state).toBe('stopped');
  });

  test('cuts a request that hangs at the deadline', async () => {
    const begun = Promise.withResolvers<undefined>();
    const { service, clock } = probe(
      {
        routes: (app) =>
          app.get('/hangs', () => {
            begun.resolve(undefined);
            return never();
          }),
      },
      { stopTimeoutMs: 500 },
    );
    await service.start();
    const request = fetch(`${service.address}/hangs`).catch((error: unknown) => error);
    await begun.promise;
    const stopped = service.stop();
    while (service.calls.at(-1) !== 'onStop') await clock.turn();
    for (let i = 0; i < 5; i++) await clock.turn();
    clock.advance(500);
    const report = await stopped;
    expect([report.forced, report.steps.find(({ name }) => name === 'server')]).toEqual([
      true,
      { name: 'server', outcome: 'cut', tookMs: 500 },
    ]);
    expect(await request).toBeInstanceOf(Error);
  });

  test('during a start that heeds the signal waits for it, and the start says so', async () => {
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
    expect(report.steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'start done',
      'onStop done',
      'work done',
      'server done',
      'logs done',
    ]);
    await expect(started).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(service.state).toBe('stopped');
  });

  test('during a start that hangs cuts it', async () => {
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
    const started = service.start();
    await begun.promise;
    const stopped = service.stop();
    await clock.turn();
    clock.advance(500);
    expect((await stopped).steps[0]).toEqual({ name: 'start', outcome: 'cut', tookMs: 500 });
    await expect(started).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
  });

  test('before it listens never runs onStart', async () => {
    const { service } = probe();
    const started = service.start();
    await service.stop();
    await expect(started).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    expect(service.calls).toEqual(['routes']);
  });
});

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'])('%s stops in order, then exits with 0', async (signal) => {
    const { service, signals, exits } = probe();
    await service.start();
    signals.emit(signal);
    expect((await service.stop()).reason).toBe(signal);
    expect(exits).toEqual([0]);
    expect(signals.listenerCount(signal)).toBe(0);
  });

  test('the exit code is 1 when a step failed', async () => {
    const { service, signals, exits } = probe({
      onStop: () => {
        throw new Error('no');
      },
    });
    await service.start();
    signals.emit('SIGTERM');
    await service.stop();
    expect(exits).toEqual([1]);
  });

  test('a second one, of either kind, exits at once with 1', async () => {
    const { service, signals, exits, clock } = probe({ onStop: never });
    await service.start();
    signals.emit('SIGINT');
    expect(exits).toEqual([]);
    signals.emit('SIGTERM');
    expect(exits).toEqual([1]);
    clock.advance(10_000);
    await clock.turn();
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
});

describe('run', () => {
  test('runs under a correlation id of its own, or the one at hand', async () => {
    const { service } = probe();
    await service.start();
    const fresh = await service.run('poll', ({ correlationId }) => [correlationId, correlation.id()]);
    expect(fresh[0]).toBe(fresh[1]);
    expect(correlation.isValid(fresh[0])).toBe(true);
    await correlation.run('req-1', () =>
      service.run('poll', ({ correlationId }) => {
        expect(correlationId).toBe('req-1');
      }),
    );
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

  test('is awaited by the stop, its signal aborted', async () => {
    const { service } = probe();
    await service.start();
    let ended = false;
    const work = service.run('loop', async ({ signal }) => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
    });
    await service.stop();
    expect(ended).toBe(true);
    await work;
  });

  test('that hangs is cut', async () => {
    const { service, clock } = probe({}, { stopTimeoutMs: 100 });
    await service.start();
    void service.run('hangs', never);
    const stopped = service.stop();
    for (let i = 0; i < 5; i++) await clock.turn();
    clock.advance(100);
    expect((await stopped).steps[1]).toEqual({ name: 'work', outcome: 'cut', tookMs: 100 });
  });

  test('is refused before the start and after the stop', async () => {
    const { service } = probe();
    await expect(service.run('poll', () => 1)).rejects.toMatchObject({ code: 'SERVICE_STOPPED' });
    await service.start();
    await service.stop();
    await expect(service.run('poll', () => 1)).rejects.toThrow('run poll: probe is stopped');
  });
});

test('logs are flushed each second while the service runs', async () => {
  const { service, clock, flushes } = probe();
  await service.start();
  clock.advance(999);
  expect(flushes()).toBe(0);
  clock.advance(1);
  expect(flushes()).toBe(1);
});

test('an injected system clock is taken as it is', async () => {
  const service = new Probe(
    { logLevel: 'error' },
    { clock: new SystemClock(), signals: new EventEmitter() },
    {},
  );
  services.push(service);
  await service.start();
  expect((await service.stop()).tookMs).toBeGreaterThan(0);
});
