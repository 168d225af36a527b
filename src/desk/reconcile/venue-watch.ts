import type { Cancels } from '../cancels.ts';
import { CoalescedWork } from './coalesced-work.ts';
import type { DeskParts, DeskRules } from '../desk-parts.ts';
import type { DeskTenure } from '../desk-tenure.ts';
import { type Difference, type Reconciliation, restricts } from './difference.ts';
import type { InFlight } from '../in-flight.ts';
import { Investigator } from './investigator.ts';
import { externalOrder, readFill } from '../journal/journal-order.ts';
import { inDoubt } from './order-evidence.ts';
import { type ReconcileDesk, reconcile } from './reconcile.ts';
import type { Recorder } from '../recorder.ts';
import { Synchroniser } from './synchroniser.ts';
import { VenueFills } from './venue-fills.ts';
import type { OrderEvent } from '../../trading/order-event.ts';
import { messageOf } from '../../core/message-of.ts';
import { type InboxDesk, takeIn } from '../venue/venue-inbox.ts';
import { type VenueAnswers, VenueQuestions } from '../venue/venue-questions.ts';

export interface VenueWatchDeps {
  readonly parts: DeskParts;
  readonly rules: DeskRules;
  readonly venue: string;
  readonly answers: VenueAnswers;
  readonly inFlight: InFlight;
  readonly recorder: Recorder;
  readonly deskTenure: DeskTenure;
  record(event: OrderEvent): Promise<boolean>;
  readonly cancels: Cancels;
}

/** Keeps our books to what the venue says: takes in what it tells, asks for what it did not, compares. */
export class VenueWatch {
  readonly #recorder: Recorder;
  readonly #investigator: Investigator;
  readonly #synchroniser: Synchroniser;
  readonly #inbox: InboxDesk;
  readonly #stopping = new AbortController();
  readonly #cancels: Cancels;

  constructor(deps: VenueWatchDeps) {
    const { parts, rules, venue, answers, inFlight, recorder, deskTenure, cancels } = deps;
    const record = (event: OrderEvent) => deps.record(event);
    const { book, clock, killSwitch, journal } = parts;
    const { archive } = journal;
    const instruments = new Map(parts.instruments.map((one) => [one.instrumentId, one]));
    this.#recorder = recorder;
    this.#cancels = cancels;
    const revive = (clientOrderId: string): Promise<boolean> | undefined => {
      if (archive === undefined || archive.isEmpty) return undefined;
      return archive.find(clientOrderId).then((saved) => {
        if (saved === undefined) return false;
        // Somebody else may have brought it back meanwhile.
        if (book.order(clientOrderId) === undefined) recorder.revived(saved);
        return true;
      });
    };
    const questions = new VenueQuestions({ answers, clock, venueTimeoutMs: rules.venueTimeoutMs, book });
    const { openedAtMs, lastAtMs } = journal.recovered;
    const { fillsLookBackMs, fillsOverlapMs } = rules;
    const fills = new VenueFills(
      {
        book,
        clock,
        instruments,
        fillsOverlapMs,
        record,
        revive,
        recordExternal: (fill, instrument) =>
          recorder.external(externalOrder(fill, instrument), readFill(fill, instrument)),
      },
      questions,
      {
        fromMs: openedAtMs,
        // Not from now on: nobody has read what was filled while we were away.
        newestMs: Math.min(lastAtMs, clock.nowMs()) - fillsLookBackMs,
        allFromMs: openedAtMs - Math.max(fillsLookBackMs, fillsOverlapMs),
      },
    );
    const desk = {
      book,
      clock,
      record,
      catchUp: (found: Difference[]) => fills.catchUp(found),
      catchUpAll: (found: Difference[]) => fills.catchUpAll(found),
      cancelAtVenue: (id: string) => {
        void cancels.again(id);
      },
      isAmending: (id: string) => inFlight.isAmending(id),
      tell: (found: readonly Difference[]) => {
        this.#found(found);
      },
    };
    this.#investigator = new Investigator(desk, questions, rules.lookup);
    const comparing: ReconcileDesk = {
      ...desk,
      questions,
      investigator: this.#investigator,
      instrumentIds: new Set(instruments.keys()),
      stopping: this.#stopping.signal,
      isUnderWay: (id) => inFlight.isUnderWay(id),
      revive,
    };
    this.#synchroniser = new Synchroniser({
      venue,
      clock,
      killSwitch,
      reconcileEveryMs: rules.reconcileEveryMs,
      reconcile: async () => {
        const failed = (error: unknown): Reconciliation => {
          const reason = messageOf(error);
          return { kind: 'failed', atMs: clock.nowMs(), reason };
        };
        // Nothing would be taken over any more.
        if (deskTenure.isOver || this.#stopping.signal.aborted) return failed(this.#stopping.signal.reason);
        const result = await reconcile(comparing).catch(failed);
        // What was found meanwhile has not been taken over.
        if (deskTenure.denial() !== undefined) return failed(this.#stopping.signal.reason);
        recorder.emit({ kind: 'reconciled', result });
        return result;
      },
      onPassed: () => {
        cancels.enforce();
      },
      onMismatch: ({ settled: _settled, ...difference }) => {
        recorder.anomaly(difference);
      },
    });
    const catchingUp = new CoalescedWork(() => this.#catchUp(fills));
    this.#inbox = {
      book,
      clock,
      record,
      revive,
      isUnsent: (id) => inFlight.isUnsent(id),
      anomaly: (anomaly) => {
        recorder.anomaly(anomaly);
      },
      catchUp: () => void catchingUp.ask(),
      lost: (reason) => {
        this.#synchroniser.lost(reason);
        recorder.audit({ kind: 'venue.disconnected', venue, reason });
        cancels.disconnected(rules.cancelOnDisconnect);
      },
      regained: () => {
        recorder.audit({ kind: 'venue.connected', venue });
        this.#synchroniser.regained();
      },
    };
  }

  /** Takes in what the driver tells. Never throws. */
  takeIn(event: unknown): void {
    takeIn(this.#inbox, event);
  }

  /** Has an order looked up once it is in doubt. */
  noteOf(event: OrderEvent, book: DeskParts['book']): void {
    if (event.type !== 'timedOut' && event.type !== 'cancelled' && event.type !== 'expired') return;
    const row = book.order(event.clientOrderId);
    if (row !== undefined && inDoubt(row)) this.#investigator.watch(event.clientOrderId);
  }

  watch(clientOrderId: string): void {
    this.#investigator.watch(clientOrderId);
  }

  ask(clientOrderId: string): void {
    this.#investigator.ask(clientOrderId);
  }

  start(): Promise<Reconciliation> {
    return this.#synchroniser.start();
  }

  reconcile(): Promise<Reconciliation> {
    return this.#synchroniser.pass();
  }

  stop(why = 'the desk has been stopped'): void {
    this.#synchroniser.stop();
    this.#investigator.stop();
    this.#stopping.abort(new Error(why));
  }

  async #catchUp(fills: VenueFills): Promise<void> {
    const found: Difference[] = [];
    const silent = await fills.catchUp(found);
    if (silent !== undefined) this.#recorder.audit({ kind: 'venue.silent', reason: silent });
    this.#found(found);
  }

  #found(found: readonly Difference[]): void {
    this.#synchroniser.found(found);
    // Others may have moved a position: what reduced it before need not do so any more.
    if (found.some(restricts)) this.#cancels.enforce();
  }
}
