import type { Clock } from '../../core/clock.ts';
import { system } from '../../core/principal.ts';
import type { KillSwitch } from '../../risk/kill-switch.ts';
import type { Restraint } from '../../risk/restraint.ts';
import { type Difference, type Reconciliation, differenceKey, restricts } from './difference.ts';

export interface SynchroniserDeps {
  readonly venue: string;
  readonly clock: Pick<Clock, 'deadline' | 'every'>;
  readonly killSwitch: Pick<KillSwitch, 'restrain'>;
  readonly reconcileEveryMs: number | 'never';
  /** One pass. Never rejects. */
  reconcile(): Promise<Reconciliation>;
  /** After each pass, also one that failed. */
  onPassed(): void;
  /** A difference that restricts trading, told once for as long as it lasts. */
  onMismatch(difference: Difference): void;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
const BY = system('order-desk');

/**
 * Keeps entries out while we do not know what the venue knows: until the first comparison has succeeded, while the
 * connection is lost, and when the venue could not be asked twice in a row. Then it keeps trying.
 */
export class Synchroniser {
  readonly #deps: SynchroniserDeps;
  #restraint: Restraint | undefined;
  #running: Promise<Reconciliation> | undefined;
  #retry: Disposable | undefined;
  #timer: Disposable | undefined;
  #failures = 0;
  #connected = true;
  /** How often the connection was lost: a comparison that was under way then has not seen what was missed. */
  #losses = 0;
  #stopped = false;
  #told = new Set<string>();

  constructor(deps: SynchroniserDeps) {
    this.#deps = deps;
    this.#restrain('not reconciled with the venue yet');
  }

  /** Resolves with what the first pass found; if it failed, further ones follow by themselves. */
  start(): Promise<Reconciliation> {
    const { clock, reconcileEveryMs } = this.#deps;
    if (reconcileEveryMs !== 'never' && !this.#stopped) {
      this.#timer ??= clock.every(reconcileEveryMs, () => void this.pass());
    }
    return this.pass();
  }

  /** One pass at a time: whoever asks meanwhile gets the result of the one that runs. */
  pass(): Promise<Reconciliation> {
    this.#running ??= this.#pass().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Events may be missed from now on. */
  lost(reason: string): void {
    this.#connected = false;
    this.#losses += 1;
    this.#restrain(`the connection to the venue is lost: ${reason}`);
  }

  regained(): void {
    this.#connected = true;
    const before = this.#running;
    if (before === undefined) void this.pass();
    else void before.then(() => this.pass());
  }

  /** Tries no more, and restrains nobody any more. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#lift();
  }

  /** Trips for differences that are new; what a person has released stays released while it lasts. */
  found(differences: readonly Difference[]): void {
    for (const difference of differences.filter(restricts)) {
      const key = differenceKey(difference);
      if (!this.#told.has(key)) this.#deps.onMismatch(difference);
      this.#told.add(key);
    }
  }

  async #pass(): Promise<Reconciliation> {
    const losses = this.#losses;
    const result = await this.#deps.reconcile();
    if (result.kind === 'failed') this.#failed(result.reason);
    else {
      this.#failures = 0;
      this.#retry?.[Symbol.dispose]();
      this.found(result.differences);
      this.#told = new Set(result.differences.filter(restricts).map(differenceKey));
      if (this.#connected && losses === this.#losses) this.#lift();
    }
    if (!this.#stopped) this.#deps.onPassed();
    return result;
  }

  #failed(reason: string): void {
    this.#failures += 1;
    if (this.#failures > 1 || this.#restraint !== undefined) {
      this.#restrain(`cannot reconcile with the venue: ${reason}`);
    }
    if (this.#stopped) return;
    this.#retry?.[Symbol.dispose]();
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
    this.#retry = this.#deps.clock.deadline(delayMs, () => void this.pass());
  }

  #restrain(reason: string): void {
    const { killSwitch, venue } = this.#deps;
    if (this.#stopped) return;
    if (this.#restraint !== undefined) this.#restraint.update(reason);
    else {
      const scope = { kind: 'venue', id: venue } as const;
      this.#restraint = killSwitch.restrain({ scope, to: 'reducing', reason, by: BY });
    }
  }

  #lift(): void {
    this.#restraint?.[Symbol.dispose]();
    this.#restraint = undefined;
  }
}
