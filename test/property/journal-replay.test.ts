import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { TradingDay, decimal, lots, ticks, units } from '../../src/core/index.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { Journal } from '../../src/desk/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import {
  Book,
  type Instrument,
  type Side,
  defineInstrument,
  markedFxRates,
} from '../../src/trading/index.ts';
import { NOON_MS } from '../support/desk-world.ts';
import { bookedOf, eventOf, fillOf, markOf, viewOf } from '../trading/builders.ts';

const grid = { tick: '0.01', step: '0.001' } as const;
const BTC = defineInstrument({ instrumentId: 'BTC', base: 'BTC', quote: 'USD', ...grid });
const DAX = defineInstrument({ instrumentId: 'DAX', base: 'DAX', quote: 'EUR', ...grid });
const PERP = defineInstrument({ ...grid, instrumentId: 'PERP', kind: 'linear', base: 'BTC', quote: 'EUR' });
const EURUSD = defineInstrument({ instrumentId: 'EURUSD', base: 'EUR', quote: 'USD', ...grid });
const ALL: readonly Instrument[] = [BTC, DAX, PERP, EURUSD];
const instrument = fc.constantFrom(BTC, DAX, PERP);
const count = fc.integer({ min: 1, max: 5_000 });
const money = fc
  .integer({ min: -(10 ** 6), max: 10 ** 6 })
  .map((n) => decimal(BigInt(n)).div('1000').toFixed());
const id = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      instrument,
      strategyId: fc.constantFrom('one', 'two', 'flatten'),
      side: fc.constantFrom<Side>('buy', 'sell'),
      qty: count,
      part: fc.constantFrom(0, 0.5, 1),
      worst: count,
      mark: count,
      price: count,
      fee: fc.constantFrom('0', '0.0013', '-0.01'),
      feeIn: fc.constantFrom('quote' as const, 'base' as const, 'own' as const, 'other' as const),
    }),
  },
  fc.record({ do: fc.constant('flow' as const), id, amount: money }),
  fc.record({ do: fc.constant('fund' as const), id, amount: money }),
  fc.record({ do: fc.constant('adjust' as const), id, instrument, qty: count, price: count, cash: money }),
  fc.record({ do: fc.constant('mark' as const), instrument: fc.constantFrom(...ALL), price: count }),
);

const newBook = () => new Book({ fxRates: markedFxRates([EURUSD]) });
async function open(log: MemoryAppendLog) {
  const book = newBook();
  const clock = new ManualClock(NOON_MS);
  const accounts = [{ accountId: 'acc', currency: 'USD', balance: '100000' }];
  const deps = { log, book, instruments: ALL, clock, tradingDay: new TradingDay() };
  return { book, journal: await Journal.open({ input: {}, accounts }, deps) };
}
const why = { by: { kind: 'person', id: 'ada' }, reason: 'found' } as const;

test.prop([fc.array(step, { maxLength: 40, size: 'max' })], { numRuns: 300 })(
  'a Book built again from its journal is the Book that was live: flows, funding, fees in the base, currencies, claims, shares',
  async (steps) => {
    const log = new MemoryAppendLog();
    const { book, journal } = await open(log);
    for (const [serial, change] of steps.entries()) {
      switch (change.do) {
        case 'order': {
          const { instrument: on, side, qty, part, strategyId, price, fee, feeIn } = change;
          const name = `o${String(serial)}`;
          const mark = on.kind === 'linear' ? { mark: ticks(change.mark) } : {};
          const text = {
            quantity: decimal(BigInt(qty)).div('1000').toFixed(),
            instrumentId: on.instrumentId,
          };
          const base = bookedOf(name, side, qty, {
            instrument: on,
            strategyId,
            worst: ticks(change.worst),
            ...mark,
          });
          const order = { ...base, intent: { ...base.intent, ...text, strategyId } };
          book.hold(order);
          book.keep(order);
          const stamp = {
            limitsHash: 'h',
            dayOpen: units(NaN),
            highWater: book.account('acc')?.highWater ?? units(NaN),
          };
          const held = { ...order, view: viewOf(), decidedMonotonicMs: 0 };
          await journal.submitting(held, stamp);
          const quantity = Math.floor(qty * part);
          if (quantity === 0) break;
          const currency = { quote: on.quote, base: on.base, own: 'USD', other: 'BNB' }[feeIn];
          const paid = decimal(BigInt(price)).div('100').toFixed();
          const event = eventOf('filled', name, { fill: fillOf(name, quantity, paid, fee, currency) });
          const said = book.apply(event);
          if (typeof said === 'string' || said.anomaly !== 'FILL_INVALID') await journal.event(event, on);
          break;
        }
        case 'flow': {
          const flow = { flowId: change.id, accountId: 'acc', amount: decimal(change.amount) };
          if (book.flowOnce(flow) === 'applied') await journal.flowed(flow, why);
          break;
        }
        case 'fund': {
          const funding = {
            fundingId: change.id,
            accountId: 'acc',
            instrument: PERP,
            amount: decimal(change.amount),
          };
          if (book.fund(funding) === 'applied') await journal.funded(funding);
          break;
        }
        case 'adjust': {
          const position = {
            instrument: change.instrument,
            qty: lots(change.qty),
            price: decimal(String(change.price)),
          };
          const made = { adjustmentId: change.id, accountId: 'acc', position, cash: decimal(change.cash) };
          if (book.adjust(made) === 'applied') await journal.adjusted(made, why);
          break;
        }
        case 'mark':
          book.mark(markOf(change.price, change.instrument.instrumentId));
      }
    }
    const again = await open(log);
    expect(await again.journal.digest()).toBe(await journal.digest());
    for (const { instrumentId } of ALL) {
      const mark = book.markOf(instrumentId);
      if (mark !== undefined) again.book.mark(markOf(mark.price, instrumentId));
    }
    expect(seen(again.book)).toEqual(seen(book));
  },
);

/** All but what marks have raised since the last record: they are not in the journal. */
function seen(book: Book): unknown {
  const { accounts } = book.snapshot();
  const account = book.account('acc');
  const { claimed, freeCash, margin, gross, equity, capital, count: active } = account ?? {};
  const shares = [...(account?.cells() ?? [])].flatMap((cell) =>
    [...cell.shares()].map((share) =>
      [share.strategyId, share.pos, share.buy, share.sell, share.cash.toFixed()].join(' '),
    ),
  );
  const saved = accounts.map((one) => ({ ...one, highWater: 0 }));
  return [
    JSON.stringify(saved),
    [claimed, freeCash, margin, gross, equity, capital, active].map(String),
    shares,
  ];
}
