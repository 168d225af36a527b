import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ANN } from '../desk/support/limit-world.ts';
import { FIRM_LIMIT, ShareWorld, amounts } from '../desk/limits/shares/support.ts';

const DESKS = ['a', 'b', 'c'] as const;
const desk = fc.constantFrom(...DESKS);
const steps = fc.array(
  fc.record({
    do: fc.constantFrom('move', 'move', 'look', 'look', 'restart', 'cancel', 'lose', 'total' as const),
    desk,
    to: desk,
    amount: fc.integer({ min: 1, max: 60 }),
    /** After how many steps of its work the process dies. */
    diesAfter: fc.option(fc.nat({ max: 9 }), { nil: -1 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('LimitShares over several desks', () => {
  test.prop([steps], { numRuns: 300 })(
    "at no moment is more in force than the limit of the firm, whoever dies between which steps; in the end it is within what the firm has then, and all of it somebody's if nothing was lost",
    async (script) => {
      const world = new ShareWorld();
      await world.shareOut();
      world.onStep = () => {
        expect(world.sum).toBeLessThanOrEqual(FIRM_LIMIT);
      };
      const desks = new Map<string, Awaited<ReturnType<ShareWorld['open']>>['shares']>();
      for (const one of DESKS) desks.set(one, (await world.open(one)).shares);
      const of = (one: string) => desks.get(one) as NonNullable<ReturnType<typeof desks.get>>;
      for (const { do: what, desk: who, to, amount, diesAfter } of script) {
        world.left = diesAfter;
        const waiting = of(who).record?.moves[0]?.id ?? 'none';
        const why = { by: ANN, reason: 'why' };
        if (what === 'move')
          await of(who)
            .move({ from: who, to, amounts: amounts(amount), ...why })
            .catch(() => undefined);
        if (what === 'look') await of(who).look();
        if (what === 'lose') await world.server.delete('limit-shares');
        if (what === 'total') {
          // As much of the firm as the desk is to have less or more.
          const { record } = of(who);
          const had = Number(record?.shares[who]?.maxTotalExposure ?? 0);
          const firm = Number(record?.firm.maxTotalExposure ?? 0) + amount - had;
          const isLess = amount <= had;
          if (isLess)
            await of(who)
              .changeFirm({ firm: amounts(firm), shares: { [who]: amounts(amount) }, ...why })
              .catch(() => undefined);
        }
        if (what === 'cancel')
          await of(who)
            .cancel(waiting, why)
            .catch(() => undefined);
        const isDead = world.left === 0;
        world.left = -1;
        if (isDead || what === 'restart') desks.set(who, (await world.open(who)).shares);
        expect(world.sum).toBeLessThanOrEqual(FIRM_LIMIT);
      }
      for (const one of [...DESKS, ...DESKS, ...DESKS]) await of(one).look();
      const { record } = of('a');
      expect([record?.moves, record?.missing]).toEqual([[], []]);
      expect(world.sum).toBeLessThanOrEqual(Number(record?.firm.maxTotalExposure));
      const isWhole = script.every(({ do: what }) => what !== 'lose' && what !== 'total');
      if (isWhole) expect(world.sum).toBe(FIRM_LIMIT);
    },
    60_000,
  );
});
