/** What one call takes of one limit, and how large that limit is. */
export interface SharedRateTake {
  /** Names the limit among all who hold it: 1 to 64 letters, digits and `. _ : -`. */
  readonly bucket: string;
  /** Tokens that it holds when full, above 0. */
  readonly capacity: number;
  /** Above 0. */
  readonly refillPerSecond: number;
  /** Tokens, 0 or more. 0 takes nothing, and asks whether there is somebody to ask. */
  readonly cost: number;
}

/** `wait`: nothing was taken, and if nobody else takes any, it can be `waitMs` from now. `never`: it costs more than a bucket holds. */
export type SharedRateAnswer =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'wait'; readonly waitMs: number }
  | { readonly outcome: 'never' };

/**
 * Rate limits that several processes hold together, as the generic cell rate algorithm has it: in any T seconds at most
 * `capacity + T * refillPerSecond` are taken, all processes together. All of a call's tokens are taken, or none.
 *
 * Nothing is put by for who has to wait: while others take a little all the time, a cost near the capacity may wait without end,
 * unlike in one process, whose line is in order. Give heavy calls a bucket in which they are small, or one process that makes them.
 *
 * A refusal is an answer. That nobody can be asked is none: then it rejects, and what was asked may have been taken.
 */
export interface SharedRate {
  /**
   * @param limit what its buckets belong to, a source or an account there: 1 to 64 letters, digits and `. _ : -`
   */
  take(limit: string, takes: readonly SharedRateTake[]): Promise<SharedRateAnswer>;
}
