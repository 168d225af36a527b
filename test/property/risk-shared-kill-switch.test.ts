import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { FIRM, type Scope, scopeKey } from '../../src/risk/index.ts';
import { ANN, MONITOR } from '../risk/support/kill-switch.ts';
import {
  KEY,
  type Member,
  type SharedStore,
  type Firm,
  firm,
  join,
  poll,
  reachOf,
  settled,
} from '../risk/shared/support/firm.ts';

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

/** A trip that tightened something in one process. */
interface Made {
  readonly who: number;
  readonly scope: Scope;
  readonly severity: 1 | 2;
}

/** Ids of trips that were released as far as the entry says. */
async function buried({ server }: Firm): Promise<readonly string[]> {
  const entry = await server.store.get(KEY);
  const value = entry?.value as { readonly tombstones: readonly { readonly id: string }[] } | undefined;
  return value?.tombstones.map(({ id }) => id) ?? [];
}

describe('SharedKillSwitch over several processes', () => {
  test.prop([steps], { numRuns: 250 })(
    'what was tripped anywhere and not released since is in force everywhere; what was released, nowhere',
    async (script) => {
      const world = firm();
      const reach = [0, 1, 2].map(() => reachOf(world));
      const members = await Promise.all(reach.map((store) => join(world, { store })));
      /** The least that must stand, by scope: since the last release that counted, and of before it what that did not release. */
      const least = new Map(SCOPES.map((one) => [scopeKey(one), 0]));
      /** By id, what may not have been released by anybody. */
      const made = new Map<string, Made>();
      /** Forgets what a process made where it may stand under another id, or not be remembered, by now. */
      const forget = (who: number, key: string): void => {
        for (const [id, one] of made) if (one.who === who && scopeKey(one.scope) === key) made.delete(id);
      };
      /** Whether anything was tripped since the last release, so that "nowhere" cannot be asked for. */
      const tripped = new Set<string>();
      /** Tripped again in a process that has not looked since: its next look trips it anew, should it be released until then. */
      const repeated = new Set<string>();
      /** Where a release failed that the store may have taken: it counts elsewhere until the trip that was made anew has arrived. */
      const doubtful = new Set<string>();
      for (const step of script) {
        switch (step.do) {
          case 'trip': {
            const key = scopeKey(step.scope);
            const { killSwitch } = members[step.who] as Member;
            const isRepeated = standing(members[step.who] as Member, step.scope) >= SEVERITY[step.to];
            if (isRepeated) repeated.add(key);
            forget(step.who, key); // a stricter one of the same process stands for it
            const order = { scope: step.scope, to: step.to, reason: 'why', by: MONITOR } as const;
            const { id } = (await killSwitch.trip(order)).record;
            if (!isRepeated && id !== undefined)
              made.set(id, { who: step.who, scope: step.scope, severity: SEVERITY[step.to] });
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
              const isDoubtful = doubtful.has(key);
              if (reach[step.who]?.failsAfterWrite === true) doubtful.add(key);
              if (isDoubtful) break;
              // Nothing is looser here than it was, but for what somebody else has released before.
              const atLeast = Math.min(before[step.who] ?? 0, least.get(key) ?? 0);
              expect(standing(members[step.who] as Member, step.scope)).toBeGreaterThanOrEqual(atLeast);
              break;
            }
            // What somebody had tripped out of reach was not released with it.
            for (const id of await buried(world)) made.delete(id);
            const unreleased = [...made.values()].filter((one) => scopeKey(one.scope) === key);
            least.set(key, Math.max(0, ...unreleased.map(({ severity }) => severity)));
            if (isKnown && !repeated.has(key) && unreleased.length === 0) tripped.delete(key);
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
            const kept = new Set(again.killSwitch.records().map(({ id }) => id));
            for (const [id, { who }] of made) if (who === step.who && !kept.has(id)) made.delete(id);
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
            if (reach.every(({ isAway, failsAfterWrite }) => !isAway && !failsAfterWrite)) {
              repeated.clear();
              doubtful.clear();
            }
            break;
          case 'quiet':
            await settled();
            break;
        }
        for (const id of await buried(world)) made.delete(id);
        for (const one of made.values())
          expect(standing(members[one.who] as Member, one.scope)).toBeGreaterThanOrEqual(one.severity);
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
