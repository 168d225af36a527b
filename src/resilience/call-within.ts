import type { Call, CallStats } from './call.ts';
import type { Priority } from './priority.ts';

/** Is told once that a call has been aborted; `addEventListener` takes it as well. */
export interface AbortListener {
  handleEvent(): void;
}

const ONCE = { once: true } as const;

/**
 * A call as an inner policy sees it: with an end and a deadline of its own. Its signal is made when somebody reads it, since
 * it costs more than all the policies together; policies ask with {@link isAborted} and {@link listen}, which make none. A
 * copy by spread is a call like any other: it has the signal.
 */
export class CallWithin implements Call {
  declare readonly signal: AbortSignal;
  readonly priority: Priority;
  readonly weight: number;
  readonly deadlineMs: number;
  readonly retries: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly attempt: number;
  readonly stats: CallStats;
  #isAborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  /** Who listens without a signal. One has room here, more find the signal. */
  #listener: AbortListener | undefined;

  constructor(outer: Call, deadlineMs: number) {
    Object.defineProperty(this, 'signal', SIGNAL);
    this.priority = outer.priority;
    this.weight = outer.weight;
    this.deadlineMs = deadlineMs;
    this.retries = outer.retries;
    this.timeoutMs = outer.timeoutMs;
    this.attempt = outer.attempt;
    this.stats = outer.stats;
  }

  /** The first reason stands. */
  abort(reason: unknown): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.handleEvent();
  }

  static signalOf(call: CallWithin): AbortSignal {
    if (call.#controller === undefined) {
      call.#controller = new AbortController();
      if (call.#isAborted) call.#controller.abort(call.#reason);
    }
    return call.#controller.signal;
  }

  static isAborted(call: Call): boolean {
    return #isAborted in call ? call.#isAborted : call.signal?.aborted === true;
  }

  static listen(call: Call, listener: AbortListener): void {
    if (#listener in call && call.#listener === undefined) call.#listener = listener;
    else call.signal?.addEventListener('abort', listener, ONCE);
  }

  static unlisten(call: Call, listener: AbortListener): void {
    if (!(#listener in call)) call.signal?.removeEventListener('abort', listener);
    else if (call.#listener === listener) call.#listener = undefined;
    else call.#controller?.signal.removeEventListener('abort', listener);
  }
}

/** One for all, and each object's own: a getter of the class would be lost when a policy copies the call. */
const SIGNAL: PropertyDescriptor & ThisType<CallWithin> = {
  enumerable: true,
  get() {
    return CallWithin.signalOf(this);
  },
};

/** Whether a call has been aborted, without making its signal. */
export const isAborted = (call: Call): boolean => CallWithin.isAborted(call);

/** Tells the listener when the call is aborted from now on, unless `unlisten` comes first. */
export const listen = (call: Call, listener: AbortListener): void => {
  CallWithin.listen(call, listener);
};

/** The listener is not told any more. Harmless when it was never to be, or has been. */
export const unlisten = (call: Call, listener: AbortListener): void => {
  CallWithin.unlisten(call, listener);
};
