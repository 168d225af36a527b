import { backoffMs, systemRandom } from '../core/backoff.ts';
import { PortcullisError } from '../core/errors.ts';
import type { Delivery } from './delivery.ts';
import { type DeadReason, isDeadLetter } from './dead-letter.ts';
import { detailOf, failureOf, watchHandler } from './handler-result.ts';
import { KeyLanes } from './key-lanes.ts';
import { CALLED, Entry, type Lane, type LaneState, STUCK, WAITING } from './lane.ts';
import { Attempt } from './member-attempt.ts';
import type { MemberDeps } from './member-deps.ts';
import { MemberLog } from './member-log.ts';
import { type AttemptOutcome, MemberMetrics } from './member-metrics.ts';
import { callHandler } from './member-scope.ts';
import { MemberStop } from './member-stop.ts';
import type { MemberRules } from './subscribe-options.ts';

export type { Delivery, MemberListener } from './delivery.ts';
export type { MemberDeps } from './member-deps.ts';

/**
 * Brings the events of one member of a group to its handler: those of one key one after another, those of several as far as
 * handlers are free, the one that was offered first in front. It knows nothing of how they came and how they are acknowledged.
 */
export class GroupMember<T extends Delivery> {
  readonly #rules: MemberRules;
  readonly #deps: MemberDeps<T>;
  readonly #metrics: MemberMetrics | undefined;
  readonly #log: MemberLog;
  readonly #lanes = new KeyLanes<T>();
  /** Offered while a handler or a listener was being called. */
  #later: Entry<T>[] = [];
  /** Whose handler is being called. */
  #calling: Entry<T> | undefined;
  /** Whether one of our methods is at work further up the stack. */
  #isBusy = false;
  #offered = 0;
  #inFlight = 0;
  /** Handlers whose promise has not settled, but for those that were given up. */
  #running = 0;
  #stop: MemberStop<T> | undefined;

  constructor(rules: MemberRules, deps: MemberDeps<T>) {
    const { bus, group, metrics, logger } = deps;
    this.#rules = rules;
    this.#deps = deps;
    this.#log = new MemberLog({ bus, group }, logger);
    this.#metrics = metrics && new MemberMetrics(deps, metrics);
  }

  /** How many more deliveries it takes now; none once it stops. */
  get room(): number {
    return this.#stop === undefined ? Math.max(0, this.#rules.maxInFlight - this.#inFlight) : 0;
  }

