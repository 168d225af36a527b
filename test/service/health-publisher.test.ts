import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { TRADING_EVENTS } from '../../src/events/index.ts';
import { Health } from '../../src/service/index.ts';
import { HealthPublisher } from '../../src/service/health-publisher.ts';
import { SERVICE_STATES } from '../../src/service/service-state.ts';
import { RecordingBus } from '../support/recording-bus.ts';

function world() {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  const health = new Health({ cacheMs: 0 }, { clock });
  const publisher = new HealthPublisher({ name: 'trader', version: '1.2.3' }, { bus, clock, health });
  return { clock, bus, health, publisher };
}

const STARTING = { service: 'trader', version: '1.2.3', state: 'starting', level: 'up', dependencies: {} };

describe('HealthPublisher', () => {
  test('tells each state once', () => {
    const { bus, publisher } = world();
    publisher.become('starting');
    publisher.become('starting');
    publisher.become('ready');
    expect(bus.published).toEqual([
      { type: 'system.health-changed', data: STARTING },
      { type: 'system.health-changed', data: { ...STARTING, state: 'ready' } },
    ]);
  });

  test('knows every state of a service, and no other', () => {
    const type = TRADING_EVENTS.get('system.health-changed');
    const isKnown = (state: string): boolean | undefined => type?.check({ ...STARTING, state }).success;
    expect(SERVICE_STATES.filter((state) => isKnown(state) !== true)).toEqual([]);
    expect(isKnown('asleep')).toBe(false);
  });

  test('tells of a dependency that goes down and comes back, and not each time that it is asked', async () => {
    const { bus, health, publisher } = world();
    let answer: true | string = true;
    health.add('db', () => answer, { critical: true });
    health.add('cache', () => true);
    publisher.become('ready');
    bus.take();
    await health.report();
    const db = { status: 'up', critical: true };
    const cache = { status: 'up', critical: false };
    expect(bus.take()).toEqual([{ ...STARTING, state: 'ready', dependencies: { db, cache } }]);
    await health.report();
    answer = 'no route';
    await health.report();
    answer = 'no other route';
    await health.report();
    expect(bus.take()).toEqual([
      {
        ...STARTING,
        state: 'ready',
        level: 'down',
        dependencies: { db: { ...db, status: 'down', reason: 'no route' }, cache },
      },
    ]);
    answer = true;
    await health.report();
    expect(bus.take()).toMatchObject([{ level: 'up', dependencies: { db: { status: 'up' } } }]);
  });

  test('a state that comes of a dependency is told with it, as one', async () => {
    const { bus, health, publisher } = world();
    let answer = true;
    health.add('db', () => answer);
    await health.report();
    health.onReport(({ report }) => {
      publisher.become(report.status === 'up' ? 'ready' : 'degraded');
    });
    publisher.become('ready');
    bus.take();
    answer = false;
    await health.report();
    expect(bus.take()).toMatchObject([{ state: 'degraded', level: 'degraded' }]);
  });
});
