/** A signal of one's own that also aborts when its parent does. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  /** Aborts this signal alone; the parent knows nothing of it. */
  abort(reason: unknown): void;
  /** Lets go of the parent. To be called when what the signal was for is over, however it ended. */
  dispose(): void;
}

const ONCE = { once: true } as const;

/**
 * A controller for one attempt, so that a long-lived signal is never handed to anything that may keep a listener on it.
 * A parent that has aborted already aborts it at once.
 *
 * @param onAbort called when the parent aborts later, just before this signal does: what it decides stands, whatever those
 *   who listen to the signal do
 */
export function linkedAbort(parent: AbortSignal | undefined, onAbort?: () => void): LinkedAbort {
  const controller = new AbortController();
  if (parent === undefined) return new Linked(controller, undefined, undefined);
  if (parent.aborted) {
    controller.abort(parent.reason);
    return new Linked(controller, undefined, undefined);
  }
  const listener = (): void => {
    onAbort?.();
    controller.abort(parent.reason);
  };
  parent.addEventListener('abort', listener, ONCE);
  return new Linked(controller, parent, listener);
}

class Linked implements LinkedAbort {
  readonly #controller: AbortController;
  readonly #parent: AbortSignal | undefined;
  #listener: (() => void) | undefined;

  constructor(
    controller: AbortController,
    parent: AbortSignal | undefined,
    listener: (() => void) | undefined,
  ) {
    this.#controller = controller;
    this.#parent = parent;
    this.#listener = listener;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  dispose(): void {
    if (this.#listener === undefined) return;
    this.#parent?.removeEventListener('abort', this.#listener);
    this.#listener = undefined;
  }
}
