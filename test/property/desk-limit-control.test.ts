import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { JsonValue, SetOptions } from '../../src/storage/index.ts';
import { ANN, ScriptedAudit, WRITE_MS, execution, limitWorld, risk } from '../desk/support/limit-world.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';

/** Largest position in lots at a mark of 100, and collar in bps: what the engines of the world judge. */
interface Model {
  readonly lots: number;
  readonly collarBps: number;
}

const sets: fc.Arbitrary<Partial<Model>> = fc
  .record({
    lots: fc.integer({ min: 0, max: 20 }),
    collarBps: fc.integer({ min: 0, max: 20 }).map((n) => n * 100),
  })
  .chain((whole) =>
    fc.constantFrom<Partial<Model>>(whole, { lots: whole.lots }, { collarBps: whole.collarBps }),
  );

const outcomes = fc.constantFrom('written', 'refused', 'late', 'never', 'unaudited' as const);
const steps = fc.array(
  fc.record({ asked: fc.array(sets, { minLength: 1, maxLength: 3 }), outcome: outcomes }),
  {
    minLength: 1,
    maxLength: 8,
  },
);

const QUANTITIES = Array.from({ length: 21 }, (_, index) => index + 1);

/** The largest quantity and the highest price that pass. */
const reach = (world: Awaited<ReturnType<typeof limitWorld>>): Model => ({
  lots: QUANTITIES.filter((qty) => world.passes(qty)).length,
  collarBps: 100 * QUANTITIES.filter((beyond) => !world.collared(100 + beyond)).length,
});

const tightest = (all: readonly Partial<Model>[]): Model => ({
  lots: Math.min(...all.map(({ lots = Infinity }) => lots)),
  collarBps: Math.min(...all.map(({ collarBps = Infinity }) => collarBps)),
});

/** Lets a test look whenever something is about to be written, and when it has been. */
class WatchedStore extends ScriptedStateStore {
  look: () => void = () => undefined;

  override async set(key: string, value: JsonValue | object, options?: SetOptions) {
    this.look();
    try {
      return await super.set(key, value, options);
    } finally {
      this.look();
    }
  }
}

describe('limits that change', () => {
  test.prop([steps], { numRuns: 200 })(
    'between the call and the disk nothing passes that either set denies; then exactly the new set decides',
    async (script) => {
      const store = new WatchedStore();
      const audit = new ScriptedAudit();
      const world = await limitWorld({ store, audit });
      const start = await world.control.change({
        risk: risk('500'),
        execution: execution(500),
        by: ANN,
        reason: 'start',
      });
      expect(start.kind).toBe('changed');
      let adopted: Model = { lots: 5, collarBps: 500 };
      let unsettled: Model | undefined;
      let failed: Partial<Model>[] = [];

      for (const { asked, outcome } of script) {
        store.mode =
          outcome === 'refused'
            ? 'refuse'
            : outcome === 'written' || outcome === 'unaudited'
              ? 'write'
              : 'wait';
        audit.mode = outcome === 'unaudited' ? 'refuse' : 'take';
        const settled = [adopted, ...failed];
        const begun: Partial<Model>[] = [];
        const changes: Promise<unknown>[] = [];
        for (const set of asked) {
          begun.push(set);
          changes.push(
            world.control
              .change({
                ...(set.lots !== undefined && { risk: risk(String(set.lots * 100)) }),
                ...(set.collarBps !== undefined && { execution: execution(set.collarBps) }),
                by: ANN,
                reason: 'because',
              })
              .then(
                () => {
                  adopted = { ...(unsettled ?? adopted), ...set };
                  unsettled = undefined;
                  failed = [];
                },
                () => {
                  unsettled = { ...(unsettled ?? adopted), ...set };
                  failed.push(set);
                },
              ),
          );
          // Within the call.
          expect(reach(world)).toEqual(tightest([...settled, ...begun]));
        }
        // With one change at a time, also whenever the disk is asked and has answered.
        const seen: Model[] = [];
        if (asked.length === 1) store.look = () => void seen.push(reach(world));
        for (let turns = 0; turns < asked.length; turns += 1) {
          await settle();
          if (outcome === 'late') {
            store.mode = 'write';
            store.answer();
            await settle();
            store.mode = 'wait';
          }
          if (outcome === 'never') world.clock.advance(WRITE_MS);
        }
        await Promise.all(changes);
        store.look = () => undefined;
        for (const within of seen) expect(within).toEqual(tightest([...settled, ...begun]));
        expect(reach(world)).toEqual(tightest([adopted, ...failed]));
        if (outcome === 'written' || outcome === 'late') expect(failed).toEqual([]);
        expect(world.control.status.kind).toBe(failed.length === 0 ? 'settled' : 'unsettled');
        if (outcome === 'never') {
          // What was given up may land now, and changes nothing that is in force.
          store.mode = 'write';
          for (const _ of asked) store.answer();
          await settle();
          expect(reach(world)).toEqual(tightest([adopted, ...failed]));
        }
      }

      store.mode = 'write';
      audit.mode = 'take';
      await world.control.retry();
      expect(reach(world)).toEqual(unsettled ?? adopted);
      expect(store.written.at(-1)).toMatchObject({ ...world.control.limits });
    },
  );
});
