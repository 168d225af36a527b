import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { person } from '../../src/core/index.ts';
import { type JournalRecord, OrderDesk, Venue, type VenueOrder } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { FIRM, KillSwitch, RiskGuard, type Scope, scopeKey } from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book, type OrderIntent, type OrderOutcome, isOpen } from '../../src/trading/index.ts';
import { INSTRUMENTS, NOON_MS, WIDE_EXECUTION, WIDE_RISK, openJournal, view } from '../support/desk-world.ts';
import { type Truth, VenueModel, cap, filled, told } from '../support/venue-model.ts';
import { runs } from '../support/runs.ts';

/*
 * The asynchronous desk under random histories: a disk that is driven by hand, and a venue that keeps its own books. The
 * venue never reads ours, so what we believe can be compared with what is true.
 */

const MARK = 100;
const LIMITS = { position: 1_500, total: 2_000, count: 1 };
const BALANCE = 100_000;
/** The venue is not asked for anything: what it does not tell stays unknown. */
const UNASKED = { reconcileEveryMs: 'never', lookup: { firstDelayMs: 1e12, maxDelayMs: 1e12 } } as const;
const BY = person('ada');
const accounts = ['acc', 'other'];

const index = fc.nat({ max: 50 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      accountId: fc.constantFrom('acc', 'acc', 'other'),
      strategyId: fc.constantFrom('s1', 's2'),
      instrumentId: fc.constantFrom('GOLD', 'GOLD', 'GOLD', 'SILVER'),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      quantity: fc.integer({ min: 1, max: 12 }),
      market: fc.boolean(),
      reduceOnly: fc.boolean(),
      /** Sometimes an id that has been used before. */
      again: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: index }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      count: fc.constantFrom(1, 1, 2, 3, 100),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('reply' as const),
      at: index,
      how: fc.constantFrom(
        'accept' as const,
        'accept' as const,
        'accept' as const,
        'reject' as const,
        'reject' as const,
        'error' as const,
        'lost' as const,
        'nonsense' as const,
      ),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      at: index,
      part: index,
      price: fc.constantFrom('99', '100', '100.25', '101.5'),
      fee: fc.constantFrom('0', '0.0125', '-0.003'),
      tell: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tell' as const), at: index, execution: index }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      at: index,
      type: fc.constantFrom('cancelled' as const, 'expired' as const),
      cumulative: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('cancel' as const),
      at: index,
      venue: fc.constantFrom('take' as const, 'end' as const, 'refuse' as const, 'never' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('trip' as const),
      to: fc.constantFrom('reducing' as const, 'halted' as const),
      scope: fc.constantFrom<Scope>(
        FIRM,
        { kind: 'account', id: 'acc' },
        { kind: 'strategy', id: 's1' },
        { kind: 'instrument', id: 'GOLD' },
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 600, 5_000),
    }),
  },
);
/** A price, or the limit of the order where that is better: what a venue that tells the truth can fill it at. */
const allowed = (price: string, { order: { side, price: limit } }: Truth): string =>
  (side === 'buy' ? Number(price) > Number(limit) : Number(price) < Number(limit)) ? limit : price;

const truthful = fc.array(step, { minLength: 5, maxLength: 80, size: 'max' });
/** Reports that contradict each other: everything is booked, but no limit can be promised against them. */
const lying = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: step },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('lie' as const),
        at: index,
        quantity: fc.integer({ min: 1, max: 9 }),
      }),
    },
  ),
  { minLength: 5, maxLength: 80, size: 'max' },
);
/** The step at which the disk dies. */
const crashAt = fc.nat({ max: 50 });

type Step = (typeof lying extends fc.Arbitrary<(infer S)[]> ? S : never) | { readonly do: 'fail' };
type Submit = Extract<Step, { do: 'submit' }>;

interface Asked {
  readonly intent: OrderIntent;
  outcome?: OrderOutcome;
  error?: unknown;
}

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % from.length];
const signed = ({ order }: Truth, quantity: number): number => (order.side === 'buy' ? quantity : -quantity);
const total = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0);

/** Money in ten-thousandths, by an arithmetic of its own. */
const tenThousandths = (text: string): bigint => {
  const [whole = '0', places = ''] = text.replace('-', '').split('.');
  const magnitude = BigInt(whole + places.padEnd(4, '0'));
  return text.startsWith('-') ? -magnitude : magnitude;
};

