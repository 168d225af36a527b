import { toText } from 'portcullis/core';
import { type CancelOutcome, type Explanation, explanationText } from 'portcullis/desk';
import { HttpProblem } from 'portcullis/service';
import type { BookReader, OrderOutcome, OrderView } from 'portcullis/trading';

/** What became of an order, with its quantity as text. */
export function outcomeAnswer(outcome: OrderOutcome, book: BookReader) {
  if (outcome.kind === 'denied') return { ...outcome, denials: outcome.denials.map(sayable) };
  if (outcome.kind !== 'accepted') return outcome;
  const { kind, clientOrderId, quantity, reduced } = outcome;
  const step = book.order(clientOrderId)?.order.instrument.grid.step;
  if (step === undefined) throw new Error(`order ${clientOrderId} was accepted and is not in the book`);
  return {
    kind,
    clientOrderId,
    quantity: toText(quantity, step),
    ...(reduced && { reduced: sayable(reduced) }),
  };
}

/** @throws {HttpProblem} 404 for one that the desk does not know */
export function cancelAnswer(outcome: CancelOutcome) {
  if (outcome.kind !== 'not-found') return outcome;
  throw new HttpProblem(404, `the desk does not know an order ${outcome.clientOrderId}`);
}

/** @throws {HttpProblem} 404 for one that the desk does not know */
export function orderAnswer(view: OrderView | undefined) {
  if (view === undefined) throw new HttpProblem(404, 'the desk does not know the order');
  const { order, state, leaves, cumulative, side } = view;
  const { clientOrderId, accountId, strategyId, instrument, qty, worst } = order;
  const { step, tick } = instrument.grid;
  return {
    ...{ clientOrderId, accountId, strategyId, instrumentId: instrument.instrumentId, side, state },
    quantity: toText(qty, step),
    cumulativeQuantity: toText(cumulative, step),
    leavesQuantity: toText(leaves, step),
    worstPrice: toText(worst, tick),
  };
}

/** What the gates would say, in data and in words. */
export const explanationAnswer = (explanation: Explanation) => {
  const { decision, denials, risk, execution } = explanation;
  return {
    decision,
    ...{ denials: denials.map(sayable), risk: risk.map(sayable), execution: execution.map(sayable) },
    text: explanationText(explanation),
  };
};

/** What a gate measured and allows, which may be `Infinity` or NaN, and JSON has neither: they are said as text. */
function sayable<T extends { readonly measured?: Fact; readonly limit?: Fact }>(facts: T): T {
  const { measured, limit } = facts;
  return {
    ...facts,
    ...(measured !== undefined && { measured: inJson(measured) }),
    ...(limit !== undefined && { limit: inJson(limit) }),
  };
}

type Fact = number | string | undefined;

const inJson = (fact: number | string): number | string =>
  typeof fact === 'number' && !Number.isFinite(fact) ? String(fact) : fact;
