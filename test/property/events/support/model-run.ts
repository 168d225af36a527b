import { fc } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { EventBusUnderTest } from '../../../../src/testing/index.ts';
import { BusWorld } from './bus-world.ts';
import { type BusModel, busCommands } from './bus-commands.ts';

export interface ModelRun {
  readonly runs: number;
  readonly maxCommands: number;
  /** How long the end may take: every group has to come to it. */
  readonly patienceMs: number;
  readonly seed?: number;
  readonly timeLimitMs?: number;
  /** Fails with the first history that does, not with the shortest. */
  readonly isHasty?: boolean;
}

/** Runs histories of a bus, and fails with the shortest one that shows something that must not be. */
export async function runModel(
  open: () => Promise<EventBusUnderTest>,
  { runs, maxCommands, patienceMs, seed, timeLimitMs, isHasty }: ModelRun,
): Promise<void> {
  const history = fc.asyncProperty(busCommands(maxCommands), async (commands) => {
    const subject = await open();
    try {
      const world = await BusWorld.begin(subject);
      const model: BusModel = {};
      await fc.asyncModelRun(() => ({ model, real: world }), commands);
      expect(await world.end(patienceMs)).toEqual([]);
    } finally {
      await subject.dispose();
    }
  });
  await fc.assert(history, {
    numRuns: runs,
    ...(isHasty !== undefined && { endOnFailure: isHasty }),
    ...(seed !== undefined && { seed }),
    ...(timeLimitMs !== undefined && { interruptAfterTimeLimit: timeLimitMs }),
  });
}
