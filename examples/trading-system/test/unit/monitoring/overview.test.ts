import { describe, expect, test } from 'vitest';
import { ROLES } from '../../../config.ts';
import type { FleetMember } from '../../../monitoring/fleet.ts';
import { type Sight, overviewOf } from '../../../monitoring/overview.ts';

const status = (role: 'active' | 'standby') => ({
  ...{ role, instance: 'trading-1', accountId: 'main', lease: { name: 'desk:main' } },
  ...{ tradingState: 'active' as const, orders: { working: 2, inDoubt: 1 } },
});

const member = (given: Partial<FleetMember> & Pick<FleetMember, 'role'>): FleetMember => ({
  ...{
    instance: 1,
    url: 'http://127.0.0.1:1',
    pid: 1,
    level: 'up',
    state: 'ready',
    problems: {},
    askedMs: 5,
  },
  ...(given.role === 'trading' && { trading: status('active') }),
  ...given,
});

const all = ROLES.map((role) => member({ role }));
const sight = (given: Partial<Sight> = {}): Sight => ({
  ...{ members: all, leaseName: 'desk:main', active: { owner: 'trading-1', url: 'http://127.0.0.1:1' } },
  ...{ killSwitch: { state: 'active', records: [], shared: true }, changes: [], atMs: 10 },
  ...given,
});

describe('the level', () => {
  test('is up when all are', () => {
    expect(overviewOf(sight())).toMatchObject({ level: 'up', missing: [], atMs: 10 });
  });

  test('is down when a service is missing', () => {
    const members = all.filter(({ role }) => role !== 'risk');
    expect(overviewOf(sight({ members }))).toMatchObject({ level: 'down', missing: ['risk'] });
  });

  test('is down when nobody trades', () => {
    const members = all.map((one) => (one.role === 'trading' ? { ...one, trading: status('standby') } : one));
    expect(overviewOf(sight({ members })).level).toBe('down');
  });

  test('is down when the only process of a service is', () => {
    const members = all.map((one) => (one.role === 'risk' ? { ...one, level: 'down' as const } : one));
    expect(overviewOf(sight({ members })).level).toBe('down');
  });

  test('is degraded when another process of the service is up', () => {
    const members = [...all, member({ role: 'signals', instance: 2, level: 'down' })];
    expect(overviewOf(sight({ members })).level).toBe('degraded');
    expect(overviewOf(sight({ members: members.reverse() })).level).toBe('degraded');
  });
});

describe('while the shared state does not answer', () => {
  const problem = { reason: 'redis: no answer', sinceMs: 10 };

  test.each([
    [10, 'degraded'],
    [5_009, 'degraded'],
    [5_010, 'down'],
  ])('at %d the level is %s, with the reason', (atMs, level) => {
    expect(overviewOf(sight({ atMs, problem }))).toMatchObject({ level, problem });
  });

  test('what is down stays down', () => {
    expect(overviewOf(sight({ members: [], problem })).level).toBe('down');
  });
});

describe('trading', () => {
  test('says who trades, who stands by, who has the lease, and how many orders there are', () => {
    const standby = member({ role: 'trading', instance: 2, trading: status('standby') });
    expect(overviewOf(sight({ members: [...all, standby] })).trading).toEqual({
      ...{ active: 1, standby: [2], orders: { working: 2, inDoubt: 1 } },
      lease: { name: 'desk:main', owner: 'trading-1', url: 'http://127.0.0.1:1' },
    });
  });

  test('says nothing that nobody knows', () => {
    expect(overviewOf(sight({ members: [], active: undefined })).trading).toEqual({ standby: [] });
  });
});

describe('the kill switch', () => {
  test('is what the risk service says', () => {
    const by = { kind: 'person' as const, id: 'ada' };
    const records = [
      { scope: { kind: 'firm' as const }, state: 'halted' as const, reason: 'drill', by, atMs: 1 },
    ];
    const killSwitch = { state: 'halted' as const, records, shared: true };
    expect(overviewOf(sight({ killSwitch })).killSwitch).toEqual({ state: 'halted', records });
  });

  test('without it, what the trading process says; without that, unknown', () => {
    expect(overviewOf(sight({ killSwitch: undefined })).killSwitch.state).toBe('active');
    expect(overviewOf(sight({ killSwitch: undefined, members: [] })).killSwitch.state).toBe('unknown');
  });
});
