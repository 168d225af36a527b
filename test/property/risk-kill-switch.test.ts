import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock, person, system } from '../../src/core/index.ts';
import {
  FIRM,
  type KillRecord,
  KillSwitch,
  type Scope,
  type TradingState,
  scopeKey,
} from '../../src/risk/index.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';

const RUNS = { numRuns: 300 };
const SEVERITY = { active: 0, reducing: 1, halted: 2 } as const;

type Step =
  | { readonly kind: 'trip'; readonly scope: Scope; readonly to: 'reducing' | 'halted' }
  | { readonly kind: 'release'; readonly scope: Scope }
  | { readonly kind: 'disk'; readonly mode: ScriptedStateStore['mode'] }
  | { readonly kind: 'answer' | 'settle' };

const scopes = fc.constantFrom<Scope>(
  FIRM,
  { kind: 'account', id: 'acc' },
  { kind: 'strategy', id: 'strat' },
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('trip'),
    scope: scopes,
    to: fc.constantFrom<'reducing' | 'halted'>('reducing', 'halted'),
  }),
  fc.record({ kind: fc.constant('release'), scope: scopes }),
  fc.record({
    kind: fc.constant('disk'),
    mode: fc.constantFrom<ScriptedStateStore['mode']>('write', 'write', 'refuse', 'wait'),
  }),
  fc.record({ kind: fc.constantFrom('answer', 'answer', 'settle') }),
);
const histories = fc.array(steps, { minLength: 1, maxLength: 40, size: 'max' });

const stateIn = (records: readonly KillRecord[], scope: Scope): TradingState =>
  records.find((record) => scopeKey(record.scope) === scopeKey(scope))?.state ?? 'active';
const onDisk = (store: ScriptedStateStore): readonly KillRecord[] =>
  (store.written.at(-1) as { readonly records: readonly KillRecord[] }).records;

async function start() {
  const store = new ScriptedStateStore();
  const killSwitch = await KillSwitch.open({ store, clock: new ManualClock() }, true);
  const run = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'trip':
        void killSwitch.trip({ scope: step.scope, to: step.to, reason: 'x', by: system('x') });
        return;
      case 'release':
        killSwitch
          .release({ scope: step.scope, confirm: scopeKey(step.scope), reason: 'x', by: person('ann') })
          .catch(() => undefined);
        return;
      case 'disk':
        store.mode = step.mode;
        return;
      case 'answer':
        store.answer();
        await settle();
        return;
      case 'settle':
        await settle();
    }
  };
  return { store, killSwitch, run };
}

/** The disk recovers, and all that waits goes on. */
async function recover(store: ScriptedStateStore): Promise<void> {
  store.mode = 'write';
  for (let i = 0; i < 100; i += 1) store.answer();
  await settle();
}

describe('any history of trips, releases and a disk that fails or hangs', () => {
  test.prop([histories], RUNS)('a trip counts at once, and is never loosened by another', async (history) => {
    const { killSwitch, run } = await start();
    for (const step of history) {
      const before = killSwitch.records();
      const done = run(step);
      if (step.kind === 'trip') {
        const now = SEVERITY[stateIn(killSwitch.records(), step.scope)];
        expect(now).toBe(Math.max(SEVERITY[step.to], SEVERITY[stateIn(before, step.scope)]));
      }
      await done;
    }
  });

  test.prop([histories, scopes], RUNS)(
    'what counts is never looser than what is on disk',
    async (history, scope) => {
      const { store, killSwitch, run } = await start();
      for (const step of history) {
        await run(step);
        const [memory, disk] = [stateIn(killSwitch.records(), scope), stateIn(onDisk(store), scope)];
        expect(SEVERITY[memory]).toBeGreaterThanOrEqual(SEVERITY[disk]);
      }
    },
  );

  test.prop([histories, scopes], RUNS)(
    'nothing loosens but a release that was asked for since the last trip',
    async (history, scope) => {
      const { store, killSwitch, run } = await start();
      let mayLoosen = false;
      const severity = () => SEVERITY[stateIn(killSwitch.records(), scope)];
      for (const step of history) {
        const before = severity();
        if ('scope' in step && scopeKey(step.scope) === scopeKey(scope)) mayLoosen = step.kind === 'release';
        await run(step);
        expect(severity() >= before || mayLoosen).toBe(true);
      }
      const before = severity();
      await recover(store);
      expect(severity() >= before || mayLoosen).toBe(true);
    },
  );

  test.prop([histories], RUNS)(
    'once the disk is well and a trip is written, a restart finds what counts',
    async (history) => {
      const { store, killSwitch, run } = await start();
      for (const step of history) await run(step);
      await recover(store);
      await killSwitch.trip({
        scope: { kind: 'instrument', id: 'GOLD' },
        to: 'halted',
        reason: 'x',
        by: system('x'),
      });
      const reopened = await KillSwitch.open({ store, clock: new ManualClock() }, false);
      expect(reopened.records()).toEqual(killSwitch.records());
    },
  );
});
