import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { SeededRandom, lots, ticks, units } from '../../src/core/index.ts';
import { ReturnHistory, type RiskView, valueAtRisk, valueAtRiskGate } from '../../src/risk/index.ts';
import type { AccountView, CellView, PricedOrder } from '../../src/trading/index.ts';
import { instrumentOf, pricedOf } from '../support/orders.ts';
import { accountOf, cellOf, riskViewOf } from '../support/views.ts';

const RUNS = { numRuns: 300 };
const IDS = ['A', 'B', 'C', 'D'];
const INSTRUMENTS = IDS.map((instrumentId) => instrumentOf({ instrumentId }));
const SCENARIOS = 40;
const MIN_SCENARIOS = 20;

/** A cell that can be moved, as those of the Book can. */
type Movable = { -readonly [K in keyof CellView]: CellView[K] };

/** The exact fraction that a float64 is. */
function exactly(value: number): { numerator: bigint; bits: number } {
  let bits = 0;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    bits += 1;
  }
  return { numerator: BigInt(scaled), bits };
}

interface Signed {
  readonly instrumentId: string;
  readonly signed: number;
}

/** Which side is the larger, from every combination of fills at the ends. */
function signedOf({ pos, buy, sell }: Pick<CellView, 'pos' | 'buy' | 'sell'>, worst: number): number {
  const [long, short] = [pos + buy, pos - sell];
  if (Math.abs(long) > Math.abs(short)) return long > 0 ? worst : -worst;
  if (Math.abs(short) > Math.abs(long)) return short > 0 ? worst : -worst;
  return long >= 0 ? worst : -worst;
}

/** In units, exactly, rounded up; `undefined` when it is unknown. By sorting all losses, with whole numbers only. */
function oracle(
  exposures: readonly Signed[],
  returns: ReturnHistory,
  confidence: number,
): bigint | undefined {
  if (exposures.some(({ instrumentId }) => returns.indexOf(instrumentId) === undefined)) return undefined;
  const columns = exposures.map(({ instrumentId }) => returns.last(instrumentId, SCENARIOS));
  const SHIFT = 1_100n;
  const losses: bigint[] = [];
  for (let scenario = 0; scenario < SCENARIOS; scenario += 1) {
    if (columns.some((column) => Number.isNaN(column[scenario]))) continue;
    let loss = 0n;
    for (const [i, { signed }] of exposures.entries()) {
      const { numerator, bits } = exactly(columns[i]?.[scenario] ?? NaN);
      loss -= BigInt(signed) * (numerator << (SHIFT - BigInt(bits)));
    }
    losses.push(loss);
  }
  if (losses.length < MIN_SCENARIOS) return undefined;
  losses.sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
  // Whole numbers again: confidence in thousandths.
  const rank = Math.max(1, Math.floor((losses.length * (1_000 - Math.round(confidence * 1_000))) / 1_000));
  const worst = losses[rank - 1] ?? 0n;
  const up = (worst + (1n << SHIFT) - 1n) >> SHIFT;
  return up > 0n ? up : 0n;
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('move'),
        which: fc.nat(3),
        pos: fc.integer({ min: -50, max: 50 }),
        buy: fc.nat(20),
        sell: fc.nat(20),
        price: fc.integer({ min: 1, max: 1e10 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('bars'), skip: fc.nat(12) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('ask'),
        which: fc.nat(3),
        side: fc.constantFrom('buy', 'sell'),
        qty: fc.integer({ min: 1, max: 60 }),
        price: fc.integer({ min: 1, max: 1e10 }),
      }),
    },
  ),
  { minLength: 1, maxLength: 40, size: 'max' },
);

const worlds = fc.record({
  seed: fc.integer(),
  confidence: fc.constantFrom(0.5, 0.75, 0.9, 0.95, 0.975, 0.99),
  maxValueAtRisk: fc.constantFrom('0', '1', '500', '20000', '1000000'),
  steps,
});

