import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { MemoryStateStore } from '../../src/storage/index.ts';
import { ANN } from '../desk/support/limit-world.ts';
import { FIRM_LIMIT, ShareWorld, amounts } from '../desk/limits/shares/support.ts';

const DESKS = ['a', 'b', 'c'] as const;
const desk = fc.constantFrom(...DESKS);
const steps = fc.array(
  fc.record({
    do: fc.constantFrom(
      'move',
      'move',
      'move',
      'look',
      'look',
      'look',
      'restart',
      'cancel',
      'lose',
      'total',
      'away',
      'keep',
      'go-back',
      'disk',
      'write',
    ),
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
    "at no moment is more in force than the limit of the firm, whoever dies between which steps, with the store away or gone back, on other disks, and while persons change limits; in the end it is within what the firm has then, and all of it somebody's if nothing was lost",
    async (script) => {
      const world = new ShareWorld();
      await world.shareOut();
      world.onStep = () => {
        expect(world.sum).toBeLessThanOrEqual(FIRM_LIMIT);
      };
      const desks = new Map<string, Awaited<ReturnType<ShareWorld['open']>>['shares']>();
      for (const one of DESKS) desks.set(one, (await world.open(one)).shares);
      const written = new Map<string, number>();
      const olderDisks = new Map(world.disks);
      let older = await world.server.get('limit-shares');
      const of = (one: string) => desks.get(one) as NonNullable<ReturnType<typeof desks.get>>;
      for (const { do: what, desk: who, to, amount, diesAfter } of script) {
        world.left = ['go-back', 'disk', 'write'].includes(what) ? -1 : diesAfter;
        const waiting = of(who).record?.moves[0]?.id ?? 'none';
        const why = { by: ANN, reason: 'why' };
        if (what === 'move')
          await of(who)
            .move({ from: who, to, amounts: amounts(amount), ...why })
            .catch(() => undefined);
        if (what === 'look') await of(who).look();
        if (what === 'lose') await world.server.delete('limit-shares');
        if (what === 'away') world.isAway = !world.isAway;
        if (what === 'keep') older = await world.server.get('limit-shares');
        if (what === 'go-back' && older !== undefined) {
          await world.server.set('limit-shares', older.value);
          // Whoever is there looks every second.
          world.isAway = false;
          for (const one of [who, ...DESKS]) await of(one).look();
        }
        if (what === 'disk') {
          const disk = olderDisks.get(who) as MemoryStateStore;
          olderDisks.set(who, world.disks.get(who) as MemoryStateStore);
          world.disks.set(who, disk);
          desks.set(who, (await world.open(who)).shares);
          // What is older than a desk that knows nothing of it cannot be told from what is true.
          older = await world.server.get('limit-shares');
        }
        if (what === 'write') {
          const limit = amount > 50 ? undefined : amount;
          if (limit === undefined) written.delete(who);
          else written.set(who, limit);
          await world.write(who, limit);
        }
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
        for (const [one, limit] of written)
          if (world.applied.has(one)) expect(world.inForce.get(one)).toBeLessThanOrEqual(limit);
      }
      world.isAway = false;
      for (const one of [...DESKS, ...DESKS, ...DESKS]) await of(one).look();
      // What nobody can be certain of is up to a person.
      const isThere = (await world.server.get('limit-shares')) !== undefined;
      const none = Object.fromEntries(DESKS.map((one) => [one, amounts(0)]));
      const why = { by: ANN, reason: 'why' };
      if (!isThere) await of('a').shareOut({ firm: amounts(0), shares: none, ...why });
      const isOpen = () => DESKS.some((one) => of(one).error !== undefined);
      for (let asked = 0; asked <= script.length && isOpen(); asked += 1) {
        const firm = of('a').record?.firm ?? amounts(0);
        await of('a').changeFirm({ firm, shares: none, ...why });
        for (const one of DESKS) await of(one).look();
      }
      for (const one of [...DESKS, ...DESKS, ...DESKS]) await of(one).look();
      const { record } = of('a');
      expect([record?.moves, record?.missing]).toEqual([[], []]);
      expect(world.sum).toBeLessThanOrEqual(Number(record?.firm.maxTotalExposure));
      const kept = ['move', 'look', 'restart', 'cancel', 'away', 'keep', 'disk'];
      if (script.every(({ do: what }) => kept.includes(what))) expect(world.sum).toBe(FIRM_LIMIT);
    },
    60_000,
  );
});
