import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { bookDigest } from '../support/guard.ts';
import { replayAll } from '../support/replay-world.ts';
import { VerdictWorld, intents, verdictSteps, verdictWorlds } from '../support/verdict-world.ts';

const histories = fc.array(verdictSteps, { minLength: 5, maxLength: 50, size: 'max' });

describe('any history of a desk', () => {
  test.prop([verdictWorlds, histories], { numRuns: 300 })(
    'every verdict on record, made again, is the same',
    (options, history) => {
      const world = new VerdictWorld(options);
      for (const step of history) world.run(step);
      const replayed = replayAll(world.records);
      expect(replayed.filter(({ kind }) => kind !== 'same')).toEqual([]);
    },
  );

  test.prop([verdictWorlds, histories, intents], { numRuns: 300 })(
    'explaining says what is decided then, and leaves no trace',
    (options, history, asked) => {
      const world = new VerdictWorld(options);
      for (const step of history) world.run(step);
      const digest = () => [
        bookDigest(world.book, world.clock.monotonicMs()),
        world.guard.status(),
        world.policy.status(),
        world.policy.spentOn(world.path.dayId),
        world.guard.basis,
      ];
      const before = digest();
      const { decision, denials, order } = world.path.explain(asked);
      expect(digest()).toEqual(before);
      const decided = world.path.decide(asked);
      expect({ decision, denials, quantity: order?.quantity }).toEqual({
        decision: decided.kind,
        denials:
          decided.kind === 'denied'
            ? decided.denials
            : decided.kind === 'held' && decided.reduced !== undefined
              ? [decided.reduced]
              : [],
        quantity: decided.kind === 'held' ? decided.order.qty : undefined,
      });
    },
  );
});
