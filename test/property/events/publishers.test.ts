import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ManualClock, person, system } from '../../../src/core/index.ts';
import type { DataQualityChanged, TradingStateChanged } from '../../../src/events/index.ts';
import { DataQualityPublisher } from '../../../src/market-data/index.ts';
import { KillSwitch, KillSwitchPublisher, type Restraint, scopeKey } from '../../../src/risk/index.ts';
import { MemoryStateStore } from '../../../src/storage/index.ts';
import type { DataProblem } from '../../../src/trading/index.ts';
import { RecordingBus } from '../../support/recording-bus.ts';

const codes = fc.constantFrom('STALE', 'CROSSED', 'CLOCK_OFFSET', 'DUPLICATE');
const problems = fc.uniqueArray(fc.record({ code: codes, blocking: fc.boolean() }), {
  maxLength: 4,
  selector: ({ code }) => code,
});
const EVERY_MS = 100;

test('whoever follows what is told of data knows their problems, and is told once for each interval', () => {
  const steps = fc.array(fc.record({ seen: problems, waitMs: fc.constantFrom(0, 0, 0, 40, 100) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const clock = new ManualClock();
      const bus = new RecordingBus();
      const publisher = new DataQualityPublisher({ everyMs: EVERY_MS }, { bus, clock });
      for (const { seen, waitMs } of all) {
        publisher.update({
          instrumentId: 'GOLD',
          problems: seen.map((one): DataProblem => ({ ...one, instrumentId: 'GOLD' })),
        });
        clock.advance(waitMs);
      }
      publisher[Symbol.dispose]();
      const told = bus.take() as DataQualityChanged[];
      const known = new Set<string>();
      for (const { began, ended, problems: now } of told) {
        for (const code of ended) expect(known.delete(code)).toBe(true);
        for (const code of began) known.add(code);
        expect(began.length + ended.length).toBeGreaterThan(0);
        expect([...known].sort()).toEqual(now.map(({ code }) => code).sort());
      }
      const last = all.at(-1)?.seen.filter(({ code }) => code !== 'DUPLICATE') ?? [];
      expect([...known].sort()).toEqual(last.map(({ code }) => code).sort());
      // One for each interval that has begun, and what is left at the end.
      expect(told.length).toBeLessThanOrEqual(Math.floor(clock.monotonicMs() / EVERY_MS) + 2);
    }),
  );
});

const scopes = fc.constantFrom(
  { kind: 'firm' } as const,
  { kind: 'account', id: 'main' } as const,
  { kind: 'account', id: 'other' } as const,
);
const restricted = fc.constantFrom('reducing' as const, 'halted' as const);
const actions = fc.oneof(
  fc.record({ kind: fc.constant('trip' as const), scope: scopes, to: restricted }),
  fc.record({ kind: fc.constant('release' as const), scope: scopes }),
  fc.record({ kind: fc.constant('restrain' as const), scope: scopes, to: restricted }),
  fc.record({ kind: fc.constant('lift' as const), which: fc.nat(5) }),
);

test('what is told of a kill switch is a chain for each scope that ends in its state, and no id comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 30 }), async (all) => {
      const clock = new ManualClock(1_000);
      const bus = new RecordingBus();
      const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
      const publisher = new KillSwitchPublisher({ bus, clock, killSwitch });
      const restraints: Restraint[] = [];
      for (const action of all) {
        if (action.kind === 'trip') {
          await killSwitch.trip({ ...action, reason: 'x', by: system('monitor') });
        } else if (action.kind === 'restrain') {
          restraints.push(killSwitch.restrain({ ...action, reason: 'x', by: system('desk') }));
        } else if (action.kind === 'lift') {
          restraints[action.which]?.[Symbol.dispose]();
        } else {
          const { scope } = action;
          await killSwitch
            .release({ scope, confirm: scopeKey(scope), reason: 'x', by: person('ada') })
            .catch(() => undefined); // not tripped
        }
      }
      publisher[Symbol.dispose]();
      const ids = bus.published.flatMap(({ options }) => options?.id ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      const state = new Map<string, string>();
      for (const { scope, from, to } of bus.take() as TradingStateChanged[]) {
        expect(from).toBe(state.get(scopeKey(scope)) ?? 'active');
        state.set(scopeKey(scope), to);
      }
      for (const { scope, state: strictest } of [...killSwitch.records(), ...killSwitch.restraints()])
        if (strictest === 'halted') expect(state.get(scopeKey(scope))).toBe('halted');
      const inForce = new Set(
        [...killSwitch.records(), ...killSwitch.restraints()].map(({ scope }) => scopeKey(scope)),
      );
      for (const [key, last] of state) expect(last === 'active').toBe(!inForce.has(key));
    }),
  );
});
