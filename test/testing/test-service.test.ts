import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { BaseEnterpriseService, createService, type ServiceApp } from '../../src/service/index.ts';
import { constructWith } from '../../src/service/service-ports.ts';
import { MetricsRegistry, silentLogger } from '../../src/telemetry/index.ts';
import { FakeFlags, type TestedService, testService } from '../../src/testing/index.ts';

class Quotes extends BaseEnterpriseService {
  constructor() {
    super({ name: 'quotes' });
  }
}

/** With something to do each second, a route, and a flag. */
class Polling extends BaseEnterpriseService {
  polls = 0;

  constructor() {
    super({ name: 'polling', logLevel: 'debug' });
  }

  protected override onStart(): void {
    const polling = this.clock.every(1000, () => {
      void this.run('poll', () => {
        this.polls += 1;
        this.log.info({ polls: this.polls }, 'polled');
      });
    });
    this.signal.addEventListener('abort', () => {
      polling[Symbol.dispose]();
    });
  }

  protected override routes(app: ServiceApp): void {
    app.post('/echo', (request) => request.body);
    app.get('/flag', async () => ({ on: await this.flags.getBooleanValue('new-router', false) }));
  }
}

const open: TestedService<unknown>[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tested) => tested.stop()));
});

const kept = <S>(tested: TestedService<S>): TestedService<S> => {
  open.push(tested);
  return tested;
};

describe('testService', () => {
  test('starts a class of two lines, and asks it without a socket', async () => {
    const { service, inject } = kept(await testService(Quotes));
    expect(service).toBeInstanceOf(Quotes);
    expect(service.state).toBe('ready');
    const ready = await inject('/ready');
    expect([ready.status, ready.json()]).toEqual([200, { status: 'ready', state: 'ready', down: [] }]);
  });

  test('starts a definition as well', async () => {
    const { service, inject } = kept(
      await testService({
        name: 'quotes',
        routes: (app) => void app.get('/quote', () => ({ price: '1.5' })),
      }),
    );
    expect([service.name, (await inject('/quote')).json()]).toEqual(['quotes', { price: '1.5' }]);
  });

  test('sends whatever a request needs', async () => {
    const { inject } = kept(await testService(Polling));
    const answer = await inject({
      method: 'POST',
      url: '/echo',
      payload: { a: 1 },
      headers: { 'x-correlation-id': 'mine' },
    });
    expect([answer.status, answer.json(), answer.headers['x-correlation-id']]).toEqual([
      200,
      { a: 1 },
      'mine',
    ]);
  });

  test('has a clock that stands at noon on a Monday until it is moved', async () => {
    const { service, clock, advance } = kept(await testService(Polling));
    expect(new Date(clock.nowMs()).toUTCString()).toBe('Mon, 05 Jan 2026 12:00:00 GMT');
    await advance(999);
    expect(service.polls).toBe(0);
    await advance(1);
    expect(service.polls).toBe(1);
    await advance(3000);
    expect(service.polls).toBe(4);
  });

  test('shows its metrics by name and labels', async () => {
    const { metrics, advance } = kept(await testService(Polling));
    await advance(2000);
    const shown = await metrics();
    expect(shown['trading_operations_total{operation="poll",outcome="ok"}']).toBe(2);
    expect(shown['service_state{state="ready"}']).toBe(1);
    expect(shown['trading_operation_duration_seconds_count{operation="poll",target="polling"}']).toBe(2);
  });

  test('shows what was logged, at any level', async () => {
    const { service, logs, advance } = kept(await testService(Polling));
    service.log.debug('in detail');
    await advance(1000);
    expect(logs().map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      'info ready',
      'debug in detail',
      'info polled',
    ]);
    expect(logs().at(-1)).toMatchObject({ polls: 1 });
  });

  test('sends signals, waits for the stop, and keeps the exit code from the process', async () => {
    const { service, signal, exits } = await testService(Polling);
    expect(await signal('SIGTERM')).toMatchObject({ reason: 'SIGTERM', forced: false });
    expect([service.state, exits]).toEqual(['stopped', [0]]);
  });

  test('leaves no listener at the process and no timer', async () => {
    const before = process.eventNames().map((name) => process.listenerCount(name));
    const { clock, stop } = await testService(Polling);
    expect(process.eventNames().map((name) => process.listenerCount(name))).toEqual(before);
    expect((await stop()).reason).toBe('stop() was called');
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('reads nothing of the environment but what the test gives', async () => {
    process.env['LOG_LEVEL'] = 'loud';
    try {
      const { inject } = kept(await testService(Polling, { env: { FLAG_NEW_ROUTER: 'on' } }));
      expect((await inject('/flag')).json()).toEqual({ on: true });
    } finally {
      delete process.env['LOG_LEVEL'];
    }
  });

  test('takes flags that the test sets by hand', async () => {
    const flags = new FakeFlags({ 'new-router': false });
    const { inject } = kept(await testService(Polling, { flags: flags.client }));
    expect((await inject('/flag')).json()).toEqual({ on: false });
    flags.set('new-router', true);
    expect((await inject('/flag')).json()).toEqual({ on: true });
  });

  test('takes any free port, whatever the service says, beside the overrides of the test', async () => {
    const definition = { name: 'quotes', port: 1, host: '0.0.0.0' } as const;
    const { service } = kept(await testService(definition));
    expect(service.address).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,}$/);
    const overridden = kept(
      await testService(definition, { overrides: { service: { drainDelayMs: 1000 } } }),
    );
    expect(overridden.service.address).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,}$/);
    const stopped = overridden.stop();
    await overridden.advance(999);
    expect(overridden.service.state).toBe('draining');
    await overridden.advance(1);
    expect((await stopped).tookMs).toBe(1000);
  });

  test('rejects as the start does', async () => {
    await expect(
      testService({ name: 'quotes', onStart: () => Promise.reject(new Error('no database')) }),
    ).rejects.toMatchObject({ code: 'SERVICE_START_FAILED' });
  });

  test('two at a time never meet', async () => {
    const [first, second] = [kept(await testService(Polling)), kept(await testService(Polling))];
    await first.advance(1000);
    expect([first.service.polls, second.service.polls]).toEqual([1, 0]);
    expect([first.logs().length, second.logs().length]).toEqual([2, 1]);
  });
});

describe('constructWith', () => {
  test('gives its ports to a service whose constructor takes none, and to that alone', () => {
    const service = constructWith({ logger: silentLogger }, () => new Quotes());
    expect(service.log).toBe(silentLogger);
    expect(new Quotes().log).not.toBe(silentLogger);
  });

  test('those that the service is given itself are stronger', () => {
    const own = new MetricsRegistry();
    const service = constructWith({ metrics: new MetricsRegistry(), logger: silentLogger }, () =>
      createService({ name: 'quotes' }, { metrics: own }),
    );
    expect([service.metrics, service.log]).toEqual([own, silentLogger]);
  });

  test('leaves nothing behind when the constructor throws, nor when one makes another', () => {
    expect(() =>
      constructWith({ logger: silentLogger }, () => createService({ name: 'Has Blank' })),
    ).toThrow();
    expect(new Quotes().log).not.toBe(silentLogger);
    const clock = new ManualClock();
    const outer = constructWith({ logger: silentLogger }, () => {
      constructWith({ clock }, () => new Quotes());
      return new Quotes();
    });
    expect(outer.log).toBe(silentLogger);
  });
});
