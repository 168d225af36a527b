import type { Span } from '@opentelemetry/api';
import type { Tracing } from '../../telemetry/index.ts';
import type { Denial } from '../../trading/denial.ts';
import type { OrderIntent } from '../../trading/order-intent.ts';
import type { OrderOutcome } from '../../trading/order-outcome.ts';
import { type SubmitDecision, type SubmitDesk, type SubmitOptions, submit } from '../submit.ts';

/** Where the spans of a desk go. */
export interface DeskTracing {
  /** Records a span for each submit, and for the decision in it. Default: none. */
  readonly tracing?: Tracing;
}

const NOTHING = {};

/** `submit` in a span `order.submit`, with the decision in a span `order.decide` of its own. Where nobody records spans, it is `submit`. */
export function tracedSubmit(
  desk: SubmitDesk,
  { tracing }: DeskTracing,
  asked: OrderIntent,
  options?: SubmitOptions,
): Promise<OrderOutcome> {
  if (tracing === undefined) return submit(desk, asked, options);
  return tracing.span('order.submit', NOTHING, (span) =>
    span.isRecording() ? recorded(desk, tracing, span, asked, options) : submit(desk, asked, options),
  );
}

async function recorded(
  desk: SubmitDesk,
  tracing: Tracing,
  span: Span,
  asked: OrderIntent,
  options: SubmitOptions | undefined,
): Promise<OrderOutcome> {
  describe(span, asked);
  const decide: SubmitDesk['decide'] = (...about) =>
    tracing.span('order.decide', NOTHING, (inner) => {
      describe(inner, about[0]);
      const decision = desk.decide(...about);
      inner.setAttribute('order.decision', decision.kind);
      blame(inner, because(decision));
      return decision;
    });
  const outcome = await submit({ ...desk, decide }, asked, options);
  span.setAttribute('order.outcome', outcome.kind);
  if ('clientOrderId' in outcome) span.setAttribute('order.client_id', outcome.clientOrderId);
  if (outcome.kind === 'denied') blame(span, outcome.denials);
  return outcome;
}

/** An intent may hold anything: what is no text is not shown. */
function describe(span: Span, intent: OrderIntent): void {
  try {
    const { accountId, strategyId, instrumentId, side, price } = intent;
    const facts = { account: accountId, strategy: strategyId, instrument: instrumentId, side };
    for (const [name, value] of Object.entries({ ...facts, type: price.type }))
      if (typeof (value as unknown) === 'string') span.setAttribute(`order.${name}`, value);
  } catch {
    // It is denied in a moment, and that says why.
  }
}

function because(decision: SubmitDecision): readonly Denial[] {
  if (decision.kind === 'denied') return decision.denials;
  return decision.kind === 'held' && decision.reduced !== undefined ? [decision.reduced] : [];
}

function blame(span: Span, denials: readonly Denial[]): void {
  if (denials.length === 0) return;
  span.setAttribute(
    'order.denials',
    denials.map(({ code }) => code),
  );
  span.setAttribute(
    'order.gates',
    denials.map(({ gate }) => gate),
  );
}
