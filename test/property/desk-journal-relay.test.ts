import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { decimal, lots, ticks } from '../../src/core/index.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { toText } from '../../src/core/increment.ts';
import { JournalRelay, type JournalRecord, OrderArchive, OutboxLog } from '../../src/desk/index.ts';
import { eventsOf } from '../../src/desk/events/record-events.ts';
import { RelayedOrders } from '../../src/desk/events/relayed-orders.ts';
import { instrumentsById } from '../../src/desk/journal/journal-apply.ts';
import type { BusEvent } from '../../src/events/index.ts';
import {
  MemoryAppendLog,
  MemorySnapshotStore,
  MemoryStateStore,
  type StateStore,
} from '../../src/storage/index.ts';
import { LosableBus } from '../desk/support/losable-bus.ts';
import { NOON_MS } from '../support/desk-world.ts';
import { BTC, ETH, INSTRUMENTS, JournalDrive } from '../support/journal-drive.ts';

/*
 * Random histories of a journal, told to a bus that fails as it likes by a relay that is killed as often as one likes, alone
 * or with its process. The bus loses all that it holds now and then, and a group that was behind by less than `rewindMs` begins anew
 * with what comes then. The group gets every event, those of an account in order where it leaves out what it knows, and who has
 * nothing but the events knows positions, cash and open orders as well as the Book.
 */

