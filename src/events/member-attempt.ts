import type { StartedSpan } from '../telemetry/tracing-started.ts';
import type { Delivery } from './delivery.ts';
import type { DeliveryContext } from './event-bus.ts';
import type { AttemptOutcome } from './member-metrics.ts';

/** One attempt to handle an event, as its handler sees it. */
export class Attempt implements DeliveryContext {
  readonly group: string;
  readonly topic: string;
  readonly attempt: number;
  /** What the handler has returned, where it was one. */
  promise: Promise<unknown> | undefined;
  /** How it has ended within the call, where it has. */
  outcome: AttemptOutcome = 'done';
  readonly #delivery: Delivery;
  #controller: AbortController | undefined;
  #reason: unknown;
  #span: StartedSpan | undefined;

  constructor(group: string, delivery: Delivery, attempt: number) {
    this.group = group;
    this.topic = delivery.topic;
    this.attempt = attempt;
    this.#delivery = delivery;
  }

  /** Made up by the bus when it is asked for. */
  get position(): string {
    return this.#delivery.position;
  }

  /** Made when it is asked for: most handlers never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** The span that it is recorded in. */
  set span(span: StartedSpan) {
    this.#span = span;
  }

  /** It counts for nothing any more, whatever it still does. */
  abort(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
    this.#span?.fail(reason);
  }

  end(): void {
    this.#span?.end();
  }

  fail(error: unknown): void {
    this.#span?.fail(error);
  }
}
