import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { clientOrderId } from '../core/ids.ts';
import { toText } from '../core/increment.ts';
import { type Principal, requirePerson } from '../core/principal.ts';
import { type Lots, abs, lots } from '../core/units.ts';
import { type Scope, inScope, scopeKey } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import { FLATTEN } from '../trading/book-share.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { OrderOutcome } from '../trading/order-outcome.ts';
import type { CancelOutcome } from './cancel.ts';

/** What a person orders who wants out. */
export interface FlattenOrder {
  /** Positions belong to accounts: a strategy has none of its own. */
  readonly scope: Scope;
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
  /** How far from the touch each exit may go. Default 100. */
  readonly maxSlippageBps?: number;
}

/** What became of one position. Quantities are signed, in units of the base. */
export interface FlattenedPosition {
  readonly accountId: string;
  readonly instrumentId: string;
  readonly before: string;
  readonly after: string;
  /** The exits that were sent, in order. */
  readonly outcomes: readonly OrderOutcome[];
}

export interface FlattenReport {
  /** Whether no position and no order is left in the scope. */
  readonly flat: boolean;
  readonly positions: readonly FlattenedPosition[];
  /** Orders in the scope that could not be confirmed to be gone. */
  readonly left: readonly string[];
}

/** What the verb needs of its desk. */
export interface FlattenDesk {
  readonly book: BookReader;
  readonly venue: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  cancelAll(scope: Scope): Promise<readonly CancelOutcome[]>;
  /** Resolves when none of these orders is live any more, or the venue has had its time. */
  gone(clientOrderIds: readonly string[]): Promise<void>;
  submit(intent: OrderIntent): Promise<OrderOutcome>;
  /** Lets exactly this order through while halted, if it is an exit. */
  permitExit(clientOrderId: string, why: { readonly by: Principal; readonly reason: string }): Disposable;
}

const DEFAULT_SLIPPAGE_BPS = 100;
/** How often an exit is sent for what the one before has left. */
const ROUNDS = 5;

interface Held {
  readonly accountId: string;
  readonly instrument: Instrument;
}

/**
 * Cancels everything in the scope, then sells what is long and buys back what is short, at the market. Its exits pass
 * every gate that exits have to pass, halted excepted.
 *
 * @throws {PortcullisError} `PRINCIPAL_REQUIRED` unless a named person gives a reason; `OPTION_INVALID` for a strategy
 */
export async function flatten(desk: FlattenDesk, order: FlattenOrder): Promise<FlattenReport> {
  const { scope, by, reason } = order;
  requirePerson(by, reason, `flatten ${scopeKey(scope)}`);
  if (scope.kind === 'strategy') {
    throw new PortcullisError(
      'OPTION_INVALID',
      `flatten: scope: expected firm, venue, account or instrument, got ${scopeKey(scope)}`,
    );
  }
  await desk.cancelAll(scope);
  await desk.gone(liveIn(desk, scope));
  const held = heldIn(desk, scope);
  const before = held.map((one) => positionOf(desk, one));
  const exits = await Promise.all(held.map((one) => exit(desk, one, order)));
  const positions = held.map(({ accountId, instrument }, at) => ({
    accountId,
    instrumentId: instrument.instrumentId,
    before: toText(before[at] ?? lots(0), instrument.grid.step),
    after: toText(positionOf(desk, { accountId, instrument }), instrument.grid.step),
    outcomes: exits[at] ?? [],
  }));
  const left = liveIn(desk, scope);
  return { flat: left.length === 0 && heldIn(desk, scope).length === 0, positions, left };
}

/** Sends exits until the position is gone, or one brings nothing. */
async function exit(desk: FlattenDesk, held: Held, order: FlattenOrder): Promise<OrderOutcome[]> {
  const { accountId, instrument } = held;
  const outcomes: OrderOutcome[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const pos = positionOf(desk, held);
    if (pos === 0) break;
    const intentId = `${desk.clock.nowMs()}.${nameOf(held)}.${round}`;
    const id = clientOrderId(accountId, FLATTEN, intentId);
    using _permit = desk.permitExit(id, order);
    const outcome = await desk.submit({
      intentId,
      accountId,
      strategyId: FLATTEN,
      instrumentId: instrument.instrumentId,
      side: pos > 0 ? 'sell' : 'buy',
      quantity: toText(abs(pos), instrument.grid.step),
      reduceOnly: true,
      price: { type: 'market', maxSlippageBps: order.maxSlippageBps ?? DEFAULT_SLIPPAGE_BPS },
    });
    outcomes.push(outcome);
    await desk.gone([id]);
    if (outcome.kind !== 'accepted' || positionOf(desk, held) === pos) break;
  }
  return outcomes;
}

/** What tells instruments apart within an intent id, which has 64 characters. */
const nameOf = ({ accountId, instrument: { instrumentId } }: Held): string =>
  instrumentId.length <= 32 ? instrumentId : clientOrderId(accountId, FLATTEN, instrumentId);

const positionOf = ({ book }: FlattenDesk, { accountId, instrument }: Held): Lots =>
  book.cell(accountId, instrument.instrumentId)?.pos ?? lots(0);

function heldIn({ book, venue }: FlattenDesk, scope: Scope): Held[] {
  const held: Held[] = [];
  for (const { accountId, cells } of [...book.accounts()].map((account) => ({
    accountId: account.accountId,
    cells: [...account.cells()],
  }))) {
    for (const { instrument, pos } of cells) {
      if (pos !== 0 && inScope(scope, { accountId, strategyId: FLATTEN, instrument }, venue)) {
        held.push({ accountId, instrument });
      }
    }
  }
  return held;
}

const liveIn = ({ book, venue }: FlattenDesk, scope: Scope): string[] =>
  Array.from(book.liveOrders()).flatMap(({ order }) =>
    inScope(scope, order, venue) ? [order.clientOrderId] : [],
  );
