import { PortcullisError } from '../../core/errors.ts';
import type { BusEvent } from '../../events/bus-event.ts';
import { deadLetter } from '../../events/dead-letter.ts';
import type { EventHandler } from '../../events/event-bus.ts';
import type { EventType } from '../../events/event-type.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { AccountDraft } from './account-draft.ts';
import { HISTORY_EVENTS, type HistoryEvent, readHistoryEvent } from './history-events.ts';
import type { HistoryGap } from './history-rows.ts';
import type { TradingHistory } from './trading-history.ts';

export interface HistoryProjectorDeps {
  readonly history: TradingHistory;
  /** Those that are, or ever were, traded. */
  readonly instruments: Iterable<Instrument>;
}

/** What became of an event. */
export type Projected =
  | { readonly outcome: 'written'; readonly gaps: readonly HistoryGap[] }
  /** It, or the fact that it tells of, is in the history already. */
  | { readonly outcome: 'duplicate' }
  /** Nothing that a history keeps. */
  | { readonly outcome: 'ignored' }
  /** Its version is not known, or its data is not what its type says. */
  | { readonly outcome: 'refused'; readonly why: string };

/** Events that go into one change. */
const BATCH = 200;

/** How often a change is worked out anew because somebody else has written the account meanwhile. */
const ATTEMPTS = 50;

/**
 * Writes a {@link TradingHistory} from the events of a bus: each once, however often it comes, together with its effect. The events
 * of an account have to come in order, which a bus sees to; those of different accounts may come as they like. Several
 * processes may write the same history.
 */
export class HistoryProjector {
  /** What to subscribe to. */
  readonly types: readonly EventType[] = HISTORY_EVENTS;
  readonly #history: TradingHistory;
  readonly #instruments: ReadonlyMap<string, Instrument>;

  constructor({ history, instruments }: HistoryProjectorDeps) {
    this.#history = history;
    this.#instruments = new Map(Array.from(instruments, (one) => [one.instrumentId, one]));
  }

  /** For `EventBus.subscribe`: what is refused goes to the dead letters, what fails is tried again. */
  readonly handler: EventHandler = async (event) => {
    const projected = await this.project(event);
    return projected.outcome === 'refused' ? deadLetter(projected.why) : undefined;
  };

  /**
   * Takes one event; resolves once it is durable.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`, `NUMBER_INVALID` where the event cannot be booked: nothing is written;
   *   `STORE_UNAVAILABLE`
   */
  async project(event: BusEvent): Promise<Projected> {
    const read = readHistoryEvent(event);
    if (read.kind === 'ignored') return { outcome: 'ignored' };
    if (read.kind === 'refused') return { outcome: 'refused', why: read.why };
    const { taken, gaps } = await this.#write(read.event.accountId, [read.event]);
    return taken === 0 && gaps.length === 0 ? { outcome: 'duplicate' } : { outcome: 'written', gaps };
  }

  /**
   * Takes many events, in order, several in one change: for making a history anew.
   *
   * @returns how many were new
   * @throws {PortcullisError} as `project`; `INPUT_INVALID` for one that is refused. What stands before it is written.
   */
  async projectAll(events: Iterable<BusEvent> | AsyncIterable<BusEvent>): Promise<number> {
    let written = 0;
    let batch: HistoryEvent[] = [];
    const write = async (): Promise<void> => {
      const [first] = batch;
      if (first === undefined) return;
      written += (await this.#write(first.accountId, batch)).taken;
      batch = [];
    };
    for await (const event of events) {
      const read = readHistoryEvent(event);
      if (read.kind === 'ignored') continue;
      if (read.kind === 'refused') {
        await write();
        throw new PortcullisError('INPUT_INVALID', `history: ${read.why}`);
      }
      const isOther = batch[0] !== undefined && batch[0].accountId !== read.event.accountId;
      if (isOther || batch.length === BATCH) await write();
      batch.push(read.event);
    }
    await write();
    return written;
  }

  async #write(accountId: string, events: readonly HistoryEvent[]) {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const draft = new AccountDraft(accountId, await this.#standing(accountId, events), (instrumentId) =>
        this.#instrumentOf(instrumentId),
      );
      let taken = 0;
      for (const event of events) if (takeOnce(draft, event)) taken += 1;
      const change = draft.change();
      if (taken === 0 && change.gaps.length === 0) return { taken, gaps: change.gaps };
      if ((await this.#history.commit(change)) === 'written') return { taken, gaps: change.gaps };
    }
    throw new PortcullisError(
      'STORE_UNAVAILABLE',
      `history: account ${accountId} was written by others ${ATTEMPTS} times in a row`,
    );
  }

  #standing(accountId: string, events: readonly HistoryEvent[]) {
    const some = (of: (event: HistoryEvent) => string | undefined): string[] => [
      ...new Set(events.flatMap((event) => of(event) ?? [])),
    ];
    return this.#history.standing({
      accountId,
      marks: [...new Set(events.flatMap(({ marks }) => marks))],
      orders: some(({ clientOrderId }) => clientOrderId),
      instruments: events.some(({ isOpening }) => isOpening)
        ? 'all'
        : some(({ instrumentId }) => instrumentId),
    });
  }

  #instrumentOf(instrumentId: string): Instrument {
    const instrument = this.#instruments.get(instrumentId);
    if (instrument !== undefined) return instrument;
    throw new PortcullisError(
      'INSTRUMENT_UNKNOWN',
      `history: instrumentId: expected one that is configured, got ${instrumentId}`,
    );
  }
}

function takeOnce(draft: AccountDraft, event: HistoryEvent): boolean {
  if (event.marks.some((mark) => draft.isKnown(mark))) return false;
  if (draft.isBeforeHorizon(event.told)) {
    draft.addGap('BEFORE_HORIZON', 'it may have been taken before', event.told, event.clientOrderId);
    return false;
  }
  event.take(draft);
  for (const mark of event.marks) draft.mark(mark, event.told);
  return true;
}