async function openHistory() {
  const clock = new ManualClock(NOON_MS);
  const log = new ScriptedAppendLog();
  const model = new VenueModel();
  const book = new Book();
  const killSwitch = await KillSwitch.open(
    { store: new MemoryStateStore({ clock }), clock, venue: 'model' },
    true,
  );
  const funded = {
    accounts: accounts.map((accountId) => ({ accountId, currency: 'USDT', balance: String(BALANCE) })),
  };
  const journal = await openJournal(log, book, clock, funded);
  const guard = new RiskGuard(
    {
      ...WIDE_RISK,
      maxPositionNotional: String(LIMITS.position),
      maxTotalExposure: String(LIMITS.total),
      maxPositions: LIMITS.count,
    },
    { book, killSwitch, clock },
  );
  const desk = new OrderDesk(UNASKED, {
    book,
    guard,
    policy: new ExecutionPolicy(WIDE_EXECUTION),
    killSwitch,
    venue: new Venue(model),
    journal,
    instruments: INSTRUMENTS,
    clock,
  });
  await desk.start();
  const faults: string[] = [];
  const asked: Asked[] = [];
  let diskFailed = false;
  let restarted = new Book();
  let written = true;
  let lied = false;
  let intents = 0;

  const records = (): readonly JournalRecord[] => log.durable.map(({ record }) => record as JournalRecord);
  const truths = (): Truth[] => [...model.orders.values()];
  const fault = (what: string): void => void faults.push(what);

  /** Whether an order fits into the position that was told, with what may still fill on its side. */
  const reduces = ({ accountId, instrumentId, side, quantity }: VenueOrder): boolean => {
    const there = truths().filter(
      ({ order }) => order.accountId === accountId && order.instrumentId === instrumentId,
    );
    const pos = total(there.map((truth) => signed(truth, told(truth))));
    const sameSide = there.filter((truth) => truth.order.side === side && !truth.lied);
    const after = Number(quantity) + total(sameSide.map((truth) => cap(truth) - told(truth)));
    return after <= (side === 'sell' ? pos : -pos);
  };

  model.onPlace = (order: VenueOrder): void => {
    const { clientOrderId: id } = order;
    const known = book.order(id);
    if (model.orders.has(id)) fault(`${id} was placed twice`);
    if (!records().some((record) => record.type === 'submitting' && record.clientOrderId === id))
      fault(`${id} was placed before it was durable`);
    if (known === undefined || known.leaves < Number(order.quantity))
      fault(`${id} was placed without a hold`);
    const state = known === undefined ? 'halted' : killSwitch.tradingState(known.order);
    if (state === 'halted' || (state === 'reducing' && !reduces(order)))
      fault(`${id} was placed while ${state}`);
  };

  const quote = (): void => {
    for (const instrumentId of ['GOLD', 'SILVER'])
      desk.mark(
        view(MARK, { instrumentId, receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }),
      );
  };

  const submit = (wish: Submit): void => {
    const earlier = wish.again === null ? undefined : pick(asked, wish.again);
    const { strategyId, quantity, market, reduceOnly } = wish;
    // Mostly a sale where there is something to sell, at last a purchase.
    const held = truths().filter((truth) => truth.order.side === 'buy' && told(truth) > 0);
    const { accountId, instrumentId } =
      (wish.side === 'sell' ? pick(held, quantity)?.order : undefined) ?? wish;
    const side = held.length === 0 && quantity > 2 ? 'buy' : wish.side;
    const intent: OrderIntent = earlier?.intent ?? {
      intentId: `i${(intents += 1)}`,
      accountId,
      strategyId,
      instrumentId,
      side,
      quantity: String(quantity),
      ...(reduceOnly && side === 'sell' ? { reduceOnly } : undefined),
      price: market
        ? { type: 'market', maxSlippageBps: 50 }
        : { type: 'limit', limit: '100', timeInForce: 'GTC' },
    };
    const question: Asked = { intent };
    asked.push(question);
    desk.submit(intent).then(
      (outcome) => (question.outcome = outcome),
      (error: unknown) => (question.error = error),
    );
  };

  const act = (next: Step): void => {
    switch (next.do) {
      case 'submit':
        submit(next);
        break;
      case 'commit':
        written = log.commit(next.count) > 0 || written;
        break;
      case 'fail':
        diskFailed = true;
        log.fail();
        break;
      case 'reply': {
        const truth = pick(
          truths().filter(({ reply }) => reply !== undefined),
          next.at,
        );
        if (truth !== undefined) model.reply(truth, next.how);
        break;
      }
      case 'fill': {
        const truth = pick(
          truths().filter((open) => !open.ended && filled(open) < open.quantity),
          next.at,
        );
        if (truth === undefined) break;
        const quantity = 1 + (next.part % (truth.quantity - filled(truth)));
        model.fill(truth, quantity, allowed(next.price, truth), next.fee, next.tell);
        break;
      }
      case 'tell': {
        const truth = pick(
          truths().filter(({ executions }) => executions.length > 0),
          next.at,
        );
        if (truth !== undefined) model.tell(truth, next.execution);
        break;
      }
      case 'end': {
        const truth = pick(
          truths().filter(({ ended }) => !ended),
          next.at,
        );
        if (truth !== undefined) model.end(truth, next.type, next.cumulative);
        break;
      }
      case 'lie': {
        const truth = pick(truths(), next.at);
        if (truth === undefined) break;
        model.fill(truth, next.quantity, '100', '0', true);
        lied ||= truth.lied;
        break;
      }
      case 'cancel': {
        model.onCancel = (truth) => {
          if (next.venue === 'never') return new Promise(() => undefined);
          if (next.venue === 'refuse' || truth === undefined || truth.ended)
            return Promise.reject(new Error('no such order'));
          if (next.venue === 'end') model.end(truth, 'cancelled', true);
          return Promise.resolve();
        };
        const known = pick([...book.orders()], next.at);
        if (known !== undefined) void desk.cancel(known.order.clientOrderId);
        break;
      }
      case 'trip':
        void killSwitch.trip({ to: next.to, scope: next.scope, reason: 'history', by: BY });
        break;
      case 'release':
        for (const { scope } of killSwitch.records())
          killSwitch
            .release({ scope, confirm: scopeKey(scope), reason: 'history', by: BY })
            .catch(() => undefined); // tripped again meanwhile
        break;
      case 'advance':
        clock.advance(next.ms);
        quote();
        break;
    }
  };

  /** What the venue may still do, and what it has told, against what we believe and what a restart would believe. */
  const check = async (): Promise<void> => {
    if (written) {
      restarted = new Book();
      await openJournal(new ScriptedAppendLog(log.durable), restarted, clock, funded);
      written = false;
    }
    for (const truth of truths()) {
      const id = truth.order.clientOrderId;
      const ours = book.order(id);
      const theirs = restarted.order(id);
      if (ours === undefined) fault(`${id} is at the venue and not in the Book`);
      else if (ours.cumulative !== told(truth)) fault(`${id}: booked is not what the venue told`);
      if (theirs === undefined) fault(`${id} is at the venue, and a restart would not know`);
      if (truth.lied) continue;
      if (ours !== undefined && ours.leaves < cap(truth) - told(truth))
        fault(`${id}: the hold is smaller than what may still fill`);
      if (theirs !== undefined && theirs.leaves + theirs.cumulative < cap(truth))
        fault(`${id}: after a restart the hold would be smaller than what may still fill`);
    }
    if (lied) return;
    for (const accountId of accounts) {
      let gross = 0;
      let count = 0;
      for (const { instrumentId } of INSTRUMENTS) {
        const mine = truths().filter(
          ({ order }) => order.accountId === accountId && order.instrumentId === instrumentId,
        );
        const may = (side: string): number =>
          total(mine.filter(({ order }) => order.side === side).map((truth) => cap(truth) - told(truth)));
        const pos = total(mine.map((truth) => signed(truth, told(truth))));
        const worst = Math.max(Math.abs(pos + may('buy')), Math.abs(pos - may('sell'))) * MARK;
        if (pos - may('sell') < 0) fault(`${accountId} ${instrumentId}: an exit could flip the position`);
        if (worst > LIMITS.position)
          fault(`${accountId} ${instrumentId}: ${worst} is beyond the position limit`);
        gross += worst;
        if (worst > 0) count += 1;
      }
      if (gross > LIMITS.total) fault(`${accountId}: ${gross} is beyond the exposure limit`);
      if (count > LIMITS.count) fault(`${accountId}: ${count} positions`);
    }
  };

  const settle = async (): Promise<void> => {
    do {
      written = log.commit() > 0 || written;
      await clock.turn();
    } while (log.pending > 0);
  };

  /** Every answer arrives, every order ends, everything is written down. */
  const finish = async (): Promise<void> => {
    for (const truth of truths()) if (truth.reply !== undefined) model.reply(truth, 'accept');
    clock.advance(10_000);
    await settle();
    for (const truth of truths()) {
      model.tellAll(truth);
      model.end(truth, 'cancelled', true);
    }
    await settle();
  };

  /** Money and holds when everything is over. */
  const checkEnd = async (): Promise<void> => {
    for (const { intent, outcome, error } of asked) {
      if (outcome === undefined)
        fault(`${intent.intentId}: submit ${error === undefined ? 'hangs' : 'threw'}`);
    }
    for (const { order, leaves, state } of book.orders()) {
      if (model.orders.get(order.clientOrderId)?.lied === true) continue;
      if (leaves !== 0 || isOpen(state))
        fault(`${order.clientOrderId} is over, and still ${state} with ${leaves}`);
    }
    for (const accountId of accounts) {
      const mine = truths().filter(({ order }) => order.accountId === accountId);
      let cash = BigInt(BALANCE) * 10_000n;
      for (const truth of mine) {
        for (const { quantity, price, fee } of truth.executions)
          cash -= BigInt(signed(truth, quantity)) * tenThousandths(price) + tenThousandths(fee);
      }
      const booked = tenThousandths(book.account(accountId)?.cash.toFixed() ?? '');
      if (booked !== cash) fault(`${accountId}: cash is ${booked}, should be ${cash}`);
    }
    if (diskFailed) return;
    const again = new Book();
    await openJournal(new ScriptedAppendLog(log.durable), again, clock, funded);
    expect(stateOf(again)).toEqual(stateOf(book));
  };

  quote();
  return { clock, asked, faults, act, check, finish, checkEnd, model, killSwitch };
}