const at = fc.nat({ max: 12 });
const amount = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      accountId: fc.constantFrom('acc', 'acc', 'other'),
      instrument: fc.constantFrom(BTC, ETH),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      qty: amount,
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'accepted' as const,
        'rejected' as const,
        'timedOut' as const,
        'cancelRequested' as const,
        'cancelFailed' as const,
        'cancelled' as const,
        'expired' as const,
        'absent' as const,
        'amendRequested' as const,
        'amended' as const,
        'amendFailed' as const,
      ),
      at,
      amount,
    }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('filled' as const), at, amount, execution: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('external' as const), execution: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('adjust' as const), at, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flow' as const), at, amount }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('nextDay' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('checkpoint' as const) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('turns' as const), amount }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 60, 300) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('bus' as const),
      is: fc.constantFrom('up', 'up', 'down', 'dropping', 'hanging'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('kill-relay' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('kill-process' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-bus' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const histories = fc.array(step, { minLength: 10, maxLength: 80, size: 'max' });

const REWIND_MS = 60_000;

/** What its holder writes once it is dead does not arrive. */
function mortal(store: StateStore): { readonly store: StateStore; kill(): void } {
  let isDead = false;
  const unlessDead =
    <A extends unknown[], T>(call: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      isDead ? new Promise<T>(() => undefined) : call(...args);
  return {
    store: {
      get: unlessDead((key) => store.get(key)),
      set: unlessDead((key, value, options) => store.set(key, value, options)),
      setAll: unlessDead((entries) => store.setAll(entries)),
      delete: unlessDead((key, options) => store.delete(key, options)),
      list: unlessDead((prefix) => store.list(prefix)),
      close: () => Promise.resolve(),
    },
    kill: () => (isDead = true),
  };
}

class Run {
  readonly clock = new ManualClock(NOON_MS);
  readonly files = new MemoryAppendLog();
  readonly snapshots = new MemorySnapshotStore();
  readonly store = new MemoryStateStore({ clock: this.clock });
  readonly bus = new LosableBus(this.clock);
  /** What the group has handled, each event where it came first. */
  readonly taken: BusEvent[] = [];
  /** Every record that ever was, whatever has been trimmed. */
  readonly records: JournalRecord[] = [];
  readonly ids: string[] = [];
  readonly seen = { killed: 0, repeated: 0, trimmed: 0, retired: 0, lost: 0, missed: 0 };
  #archive!: OrderArchive;
  #log!: OutboxLog;
  drive!: JournalDrive;
  #relay!: JournalRelay;
  #kill!: () => void;

  async start(): Promise<void> {
    const { clock, snapshots } = this;
    this.#archive = await OrderArchive.open({ store: this.store, instruments: INSTRUMENTS, clock });
    this.#log = new OutboxLog(this.files, { maxRecent: 3 });
    this.drive = await JournalDrive.open(this.#log, { clock, snapshots, archive: this.#archive });
    await this.startRelay();
  }

  async startRelay(): Promise<void> {
    const { store, kill } = mortal(this.store);
    // What a dead process gives to the bus does not arrive either.
    let isDead = false;
    const bus: LosableBus['publish'] = (type, data, options) =>
      isDead ? new Promise(() => undefined) : this.bus.publish(type, data, options);
    this.#kill = () => {
      isDead = true;
      kill();
    };
    this.#relay = await JournalRelay.open(
      { name: 'paper', backoffMs: 20, maxBackoffMs: 50, rewindMs: REWIND_MS },
      {
        bus: { publish: bus, status: () => this.bus.status() },
        log: this.#log,
        journal: this.drive.journal,
        book: this.drive.book,
        instruments: INSTRUMENTS,
        store,
        clock: this.clock,
        random: () => 0.5,
      },
    );
  }

  killRelay(): void {
    this.seen.killed += 1;
    this.#kill();
    void this.#relay.stop(1);
  }

  async turns(times: number): Promise<void> {
    for (let turn = 0; turn < times; turn += 1) await this.clock.turn();
  }

  async act(next: Step): Promise<void> {
    const { drive, bus, clock } = this;
    switch (next.do) {
      case 'submit':
        this.ids.push(`o${this.ids.length}`);
        await drive.submit(this.ids.at(-1) ?? '', next);
        break;
      case 'external':
        await drive.external(`e${next.execution}`, '0.005');
        break;
      case 'adjust':
        await drive.adjust(`a${next.at}`, next.amount - 6, '-1.5');
        break;
      case 'flow': {
        const flow = { flowId: `f${next.at}`, accountId: 'other', amount: decimal(`${next.amount - 4}.01`) };
        const why = { by: { kind: 'person', id: 'ada' }, reason: 'r' } as const;
        if (drive.book.flowOnce(flow) === 'applied') await drive.journal.flowed(flow, why);
        break;
      }
      case 'nextDay':
        await drive.nextDay();
        await drive.journal.retire('');
        break;
      case 'checkpoint':
        await drive.journal.checkpoint();
        this.seen.trimmed += this.#log.firstSeq > 1 ? 1 : 0;
        break;
      case 'turns':
        await this.turns(next.amount);
        break;
      case 'wait':
        clock.advance(next.ms);
        await this.turns(4);
        break;
      case 'bus':
        bus.answer = () => {
          if (next.is === 'up') return 'published';
          if (next.is === 'down') return new Error('down');
          return next.is === 'dropping' ? 'dropped' : new Promise(() => undefined);
        };
        break;
      case 'kill-relay':
        this.killRelay();
        await this.startRelay();
        break;
      case 'kill-process':
        this.killRelay();
        await drive.journal.retire(''); // what it began to write is on the disk
        await this.start();
        break;
      case 'lose-bus':
        this.handle(bus.olderThan(REWIND_MS));
        this.seen.lost += 1;
        this.seen.missed += bus.held.length - bus.olderThan(REWIND_MS).length;
        bus.lose(`g${this.seen.lost + 1}`);
        break;
      default:
        await this.#happens(next);
    }
  }

  handle(events: readonly BusEvent[]): void {
    for (const event of events) if (!this.taken.some(({ id }) => id === event.id)) this.taken.push(event);
  }

  async #happens(next: Extract<Step, { at: number; amount: number }>): Promise<void> {
    const id = this.ids[next.at % Math.max(this.ids.length, 1)];
    if (id === undefined) return;
    if (this.drive.book.order(id) === undefined) {
      const saved = await this.#archive.find(id);
      if (saved === undefined) throw new Error(`${id} is neither in memory nor in the archive`);
      this.seen.retired += 1;
      await this.drive.revive(saved);
    }
    if (next.do === 'filled') {
      await this.drive.fill(id, `x${next.execution}`, next.amount);
      return;
    }
    const [qty, worst] = [lots(next.amount), ticks(200 + next.amount)];
    const detail = {
      accepted: {},
      rejected: { reason: 'r' },
      timedOut: { reason: 'r' },
      cancelRequested: {},
      cancelFailed: { reason: 'r' },
      cancelled: { cumulative: lots(next.amount - 1) },
      expired: next.amount > 6 ? { cumulative: lots(next.amount - 1) } : {},
      absent: {},
      amendRequested: { to: { qty, worst, isExit: false } },
      amended: { qty, worst },
      amendFailed: { reason: 'r' },
    }[next.do as 'accepted'];
    await this.drive.event({ type: next.do, clientOrderId: id, ...detail } as never);
  }

  /** The bus comes up and everything goes through. */
  async finish(): Promise<void> {
    this.bus.answer = () => 'published';
    this.killRelay(); // it may hang in a publication that is never answered
    await this.drive.journal.retire('');
    await this.startRelay();
    for (let round = 0; round < 600 && this.#relay.status().lag > 0; round += 1) await this.turns(1);
    await this.#relay.stop();
    expect(this.#relay.status()).toMatchObject({ lag: 0, lost: 0 });
    this.handle(this.bus.held);
    this.seen.repeated = this.bus.tries - this.taken.length;
  }
}

async function run(steps: readonly Step[]): Promise<Run> {
  const run = new Run();
  const append = run.files.append.bind(run.files);
  run.files.append = (record) => {
    run.records.push(record as JournalRecord);
    return append(record);
  };
  await run.start();
  for (const next of steps) await run.act(next);
  await run.finish();
  return run;
}

/** All that the journal says, in one go, as the events of each account. */
function expected(records: readonly JournalRecord[]): Readonly<Record<string, readonly unknown[]>> {
  const orders = new RelayedOrders(instrumentsById(INSTRUMENTS));
  const events = records.flatMap((record) => eventsOf(record, orders.take(record)));
  return Object.groupBy(
    events.map(({ type, data }) => [type.type, data] as const),
    ([, data]) => (data as { accountId: string }).accountId,
  ) as never;
}

interface Position {
  quantity: ReturnType<typeof decimal>;
  cash: ReturnType<typeof decimal>;
}

/** Keeps accounts and orders from nothing but events. */
function consume(events: readonly BusEvent[]) {
  const cash = new Map<string, Position['cash']>();
  const positions = new Map<string, Position['quantity']>();
  const orders = new Map<string, string>();
  const add = (to: Map<string, Position['cash']>, key: string, much: Position['cash']): void => {
    to.set(key, (to.get(key) ?? decimal('0')).plus(much));
  };
  for (const { type, data } of events) {
    const said = data as Record<string, string> & {
      fee: { amount: string };
      position?: { instrumentId: string; quantity: string };
    };
    const { accountId = '', instrumentId = '', clientOrderId } = said;
    if (clientOrderId !== undefined) {
      const { state = '', cumulativeQuantity = '', leavesQuantity = '' } = said;
      orders.set(clientOrderId, [state, cumulativeQuantity, leavesQuantity].join(' '));
    }
    if (type === 'account.opened') add(cash, accountId, decimal(said['balance'] ?? ''));
    if (type === 'account.flowed') add(cash, accountId, decimal(said['amount'] ?? ''));
    if (type === 'account.adjusted') {
      add(cash, accountId, decimal(said['cash'] ?? ''));
      const { position } = said;
      if (position) add(positions, `${accountId} ${position.instrumentId}`, decimal(position.quantity));
    }
    if (type === 'order.executed') {
      const sign = decimal(said['side'] === 'buy' ? '1' : '-1');
      const quantity = decimal(said['quantity'] ?? '').times(sign);
      add(positions, `${accountId} ${instrumentId}`, quantity);
      add(cash, accountId, quantity.times(decimal(said['price'] ?? '')).times('-1'));
      add(cash, accountId, decimal(said.fee.amount).times('-1'));
    }
  }
  return { cash, positions, orders };
}

test.prop([histories], { numRuns: 150 })(
  'every event arrives, in order, whoever is killed and whatever is lost when; and they say all that the Book knows',
  async (steps) => {
    const { taken, records, drive } = await run(steps);
    const said = Object.groupBy(
      taken.map(({ type, data }) => [type, data] as const),
      ([, data]) => (data as { accountId: string }).accountId,
    );
    expect(said).toEqual(expected(records));

    const { cash, positions, orders } = consume(taken);
    for (const account of drive.book.accounts()) {
      const { accountId } = account;
      expect([accountId, cash.get(accountId)?.toFixed()]).toEqual([accountId, account.cash.toFixed()]);
      for (const cell of account.cells()) {
        const { instrumentId, grid } = cell.instrument;
        const quantity = positions.get(`${accountId} ${instrumentId}`) ?? decimal('0');
        expect(quantity.toFixed()).toBe(decimal(toText(cell.pos, grid.step)).toFixed());
      }
    }
    for (const { order, state, cumulative, leaves } of drive.book.orders()) {
      const { clientOrderId, instrument } = order;
      const { step: size } = instrument.grid;
      expect([clientOrderId, orders.get(clientOrderId)]).toEqual([
        clientOrderId,
        `${state} ${toText(cumulative, size)} ${toText(leaves, size)}`,
      ]);
    }
  },
);

test('the histories are not idle', async () => {
  const sum = { killed: 0, repeated: 0, trimmed: 0, retired: 0, missed: 0, fills: 0 };
  for (const steps of fc.sample(histories, { numRuns: 60, seed: 1 })) {
    const { seen, taken } = await run(steps);
    sum.killed += seen.killed > 2 ? 1 : 0;
    sum.repeated += seen.repeated > 0 ? 1 : 0;
    sum.trimmed += seen.trimmed > 0 ? 1 : 0;
    sum.retired += seen.retired > 0 ? 1 : 0;
    sum.missed += seen.missed > 0 ? 1 : 0;
    sum.fills += taken.filter(({ type }) => type === 'order.executed').length > 1 ? 1 : 0;
  }
  for (const [what, times] of Object.entries(sum)) expect([what, times > 5]).toEqual([what, true]);
});