class World {
  readonly returns = new ReturnHistory({ instrumentIds: IDS, barMs: 1, window: 50 });
  readonly cells: Movable[] = [];
  readonly account: AccountView = Object.defineProperties(accountOf({ cells: () => this.cells }), {
    gross: { get: () => units(this.cells.reduce((sum, { worst }) => sum + worst, 0)) },
    cellCount: { get: () => this.cells.length },
  });
  readonly #random: SeededRandom;
  readonly #closes = IDS.map(() => 100);
  #slot = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    for (let i = 0; i < 45; i += 1) this.bars(12);
  }

  /** One bar of each instrument, but for one if `skip` names it. */
  bars(skip: number): void {
    this.#slot += 1;
    for (const [i, instrumentId] of IDS.entries()) {
      const close = (this.#closes[i] ?? NaN) * (1 + (this.#random.uint32() / 2 ** 32 - 0.49) * 0.2);
      this.#closes[i] = close;
      const prices = { open: close, high: close, low: close, close, volume: 1, trades: 1 };
      if (i !== skip)
        this.returns.add({ instrumentId, openMs: this.#slot - 1, closeMs: this.#slot, ...prices });
    }
  }

  cell(which: number): Movable {
    const instrument = INSTRUMENTS[which] ?? instrumentOf();
    const present = this.cells.find((cell) => cell.instrument === instrument);
    if (present !== undefined) return present;
    const made: Movable = { ...cellOf(instrument, {}) };
    this.cells.push(made);
    return made;
  }

  ask(
    which: number,
    side: 'buy' | 'sell',
    qty: number,
    price: number,
  ): { order: PricedOrder; view: RiskView } {
    const instrument = INSTRUMENTS[which] ?? instrumentOf();
    const cell = this.cells.find((candidate) => candidate.instrument === instrument);
    const { pos = 0, buy = 0, sell = 0 } = cell ?? {};
    const worstQty =
      side === 'buy'
        ? Math.max(Math.abs(pos + buy + qty), Math.abs(pos - sell))
        : Math.max(Math.abs(pos + buy), Math.abs(pos - sell - qty));
    const order = pricedOf({ instrument, side, qty });
    const view = riskViewOf({
      account: this.account,
      cell,
      qty: lots(qty),
      mark: { price: ticks(price), monotonicMs: 0 },
      worstBefore: cell?.worst ?? units(0),
      worstAfter: units(worstQty * price),
    });
    return { order, view };
  }
}

describe('value at risk', () => {
  test.prop([worlds], RUNS)(
    'the gate says what sorting every loss says, whatever has happened in between',
    ({ seed, confidence, maxValueAtRisk, steps: all }) => {
      const world = new World(seed);
      const parameters = { confidence, scenarios: SCENARIOS, minScenarios: MIN_SCENARIOS };
      const gate = valueAtRiskGate({ maxValueAtRisk, ...parameters }, { returns: world.returns });
      const limit = BigInt(maxValueAtRisk) * 1_000_000n;
      for (const step of all) {
        if (step.kind === 'bars' && 'skip' in step) world.bars(step.skip);
        else if (step.kind === 'move' && 'pos' in step) {
          const cell = world.cell(step.which);
          cell.pos = lots(step.pos);
          cell.buy = lots(step.buy);
          cell.sell = lots(step.sell);
          const worstQty = Math.max(Math.abs(step.pos + step.buy), Math.abs(step.pos - step.sell));
          cell.worst = units(worstQty * step.price);
        } else if ('side' in step) {
          const { which, qty, price } = step;
          const side = step.side === 'buy' ? 'buy' : 'sell';
          const { order, view } = world.ask(which, side, qty, price);
          const { instrumentId } = order.instrument;
          const others = world.cells
            .filter((cell) => cell.worst !== 0 && cell.instrument.instrumentId !== instrumentId)
            .map((cell) => ({
              instrumentId: cell.instrument.instrumentId,
              signed: signedOf(cell, cell.worst),
            }));
          const own = view.cell ?? { pos: lots(0), buy: lots(0), sell: lots(0) };
          const withOrder = {
            pos: own.pos,
            buy: lots(own.buy + (side === 'buy' ? qty : 0)),
            sell: lots(own.sell + (side === 'sell' ? qty : 0)),
          };
          const of = (signed: number) =>
            oracle([...others, { instrumentId, signed }], world.returns, confidence);
          const after = of(signedOf(withOrder, view.worstAfter));
          const before = of(signedOf(own, view.worstBefore));
          const answer = gate.check(order, view);
          const code = answer === undefined ? 'passed' : 'code' in answer ? answer.code : 'reduced';
          if (after === undefined || before === undefined) {
            expect(code).toBe('VALUE_AT_RISK_UNKNOWN');
            continue;
          }
          const surelyDenied = limit === 0n || (after > limit && after > before + 2n);
          const surelyPassed = limit > 0n && (after + 2n <= limit || after + 2n <= before);
          if (surelyDenied) expect(code).toBe('VALUE_AT_RISK_LIMIT');
          else if (surelyPassed) expect(code).toBe('passed');
        }
      }
    },
  );

  test.prop([worlds], RUNS)(
    'of an account is the exact loss, rounded up by at most two millionths',
    ({ seed, confidence, steps: all }) => {
      const world = new World(seed);
      for (const step of all) {
        if ('skip' in step) world.bars(step.skip);
        else if ('pos' in step) {
          const cell = world.cell(step.which);
          Object.assign(cell, { pos: step.pos, buy: step.buy, sell: step.sell });
          const worstQty = Math.max(Math.abs(step.pos + step.buy), Math.abs(step.pos - step.sell));
          cell.worst = units(worstQty * step.price);
        }
      }
      const held = world.cells.filter(({ worst }) => worst !== 0);
      const exposures = held.map((cell) => ({
        instrumentId: cell.instrument.instrumentId,
        signed: signedOf(cell, cell.worst),
      }));
      const parameters = { confidence, scenarios: SCENARIOS, minScenarios: MIN_SCENARIOS };
      const result = valueAtRisk(world.account, world.returns, parameters);
      const exact = held.length === 0 ? 0n : oracle(exposures, world.returns, confidence);
      if (exact === undefined) expect(result.kind).toBe('unknown');
      else {
        const loss = result.kind === 'known' ? BigInt(result.loss) : -1n;
        expect([loss >= exact, loss <= exact + 2n]).toEqual([true, true]);
      }
    },
  );
});