/** What live and replay must have in common, to the last digit. */
const stateOf = (book: Book) => ({
  orders: [...book.orders()].map(({ order, leaves, cumulative }) => [
    order.clientOrderId,
    leaves,
    cumulative,
  ]),
  accounts: [...book.accounts()].map((account) => [
    account.cash.toFixed(),
    account.fees.toFixed(),
    account.dayOpen,
    ...[...account.cells()].map(({ pos, buy, sell, cost, realised }) => [
      pos,
      buy,
      sell,
      cost.toFixed(),
      realised.toFixed(),
    ]),
  ]),
});

async function live(steps: readonly Step[]) {
  const history = await openHistory();
  for (const next of steps) {
    history.act(next);
    await history.clock.turn();
    await history.check();
    if (history.faults.length > 0) break;
  }
  if (history.faults.length === 0) {
    await history.finish();
    await history.check();
    await history.checkEnd();
  }
  expect(history.faults).toEqual([]);
  return history;
}

describe('whatever venue, disk and people do', () => {
  test.prop([truthful], runs(1_000))(
    'with a venue that tells the truth: limits hold, holds cover, nothing leaks, a restart knows as much',
    async (steps) => {
      await live(steps);
    },
  );

  test.prop([lying], { numRuns: 200 })(
    'with a venue that lies: everything is booked, what it did not lie about is covered, trading is restricted',
    async (steps) => {
      const { model, killSwitch } = await live(steps.filter((next) => next.do !== 'release'));
      if ([...model.orders.values()].some(({ lied }) => lied))
        expect(killSwitch.tradingState()).not.toBe('active');
    },
  );

  test.prop([truthful, crashAt], { numRuns: 300 })(
    'with a disk that dies: nothing goes out any more, and a restart knows all that is at the venue',
    async (steps, at) => {
      const history = await live([...steps.slice(0, at), { do: 'fail' }, ...steps.slice(at)]);
      const outcomes = history.asked.map(({ outcome }) => outcome?.kind);
      expect(outcomes).not.toContain(undefined);
    },
  );
});

test('the histories are not idle', async () => {
  const seen = new Map<string, number>();
  const note = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  for (const steps of fc.sample(truthful, { numRuns: 80, seed: 1 })) {
    const { asked, model } = await live(steps);
    for (const { outcome } of asked) {
      if (outcome?.kind === 'denied') for (const { code } of outcome.denials) note(code);
      else note(outcome?.kind ?? 'none');
    }
    for (const truth of model.orders.values()) {
      note(truth.order.side);
      if (filled(truth) > 0) note('filled');
    }
  }
  const busy = [...seen].filter(([, times]) => times >= 3).map(([what]) => what);
  expect(busy).toEqual(
    expect.arrayContaining([
      'accepted',
      'rejected',
      'unknown',
      'duplicate',
      'buy',
      'sell',
      'filled',
      'CANCELLED_BEFORE_SEND',
      'DECISION_EXPIRED',
      'KILL_SWITCH_HALTED',
      'KILL_SWITCH_REDUCING',
      'POSITION_COUNT_LIMIT',
      'POSITION_SIZE_LIMIT',
      'TOTAL_EXPOSURE_LIMIT',
      'SHORT_NOT_ALLOWED',
      'EXIT_ALREADY_WORKING',
    ]),
  );
});
