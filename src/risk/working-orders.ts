import type { Scope } from './trading-state.ts';

/** What a trip cancels: all working orders in scope, or those that do not reduce the position as it is now. */
export type CancelRule = 'all' | 'not-reducing';

/** A position that no working order reduces any more. */
export interface UnprotectedPosition {
  readonly accountId: string;
  readonly instrumentId: string;
  /** Signed, in units of the instrument, as a plain decimal. */
  readonly position: string;
}

/** What became of the cancels of a trip. */
export interface CancelResult {
  /** Client order ids that could not be confirmed to be gone. */
  readonly left: readonly string[];
  readonly unprotected: readonly UnprotectedPosition[];
}

/** Cancels that have been asked for. */
export interface CancelRound {
  /** Client order ids that the venue was asked to cancel. */
  readonly requested: readonly string[];
  /** Resolves when each is known to be gone, or can no longer be waited for. Never rejects. */
  readonly settled: Promise<CancelResult>;
}

/** The port through which a trip cancels. The desk implements it. */
export interface WorkingOrders {
  /** Asks the venue to cancel. Never throws. */
  cancel(scope: Scope, rule: CancelRule): CancelRound;
  /**
   * Whether another process has these orders now, so that what this one still sees of them says nothing. Asked in the tick of a
   * trip, also after it was detached. Default: never.
   */
  isDeposed?(): boolean;
}

/**
 * Cancels through every desk. One that fails stops none of the others: of a desk that throws nothing is known to be
 * left, of one whose result fails everything that it was asked for is. Never throws, never rejects.
 */
export function cancelThrough(
  desks: Iterable<WorkingOrders>,
  scope: Scope,
  rule: CancelRule,
  onFailed: (cause: unknown) => void,
): CancelRound {
  const requested: string[] = [];
  const results: Promise<CancelResult>[] = [];
  for (const desk of desks) {
    try {
      const round = desk.cancel(scope, rule);
      const asked = [...round.requested];
      requested.push(...asked);
      const settled = Promise.resolve(round.settled).then(({ left, unprotected }) => ({
        left: [...left],
        unprotected: [...unprotected],
      }));
      results.push(
        settled.catch((cause: unknown) => {
          onFailed(cause);
          return { left: asked, unprotected: [] };
        }),
      );
    } catch (cause) {
      onFailed(cause);
    }
  }
  return { requested, settled: Promise.all(results).then(merged) };
}

const merged = (results: readonly CancelResult[]): CancelResult => ({
  left: results.flatMap(({ left }) => left),
  unprotected: results.flatMap(({ unprotected }) => unprotected),
});