  /** Deliveries that are neither done nor dead, those in back-off included. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Takes a delivery, in the order of its topic. Where its key and a handler are free the handler runs within the call; offered
   * from within a handler or a listener, it waits until that one has returned. Without `room` it is taken all the same. While
   * the member stops it is among what is given back; after that it is nobody's.
   */
  offer(delivery: T): void {
    if (this.#stop?.isOver === true) return;
    const entry = new Entry(delivery, ++this.#offered, delivery.attempts);
    this.#inFlight += 1;
    if (this.#isBusy) {
      this.#later.push(entry);
      return;
    }
    this.#isBusy = true;
    try {
      this.#place(entry);
      if (this.#later.length > 0 || this.#lanes.hasReady) this.#pump();
    } finally {
      this.#isBusy = false;
    }
    if (this.#stop !== undefined) this.#endIfIdle();
  }

  /**
   * Forgets deliveries that have become another member's: their handlers' signals abort, and the listener hears no more of them.
   *
   * @returns what was forgotten, in the order offered
   */
  abandon(which: (delivery: T) => boolean): readonly T[] {
    let gone: readonly T[] = [];
    this.#within(() => {
      gone = this.#forget(which, 'the event has become that of another member');
    });
    return gone;
  }

  /**
   * Starts no more handlers, and waits for those that run, and for dead letters that are being written, for at most
   * `timeoutMs`; then their signals abort, and what they still do counts for nothing. A second call waits for the first, and
   * may shorten it.
   *
   * @returns those neither done nor dead, in the order offered. A letter that was still being written may be there all the same.
   */
  stop(timeoutMs: number): Promise<readonly T[]> {
    const stop = (this.#stop ??= new MemberStop(this.#deps.clock));
    this.#lanes.wakeAll();
    this.#endIfIdle();
    stop.within(timeoutMs, () => {
      this.#end();
    });
    return stop.promise;
  }

  /** Puts an entry where it belongs: to the handler at once, or behind others. */
  #place(entry: Entry<T>): void {
    const lanes = this.#lanes;
    if (lanes.size > 0 && lanes.join(entry)) return;
    if (this.#isFree && !lanes.hasReady) this.#handle(entry, undefined);
    else lanes.await(lanes.open(entry));
  }

  get #isFree(): boolean {
    return this.#running < this.#rules.concurrency && this.#stop === undefined;
  }

  /** Goes on until nothing is left to do now. */
  #pump(): void {
    for (;;) {
      const entry = this.#later.shift();
      if (entry === undefined) {
        const lane = this.#isFree ? this.#lanes.take() : undefined;
        if (lane === undefined) return;
        this.#handle(lane.head, lane);
      } else {
        this.#place(entry);
      }
    }
  }

  /** Does one step that has come about by itself, and what it makes possible. */
  #within(step: () => void): void {
    if (this.#isBusy) {
      step();
      return;
    }
    this.#isBusy = true;
    try {
      step();
      this.#pump();
    } finally {
      this.#isBusy = false;
    }
    if (this.#stop !== undefined) this.#endIfIdle();
  }

  /** @param lane whose first entry it is; `undefined` for an entry that has none as long as no promise is in play */
  #handle(entry: Entry<T>, lane: Lane<T> | undefined): void {
    const { group, handler, tracing } = this.#deps;
    const { delivery } = entry;
    if (!(entry.attempts < this.#rules.maxAttempts)) {
      if (delivery.hasFailed === true)
        this.#die(entry, lane, 'ATTEMPTS_EXHAUSTED', `${entry.attempts} attempts have failed before`);
      else this.#die(entry, lane, 'CRASHED', 'no attempt has come to an end');
      return;
    }
    entry.attempts += 1;
    const attempt = new Attempt(group, delivery, entry.attempts);
    entry.attempt = attempt;
    if (lane !== undefined) lane.state = CALLED;
    this.#calling = entry;
    const startMs = this.#metrics?.begin() ?? NaN;
    const result = callHandler(handler, delivery.event, attempt, tracing);
    const isGone = this.#calling !== entry;
    this.#calling = undefined;
    if (isGone) {
      attempt.promise?.catch(() => undefined);
    } else if (attempt.promise !== undefined) {
      this.#run(
        entry,
        lane ?? this.#lanes.open(entry),
        attempt.promise,
        this.#metrics?.goesOn(startMs) ?? NaN,
      );
    } else {
      this.#metrics?.endedAtOnce(attempt.outcome, startMs);
      this.#ended(entry, lane, attempt.outcome, result);
    }
  }

