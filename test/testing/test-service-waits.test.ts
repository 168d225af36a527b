import { createServer } from 'node:net';
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { ManualClock, SystemClock } from '../../src/core/index.ts';
import { BaseEnterpriseService, type ServicePorts } from '../../src/service/index.ts';
import { silentLogger } from '../../src/telemetry/index.ts';
import { type TestPorts, testService } from '../../src/testing/index.ts';

const START_MS = Date.UTC(2026, 0, 5, 12);
const hangs = () => new Promise<never>(() => undefined);

describe('ports', () => {
  /** Its constructor sets both, and one is taken. */
  class Fixed extends BaseEnterpriseService {
    static port = 0;

    constructor() {
      super({ name: 'fixed', port: Fixed.port, adminPort: Fixed.port, adminHost: '0.0.0.0' });
    }
  }

  test('are free wherever a class sets one, the one for operators too', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    Fixed.port = (taken.address() as { port: number }).port;
    const [first, second] = [await testService(Fixed), await testService(Fixed)];
    onTestFinished(async () => {
      await Promise.all([first.stop(), second.stop()]);
    });
    const addresses = [first, second].flatMap(({ service }) => [service.address, service.adminAddress]);
    expect(new Set(addresses).size).toBe(4);
    for (const address of addresses) expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,}$/);
  });

  test('are free beside overrides, and there is none for operators unless it is set', async () => {
    const { service, stop } = await testService(
      { name: 'quotes' },
      { overrides: { service: { port: 1, host: '0.0.0.0', stopTimeoutMs: 1 } } },
    );
    onTestFinished(async () => {
      await stop();
    });
    expect(service.address).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,}$/);
    expect(service.adminAddress).toBe(service.address);
  });
});

describe('a start', () => {
  test('that sleeps is seen through, timer by timer, no further than it waits', async () => {
    const seen: number[] = [];
    class Slow extends BaseEnterpriseService {
      constructor() {
        super({ name: 'slow' });
      }

      protected override async onStart(): Promise<void> {
        this.clock.every(40, () => seen.push(this.clock.monotonicMs()));
        await this.clock.sleep(100, this.signal);
        await this.clock.sleep(20);
      }
    }
    const { service, clock, stop } = await testService(Slow);
    expect([service.state, clock.nowMs(), seen]).toEqual(['ready', START_MS + 120, [40, 80, 120]]);
    await stop();
  });

  test('that does not wait for the clock leaves it where it is, however long it takes', async () => {
    const { clock, stop } = await testService({
      name: 'busy',
      onStart: () => new SystemClock().sleep(120),
    });
    expect(clock.nowMs()).toBe(START_MS);
    await stop();
  });

  test('a probe that takes real time is not late', async () => {
    const { service, clock, stop } = await testService({
      name: 'probing',
      onStart({ use }) {
        use('db', {}, { check: () => new SystemClock().sleep(120) });
      },
    });
    expect([service.state, clock.nowMs()]).toEqual(['ready', START_MS]);
    await stop();
  });

  test('a probe that hangs is late, and the start goes on', async () => {
    const { service, clock, stop } = await testService({
      name: 'probing',
      onStart({ use }) {
        use('db', {}, { check: hangs, timeoutMs: 700, critical: true });
      },
    });
    expect([service.state, clock.nowMs()]).toEqual(['degraded', START_MS + 700]);
    await stop();
  });
});

describe('a stop', () => {
  const draining = { name: 'draining', drainDelayMs: 5000 } as const;

  test.each(['stop', 'signal'] as const)('%s() goes through the delay of the drain', async (how) => {
    const tested = await testService(draining);
    const { tookMs, forced } = await (how === 'stop' ? tested.stop() : tested.signal('SIGTERM'));
    expect([tested.service.state, tookMs, forced]).toEqual(['stopped', 5000, false]);
    expect(tested.exits).toEqual(how === 'stop' ? [] : [0]);
  });

  test('goes on without work that never ends', async () => {
    const tested = await testService({ name: 'stuck', stopTimeoutMs: 3000 });
    void tested.service.run('stuck', hangs);
    expect(await tested.stop()).toMatchObject({ forced: true, tookMs: 3000 });
  });

  test('does not cut what takes real time', async () => {
    const flush = [{ name: 'traces', flush: () => new SystemClock().sleep(120) }];
    const { stop } = await testService({ name: 'flushing' }, { flush });
    expect(await stop()).toMatchObject({ forced: false, tookMs: 0 });
  });

  test('waits for the hand of the test, and goes on where that leaves off', async () => {
    const { service, stop, advance, inject } = await testService({
      ...draining,
      routes: (app) => void app.get('/slow', () => new SystemClock().sleep(200)),
    });
    const stopped = stop();
    await inject('/slow'); // answers after longer than the stop would stand still
    expect(service.state).toBe('draining');
    await advance(4999);
    expect(service.state).toBe('draining');
    expect((await stopped).tookMs).toBe(5000);
  });
});

describe('what a test may bring', () => {
  test('a manual clock of its own is that of the service and of the handle, and nobody else moves it', async () => {
    const clock = new ManualClock(7);
    const tested = await testService({ name: 'own', drainDelayMs: 1000 }, { clock });
    expect([tested.clock, tested.service.clock]).toEqual([clock, clock]);
    expect(tested.clock).toBe(clock);
    const stopped = tested.stop();
    await new SystemClock().sleep(120);
    expect([tested.service.state, clock.nowMs()]).toEqual(['draining', 7]);
    await tested.advance(1000);
    expect((await stopped).tookMs).toBe(1000);
  });

  test('on the clock of the machine, advance waits', async () => {
    const { clock, advance, stop } = await testService({ name: 'real' }, { clock: new SystemClock() });
    expectTypeOf(clock).toEqualTypeOf<SystemClock>();
    const beganMs = clock.monotonicMs();
    await advance(20);
    expect(clock.monotonicMs() - beganMs).toBeGreaterThanOrEqual(19);
    await stop();
  });

  test('log, signals and exit are caught: no type lets others in, and they are not taken', async () => {
    expectTypeOf<keyof TestPorts>().toEqualTypeOf<
      Exclude<keyof ServicePorts, 'logger' | 'signals' | 'exit' | 'freePorts'>
    >();
    const others = { logger: silentLogger, exit: () => expect.unreachable() };
    const tested = await testService({ name: 'caught' }, others as TestPorts);
    expect((await tested.signal('SIGINT')).reason).toBe('SIGINT');
    expect([tested.exits, tested.logs().map(({ msg }) => msg)]).toEqual([
      [0],
      ['ready', 'stopping', 'stopped'],
    ]);
  });
});
