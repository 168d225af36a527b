import type { PortcullisError } from '../../core/errors.ts';
import type { SharedState } from './shared-record.ts';

/**
 * `unseen`: not seen since the start. `in-step`: nothing that others tripped is unknown here, up to the age. `settling`: the
 * entry is new, or went back, and others may not have written yet what they know. `stale`: not confirmed for too long. `unreadable`: damaged,
 * or of a newer version. Only `in-step` lets entries through.
 */
export type SharedLinkState = 'unseen' | 'in-step' | 'settling' | 'stale' | 'unreadable';

export const SHARED_LINK_STATES = ['unseen', 'in-step', 'settling', 'stale', 'unreadable'] as const;

/** What is known of the shared entry, and since when, by the monotonic clock. */
export class SharedLink {
  readonly #monotonicMs: () => number;
  readonly #maxAgeMs: number;
  #state: SharedState | undefined;
  #confirmedMs = -Infinity;
  #settlingSinceMs = -Infinity;
  #isBack = false;
  #unreadable: PortcullisError | undefined;
  #error: PortcullisError | undefined;

  constructor(monotonicMs: () => number, maxAgeMs: number) {
    this.#monotonicMs = monotonicMs;
    this.#maxAgeMs = maxAgeMs;
  }

  /** As it was seen last. */
  get state(): SharedState | undefined {
    return this.#state;
  }

  /** What the last look met, if it was not as it should be. */
  get error(): PortcullisError | undefined {
    return this.#error;
  }

  get ageMs(): number {
    return this.#monotonicMs() - this.#confirmedMs;
  }

  get kind(): SharedLinkState {
    if (this.#unreadable !== undefined) return 'unreadable';
    if (this.#state === undefined) return 'unseen';
    const { ageMs } = this;
    if (!(ageMs >= 0 && ageMs <= this.#maxAgeMs)) return 'stale';
    return this.#state.isSettling || this.#isBack ? 'settling' : 'in-step';
  }

  /** Whether the entry is older than it was once, and does not say so yet. */
  get isBack(): boolean {
    return this.#isBack;
  }

  /** Whether the last look found that out, up to the age. */
  get isConfirmed(): boolean {
    return this.kind === 'in-step' && this.#error === undefined;
  }

  /** Why entries are held back, for people. */
  get reason(): string {
    const why = this.#error === undefined ? '' : `: ${this.#error.message}`;
    switch (this.kind) {
      case 'unreadable':
        return `what others have tripped cannot be read${why}`;
      case 'unseen':
        return `what others have tripped has not been seen yet${why}`;
      case 'settling':
        return 'the shared kill switch was begun anew, or is an older one: others may not have written yet what they know';
      default:
        return `what others have tripped has not been confirmed for more than ${this.#maxAgeMs} ms${why}`;
    }
  }

  /** Whether a new entry has been seen for that long. */
  hasSettled(settleMs: number): boolean {
    return this.#monotonicMs() - this.#settlingSinceMs >= settleMs;
  }

  /**
   * @param askedMs when it was asked for, so that an answer that lay about confirms nothing newer
   * @param isBack whether it is older than the one before: what was restored, or a server that had not got everything
   */
  saw(state: SharedState, askedMs: number, isBack: boolean): void {
    this.#isBack = (this.#isBack || isBack) && !state.isSettling;
    const isFirst = this.#state?.epoch !== state.epoch || !this.#state.isSettling;
    if (state.isSettling && isFirst) this.#settlingSinceMs = this.#monotonicMs();
    this.#state = state;
    this.#confirmedMs = Math.max(this.#confirmedMs, askedMs);
    this.#unreadable = undefined;
    this.#error = undefined;
  }

  failed(error: PortcullisError): void {
    this.#error = error;
    if (error.code === 'FORMAT_UNSUPPORTED' || error.code === 'INPUT_INVALID') this.#unreadable = error;
  }
}