  /** Waits for the promise of a handler. */
  #run(entry: Entry<T>, lane: Lane<T>, promise: Promise<unknown>, startMs: number): void {
    const watched = { clock: this.#deps.clock, timeoutMs: this.#rules.handlerTimeoutMs };
    const watch = watchHandler(promise, watched, (outcome, value) => {
      this.#within(() => {
        this.#running -= 1;
        this.#metrics?.ended(outcome, startMs);
        this.#ended(entry, lane, outcome, value);
      });
    });
    lane.state = { kind: 'running', watch };
    this.#running += 1;
  }

  /** @param value what the handler returned or threw, by the outcome */
  #ended(entry: Entry<T>, lane: Lane<T> | undefined, outcome: AttemptOutcome, value: unknown): void {
    if (outcome === 'done') {
      this.#done(entry, lane);
    } else if (isDeadLetter(value) && outcome === 'dead') {
      entry.attempt?.fail(new Error(value.reason));
      this.#die(entry, lane, 'REFUSED', detailOf(value.reason));
    } else {
      if (outcome === 'timed-out') entry.attempt?.abort(value);
      else entry.attempt?.fail(value);
      this.#failed(entry, lane, value);
    }
  }

  #done(entry: Entry<T>, lane: Lane<T> | undefined): void {
    entry.attempt?.end();
    if (lane !== undefined) this.#lanes.advance(lane);
    this.#free(1, entry.delivery);
  }

  #failed(entry: Entry<T>, lane: Lane<T> | undefined, error: unknown): void {
    const { clock, listener, random = systemRandom } = this.#deps;
    const { maxAttempts, backoffMs: baseDelayMs, maxBackoffMs: maxDelayMs } = this.#rules;
    const { attempts, delivery } = entry;
    const detail = detailOf(error);
    if (!(attempts < maxAttempts)) {
      this.#die(entry, lane, 'ATTEMPTS_EXHAUSTED', detail);
      return;
    }
    const waits = lane ?? this.#lanes.open(entry);
    waits.state = WAITING;
    if (this.#stop !== undefined) return;
    const delayMs = backoffMs(attempts - 1, { baseDelayMs, maxDelayMs }, random);
    const timer = clock.deadline(delayMs, () => {
      this.#within(() => {
        this.#lanes.await(waits);
      });
    });
    waits.state = { kind: 'back-off', timer };
    this.#log.retries(entry, delayMs, error);
    listener.onRetry?.(delivery, { attempts, delayMs, detail });
  }

  /** The delivery is given up; its key waits until that is on record. */
  #die(entry: Entry<T>, lane: Lane<T> | undefined, reason: DeadReason, detail: string): void {
    const { attempts, delivery } = entry;
    const own = lane ?? this.#lanes.open(entry);
    const dying: LaneState = { kind: 'dying' };
    own.state = dying;
    this.#log.dies(entry, reason, detail);
    void failureOf(() => this.#deps.listener.onDead(delivery, { reason, detail, attempts })).then(
      (failure) => {
        if (own.state !== dying) return;
        this.#within(() => {
          if (failure !== undefined) {
            own.state = STUCK;
            this.#log.standsStill(entry, failure.error);
            return;
          }
          this.#metrics?.died(reason);
          this.#lanes.advance(own);
          this.#free(1);
        });
      },
    );
  }

  /** So many are no longer in flight, one of them since it is done. */
  #free(count: number, done?: T): void {
    const hadRoom = this.#inFlight < this.#rules.maxInFlight;
    this.#inFlight -= count;
    if (done !== undefined) this.#deps.listener.onDone(done);
    if (!hadRoom && this.room > 0) this.#deps.listener.onRoom();
  }

  #endIfIdle(): void {
    if (!this.#isBusy && this.#running === 0 && !this.#lanes.hasDying) this.#end();
  }

  #end(): void {
    const stop = this.#stop;
    if (stop === undefined || stop.isOver) return;
    stop.close();
    stop.resolve(this.#forget(() => true, 'the subscription has stopped'));
  }

  /** Takes out of flight, wherever they are. */
  #forget(which: (delivery: T) => boolean, why: string): readonly T[] {
    const reason = new PortcullisError('ABORTED', why);
    const onCutOff = ({ attempt }: Entry<T>): void => {
      this.#running -= 1;
      attempt?.abort(reason);
    };
    const waited = this.#later.filter(({ delivery }) => which(delivery));
    const gone = [...this.#lanes.remove(which, onCutOff), ...waited];
    this.#later = this.#later.filter(({ delivery }) => !which(delivery));
    const calling = this.#calling;
    if (calling !== undefined && which(calling.delivery)) {
      this.#calling = undefined;
      calling.attempt?.abort(reason);
      if (!gone.includes(calling)) gone.push(calling);
    }
    this.#free(gone.length);
    return gone.sort((a, b) => a.seq - b.seq).map(({ delivery }) => delivery);
  }
}
