import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FIRM, type Scope, scopeKey } from '../../src/risk/index.ts';
import { ANN, MONITOR } from '../risk/support/kill-switch.ts';
import { type Member, SharedStore, firm, join, poll, reachOf, settled } from '../risk/shared/support/firm.ts';

const SCOPES: readonly Scope[] = [FIRM, { kind: 'account', id: 'acc' }];
const SEVERITY = { active: 0, reducing: 1, halted: 2 } as const;
const who = fc.nat({ max: 2 });
const scope = fc.constantFrom(...SCOPES);

type Step =
  | { readonly do: 'trip'; readonly who: number; readonly scope: Scope; readonly to: 'reducing' | 'halted' }
  | { readonly do: 'release'; readonly who: number; readonly scope: Scope }
  | { readonly do: 'away' | 'back' | 'restart' | 'late'; readonly who: number }
  | { readonly do: 'lose' | 'poll' | 'quiet' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('trip' as const),
        who,
        scope,
        to: fc.constantFrom('reducing' as const, 'halted' as const),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), who, scope }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('away', 'back', 'restart', 'late' as const), who }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('lose', 'poll', 'poll', 'quiet' as const) }) },
  ),
  { minLength: 1, maxLength: 25 },
);

const standing = ({ killSwitch }: Member, of: Scope): 0 | 1 | 2 => {
  const record = killSwitch.records().find((one) => scopeKey(one.scope) === scopeKey(of));
  return SEVERITY[record?.state ?? 'active'];
};

describe('SharedKillSwitch over several processes', () => {
  test.prop([steps], { numRuns: 250 })(
    'what was tripped anywhere and not released since is in force everywhere; what was released, nowhere',
    async (script) => {
      const world = firm();
      const reach = [0, 1, 2].map(() => reachOf(world));
      const members = await Promise.all(reach.map((store) => join(world, { store })));
      /** The least that must stand, by scope, since the last release that counted; 0 after one. */
      const least = new Map(SCOPES.map((one) => [scopeKey(one), 0]));
      /** Whether anything was tripped since the last release, so that "nowhere" cannot be asked for. */
      const tripped = new Set<string>();
      /** Tripped again in a process that has not looked since: its next look trips it anew, should it be released until then. */
      const repeated = new Set<string>();
      for (const step of script) {
        switch (step.do) {
          case 'trip': {
            const key = scopeKey(step.scope);
            const { killSwitch } = members[step.who] as Member;
            if (standing(members[step.who] as Member, step.scope) >= SEVERITY[step.to]) repeated.add(key);
            await killSwitch.trip({ scope: step.scope, to: step.to, reason: 'why', by: MONITOR });
            least.set(key, Math.max(least.get(key) ?? 0, SEVERITY[step.to]));
            tripped.add(key);
            expect(standing(members[step.who] as Member, step.scope)).toBeGreaterThanOrEqual(
              SEVERITY[step.to],
            );
            break;
          }
          case 'release': {
            const key = scopeKey(step.scope);
            const before = members.map((member) => standing(member, step.scope));
            const isKnown = members.every(({ shared }) => shared.status.unshared === 0);
            const { shared } = members[step.who] as Member;
            const isReleased = await shared
              .release({ scope: step.scope, confirm: key, reason: 'checked', by: ANN })
              .then(
                () => true,
                () => false,
              );
            if (!isReleased) {
              // Nothing is looser here than it was, but for what somebody else has released before.
              const atLeast = Math.min(before[step.who] ?? 0, least.get(key) ?? 0);
              expect(standing(members[step.who] as Member, step.scope)).toBeGreaterThanOrEqual(atLeast);
              break;
            }
            // What somebody had tripped out of reach was not released with it.
            least.set(key, 0);
            if (isKnown && !repeated.has(key)) tripped.delete(key);
            break;
          }
          case 'away':
            (reach[step.who] as SharedStore).isAway = true;
            break;
          case 'back':
            (reach[step.who] as SharedStore).isAway = false;
            break;
          case 'late':
            (reach[step.who] as SharedStore).failsAfterWrite = !(reach[step.who] as SharedStore)
              .failsAfterWrite;
            break;
          case 'restart': {
            const { disk, shared } = members[step.who] as Member;
            const own = [...(members[step.who] as Member).killSwitch.records()];
            await shared.close();
            const again = await join(world, { disk, store: reach[step.who] as SharedStore });
            members[step.who] = again;
            if ((reach[step.who] as SharedStore).isAway)
              for (const record of own)
                expect(standing(again, record.scope)).toBeGreaterThanOrEqual(SEVERITY[record.state]);
            break;
          }
          case 'lose':
            await world.server.lose();
            break;
          case 'poll':
            await poll(world);
            if (reach.every(({ isAway, failsAfterWrite }) => !isAway && !failsAfterWrite)) repeated.clear();
            break;
          case 'quiet':
            await settled();
            break;
        }
      }
      for (const own of reach) {
        own.isAway = false;
        own.failsAfterWrite = false;
      }
      for (let round = 0; round < 4; round += 1) await poll(world);
      for (const one of SCOPES) {
        const now = members.map((member) => standing(member, one));
        const key = scopeKey(one);
        for (const severity of now) expect(severity).toBeGreaterThanOrEqual(least.get(key) ?? 0);
        expect(new Set(now).size).toBe(1);
        if (!tripped.has(key)) expect(now).toEqual([0, 0, 0]);
      }
      // The entry has come to rest.
      const before = reach.map(({ writes }) => writes);
      for (let round = 0; round < 2; round += 1) await poll(world);
      expect(reach.map(({ writes }) => writes)).toEqual(before);
    },
    60_000,
  );
});
