import { z } from 'zod';
import { parseInput } from '../../core/options.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { type OrderState, TRANSITIONS } from '../../trading/order-life-cycle.ts';
import type { SavedOrder } from '../../trading/saved-book.ts';
import { type Regrid, regrid, storedGrid } from './journal-grid.ts';
import { type RecordedIntent, fieldsOf, intentSchema, readIntent } from './journal-intent.ts';

const count = z.int().min(0);
const STATES = Object.keys(TRANSITIONS) as OrderState[];

/**
 * An order as it was at one moment, as it stands in checkpoints, in the archive and in the journal. Quantities are in steps
 * and prices in ticks, of a grid that stands beside it. What is false, 0, none, or GTC is left out.
 */
const storedOrderSchema = z.object({
  clientOrderId: z.string(),
  dayId: z.string(),
  state: z.enum(STATES),
  intent: intentSchema,
  qty: count,
  worst: count,
  isExit: z.literal(true).exactOptional(),
  postOnly: z.literal(true).exactOptional(),
  timeInForce: z.enum(['IOC', 'FOK']).exactOptional(),
  mark: count.exactOptional(),
  leaves: count.exactOptional(),
  cumulative: count.exactOptional(),
  finalCumulative: count.exactOptional(),
  amendment: z
    .object({ qty: count, worst: count, isExit: z.boolean(), mark: count.exactOptional() })
    .exactOptional(),
  executionIds: z.array(z.string()).exactOptional(),
  formerWorst: count.exactOptional(),
});

export type StoredOrder = z.output<typeof storedOrderSchema>;

/** An order that stands alone, with its grid. */
export const loneOrderSchema = z.object({ tick: z.string(), step: z.string(), order: storedOrderSchema });

export type LoneOrder = z.output<typeof loneOrderSchema>;

export function storedOrder(saved: SavedOrder): StoredOrder {
  const { order, state, leaves, cumulative, finalCumulative, amendment, dayId, executionIds, formerWorst } =
    saved;
  const { clientOrderId, qty, worst, isExit, postOnly, timeInForce, mark } = order;
  const intent = order.intent as RecordedIntent; // its decimals are text since priceOrder
  const stored: Draft<StoredOrder> = { clientOrderId, dayId, state, intent, qty, worst };
  if (isExit) stored.isExit = true;
  if (postOnly) stored.postOnly = true;
  if (timeInForce !== 'GTC') stored.timeInForce = timeInForce;
  if (mark !== undefined) stored.mark = mark;
  if (leaves !== 0) stored.leaves = leaves;
  if (cumulative !== 0) stored.cumulative = cumulative;
  if (finalCumulative !== undefined) stored.finalCumulative = finalCumulative;
  if (amendment !== undefined) {
    const { mark: at, ...to } = amendment;
    stored.amendment = {
      qty: to.qty,
      worst: to.worst,
      isExit: to.isExit,
      ...(at !== undefined && { mark: at }),
    };
  }
  if (executionIds.length > 0) stored.executionIds = [...executionIds];
  if (formerWorst !== undefined) stored.formerWorst = formerWorst;
  return stored;
}

type Draft<T> = { -readonly [K in keyof T]: T[K] };

export function loneOrder(saved: SavedOrder): LoneOrder {
  return { ...storedGrid(saved.order.instrument), order: storedOrder(saved) };
}

/** @throws {PortcullisError} `INPUT_INVALID` when a count does not stand on the grid of now */
export function savedOrder(stored: StoredOrder, on: Regrid): SavedOrder {
  const { clientOrderId, intent, amendment } = stored;
  return {
    order: {
      intent,
      clientOrderId,
      instrument: on.instrument,
      accountId: intent.accountId,
      strategyId: intent.strategyId,
      side: intent.side,
      type: intent.price.type,
      qty: on.lots('qty', stored.qty),
      worst: on.ticks('worst', stored.worst),
      reduceOnly: intent.reduceOnly ?? false,
      isExit: stored.isExit ?? false,
      postOnly: stored.postOnly ?? false,
      timeInForce: stored.timeInForce ?? 'GTC',
      ...(stored.mark !== undefined && { mark: on.ticks('mark', stored.mark) }),
    },
    state: stored.state,
    leaves: on.lots('leaves', stored.leaves ?? 0),
    cumulative: on.lots('cumulative', stored.cumulative ?? 0),
    finalCumulative:
      stored.finalCumulative === undefined ? undefined : on.lots('finalCumulative', stored.finalCumulative),
    amendment: amendment && {
      qty: on.lots('amendment.qty', amendment.qty),
      worst: on.ticks('amendment.worst', amendment.worst),
      isExit: amendment.isExit,
      ...(amendment.mark !== undefined && { mark: on.ticks('amendment.mark', amendment.mark) }),
    },
    dayId: stored.dayId,
    executionIds: stored.executionIds ?? [],
    ...(stored.formerWorst !== undefined && { formerWorst: on.ticks('formerWorst', stored.formerWorst) }),
  };
}

/** @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`; what `instrumentOf` throws */
export function readLoneOrder(
  lone: LoneOrder,
  instrumentOf: (instrumentId: string) => Instrument,
): SavedOrder {
  return savedOrder(lone.order, regrid(lone, instrumentOf(lone.order.intent.instrumentId)));
}

/** @throws {PortcullisError} `INPUT_INVALID`, naming the field */
export const readStoredOrder = (what: string, raw: JsonValue): StoredOrder =>
  quickly(raw) ?? parseInput(what, storedOrderSchema, raw);

/** A checkpoint holds many: read by hand what a finished order has, or nothing. */
function quickly(raw: JsonValue): StoredOrder | undefined {
  const fields = fieldsOf(raw);
  const { clientOrderId, dayId, state, qty, worst, leaves, cumulative, finalCumulative } = fields;
  const { isExit, postOnly, timeInForce, executionIds, amendment, formerWorst } = fields;
  const intent = readIntent(fields['intent']);
  if (
    intent === undefined ||
    amendment !== undefined ||
    formerWorst !== undefined ||
    typeof clientOrderId !== 'string' ||
    typeof dayId !== 'string' ||
    !isState(state) ||
    !isCount(qty) ||
    !isCount(worst) ||
    !(isExit === undefined || isExit === true) ||
    !(postOnly === undefined || postOnly === true) ||
    !(timeInForce === undefined || timeInForce === 'IOC' || timeInForce === 'FOK') ||
    !(leaves === undefined || isCount(leaves)) ||
    !(cumulative === undefined || isCount(cumulative)) ||
    !(finalCumulative === undefined || isCount(finalCumulative)) ||
    !(executionIds === undefined || isTexts(executionIds))
  )
    return undefined;
  const order: Draft<StoredOrder> = { clientOrderId, dayId, state, intent, qty, worst };
  if (isExit !== undefined) order.isExit = isExit;
  if (postOnly !== undefined) order.postOnly = postOnly;
  if (timeInForce !== undefined) order.timeInForce = timeInForce;
  if (leaves !== undefined) order.leaves = leaves;
  if (cumulative !== undefined) order.cumulative = cumulative;
  if (finalCumulative !== undefined) order.finalCumulative = finalCumulative;
  if (executionIds !== undefined) order.executionIds = executionIds;
  return order;
}

const isState = (value: JsonValue | undefined): value is OrderState =>
  typeof value === 'string' && Object.hasOwn(TRANSITIONS, value);

const isCount = (value: JsonValue | undefined): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isTexts = (value: JsonValue): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
