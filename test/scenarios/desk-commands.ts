import { person, system } from '../../src/core/index.ts';
import { type Commands, refusable, said } from './scenario-verdict.ts';
import { type Words, scopeOf, spanOf } from './scenario-words.ts';
import type { ScenarioWorld } from './scenario-world.ts';

/** Who does it: a person by name, or nobody. */
const who = (words: Words) => {
  const name = words.after('by');
  return name === undefined || name === 'nobody' ? system('nobody') : person(name);
};

async function compared(world: ScenarioWorld, pass: Promise<unknown>): Promise<string> {
  const result = (await world.outcome(pass)) as
    { kind: 'failed' } | { kind: 'reconciled'; differences: readonly { code: string }[] } | undefined;
  if (result === undefined) return 'failed';
  return result.kind === 'failed'
    ? 'failed'
    : said('reconciled', ...new Set(result.differences.map(({ code }) => code)));
}

/** What the market, the clock, the disk and persons do. */
export const DESK_COMMANDS: Commands = {
  TICK: async (world, words) => {
    const price = words.number() ?? '';
    const instrumentId = words.instrument() ?? 'GOLD';
    const problem = words.after('problem');
    const problems =
      problem === undefined ? [] : [{ code: problem as 'STALE', instrumentId, blocking: true }];
    const empty = words.after('nobody');
    const ahead = words.after('ahead');
    world.mark(price, instrumentId, {
      problems,
      ...(ahead !== undefined && { receivedMonotonicMs: world.clock.monotonicMs() + spanOf(ahead) }),
      ...(empty === 'asks' && { asks: [] }),
      ...(empty === 'bids' && { bids: [] }),
    });
    await world.settle();
    return 'ok';
  },
  TIME: async (world, words) => {
    await world.pass(spanOf(words.next('a time')));
    return 'ok';
  },
  ROLL: async (world) => {
    const dayMs = 86_400_000;
    await world.pass(dayMs - (world.clock.nowMs() % dayMs));
    for (const [instrumentId, price] of world.prices) world.mark(price, instrumentId);
    await world.settle();
    return 'ok';
  },
  TRIP: async (world, words) => {
    const to = words.next('reducing or halted') === 'halted' ? 'halted' : 'reducing';
    world.venue.takeCancels();
    const trip = world.process.killSwitch.trip({
      scope: scopeOf(words),
      to,
      reason: 'table',
      by: who(words),
    });
    await world.settle();
    await trip;
    return 'tripped';
  },
  RELEASE: (world, words) =>
    refusable(async () => {
      const scope = scopeOf(words);
      const key = scope.kind === 'firm' ? 'firm' : `${scope.kind}:${scope.id}`;
      const second = words.after('and');
      await world.process.killSwitch.release({
        scope,
        confirm: words.after('confirm') ?? key,
        reason: 'checked',
        by: who(words),
        ...(second !== undefined && { second: person(second) }),
      });
      await world.settle();
      return 'released';
    }),
  FLATTEN: (world, words) =>
    refusable(async () => {
      world.venue.obey();
      const order = { scope: scopeOf(words), by: who(words), reason: 'table' };
      const report = await world.outcome(world.desk.flatten(order));
      world.venue.takeCancels();
      return report?.flat === true ? 'flat' : 'not-flat';
    }),
  RECONCILE: (world) => compared(world, world.desk.reconcile()),
  RESTART: async (world, words) => {
    world.venue.silent = words.has('silent');
    await world.boot({ loseSwitch: words.has('switch-lost') });
    if (!words.has('unquoted'))
      for (const [instrumentId, price] of world.prices) world.mark(price, instrumentId);
    if (words.has('unstarted')) return 'ok';
    return compared(world, world.desk.start());
  },
  ADJUST: (world, words) =>
    refusable(async () => {
      const adjustmentId = words.next('an id');
      const quantity = words.after('position');
      const position = {
        instrumentId: words.instrument() ?? 'GOLD',
        quantity: quantity ?? '0',
        price: words.after('at') ?? '100',
      };
      const cash = words.after('cash');
      const done = world.desk.adjust({
        adjustmentId,
        accountId: 'acc',
        by: who(words),
        reason: 'table',
        ...(quantity !== undefined && { position }),
        ...(cash !== undefined && { cash }),
      });
      return (await world.outcome(done)) ?? 'sent';
    }),
  WRITEOFF: (world, words) =>
    refusable(async () => {
      const id = world.idOf(words.next('the name of an order'));
      const done = world.desk.writeOff(id, { by: who(words), reason: 'table' });
      return (await world.outcome(done))?.kind ?? 'sent';
    }),
  DISK: async (world, words) => {
    const what = words.next('takes, holds or refuses');
    if (what !== 'takes' && what !== 'holds' && what !== 'refuses') throw new Error(`DISK ${what}`);
    world.disk = what;
    await world.settle();
    return 'ok';
  },
  STOP: async (world) => {
    world.venue.obey();
    await world.outcome(world.desk.stop());
    world.venue.takeCancels();
    return 'stopped';
  },
};
