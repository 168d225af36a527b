import { fc } from '@fast-check/vitest';
import { type BusWorld, type Fate, GROUPS, INSTRUMENTS } from './bus-world.ts';

/** Nothing: what may be done, and what has to be so, stands in `BusWorld`. */
export type BusModel = Record<string, never>;

type Step = fc.AsyncCommand<BusModel, BusWorld>;

const step = (
  name: string,
  run: (world: BusWorld) => Promise<void> | void,
  can = (_: BusWorld) => true,
): Step => ({
  check: () => true,
  async run(_model, world) {
    if (!can(world)) return;
    await run(world);
    if (world.violations.length > 0) throw new Error(world.violations.join('; '));
  },
  toString: () => name,
});

const group = fc.constantFrom(...GROUPS);
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom('refused' as const, 'poison' as const) },
);

/** Everything that can happen to a bus. */
export const busCommands = (maxCommands: number) =>
  fc.commands<BusModel, BusWorld, false>(
    [
      fc
        .tuple(fc.constantFrom(...INSTRUMENTS), fc.array(fate, { minLength: 1, maxLength: 8 }), fc.boolean())
        .map(([instrument, fates, isAwaited]) =>
          step(`publish ${instrument} ${fates.join(',')}${isAwaited ? '' : ', not awaited'}`, (world) =>
            world.publish(instrument, fates, isAwaited),
          ),
        ),
      fc
        .tuple(fc.constantFrom(...INSTRUMENTS), fc.array(fate, { minLength: 1, maxLength: 8 }), fc.boolean())
        .map(([instrument, fates, isAwaited]) =>
          step(`publish ${instrument} ${fates.join(',')}${isAwaited ? '' : ', not awaited'}`, (world) =>
            world.publish(instrument, fates, isAwaited),
          ),
        ),
      fc.tuple(group, fc.boolean()).map(([name, isElsewhere]) =>
        step(
          `join ${name}${isElsewhere ? ' elsewhere' : ''}`,
          (world) => world.join(name, isElsewhere),
          (world) => world.membersOf(name) < 3,
        ),
      ),
      fc
        .tuple(group, fc.constantFrom(0, 1, 20))
        .map(([name, timeoutMs]) =>
          step(`leave ${name} within ${timeoutMs}`, (world) => world.leave(name, timeoutMs)),
        ),
      group.map((name) => step(`hold ${name}`, (world) => world.hold(name))),
      group.map((name) => step(`release ${name}`, (world) => world.release(name))),
      fc.integer({ min: 0, max: 5 }).map((turns) =>
        step(`wait ${turns}`, async () => {
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        }),
      ),
      fc.constant(
        step(
          'crash',
          (world) => world.crash(),
          (world) => world.canCrash,
        ),
      ),
      fc.constant(step('reopen', (world) => world.reopen())),
      fc.constant(
        step(
          'restart of the server',
          (world) => world.restart(),
          (world) => world.canRestart,
        ),
      ),
      group.map((name) => step(`requeue ${name}`, (world) => world.requeue(name))),
      fc.constant(step('replay', (world) => world.replay())),
    ],
    { maxCommands },
  );
