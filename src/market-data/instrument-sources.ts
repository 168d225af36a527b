import type { Clock } from '../core/clock.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { type MarketView, isGood } from '../trading/market-view.ts';
import { CrossCheck } from './cross-check.ts';
import type { FailoverSettings } from './failover-options.ts';
import { JoinedIds } from './joined-ids.ts';
import { SourceSelection } from './source-selection.ts';
import { SourceView } from './source-view.ts';

/** Whom an instrument tells; sources are indices. */
export interface InstrumentListener {
  updated(view: MarketView, source: number, event: MarketEvent | undefined): void;
  switched(from: number, to: number): void;
  /** Another opinion of the other sources on this one. */
  doubted(source: number, isTrusted: boolean, deviationBps: number): void;
  /** It has had no right book for too long. */
  lostBook(source: number): void;
}

export interface InstrumentSourcesDeps {
  readonly instrumentId: string;
  readonly clock: Clock;
  readonly sources: number;
  readonly listener: InstrumentListener;
}

/** All sources of one instrument: follows each, compares them, and tells what the active one says. */
export class InstrumentSources {
  readonly views: readonly SourceView[];
  readonly #maxDeviationBps: number;
  readonly #refreshAfterMs: number;
  readonly #clock: Clock;
  readonly #listener: InstrumentListener;
  readonly #crossCheck: CrossCheck;
  readonly #selection: SourceSelection;
  readonly #ids: JoinedIds;
  #told: MarketView;

  constructor(settings: FailoverSettings, { instrumentId, clock, sources, listener }: InstrumentSourcesDeps) {
    this.views = Array.from(
      { length: sources },
      () => new SourceView(settings.tracker, { instrumentId, clock }),
    );
    this.#maxDeviationBps = settings.maxDeviationBps;
    this.#refreshAfterMs = settings.refreshAfterMs;
    this.#clock = clock;
    this.#listener = listener;
    this.#crossCheck = new CrossCheck(settings, sources);
    this.#selection = new SourceSelection(settings, sources, clock.monotonicMs());
    this.#ids = new JoinedIds(settings.sharedTradeIds);
    this.#told = this.view;
  }

  /** The index of the source that counts. */
  get active(): number {
    return this.#selection.active;
  }

  /** What the active source shows. */
  get view(): MarketView {
    return (this.views[this.active] as SourceView).view;
  }

  deviationBps(source: number): number {
    return this.#crossCheck.deviationBps(source);
  }

  isGood(source: number): boolean {
    const one = this.views[source];
    return one !== undefined && isGood(one.view);
  }

  apply(source: number, event: MarketEvent): void {
    this.views[source]?.apply(event);
    const isSwitched = this.#judge();
    // What is handed over at a switch has the event in it, unless that is a trade.
    const isLeftOut = source !== this.active || (isSwitched && event.type !== 'trade');
    const news = isLeftOut ? undefined : this.#ids.pass(event);
    if (news === undefined) this.#tellChanges();
    else this.#tell(news);
  }

  /** To be called when nothing arrives. */
  check(): void {
    const now = this.#clock.monotonicMs();
    for (const [source, one] of this.views.entries()) {
      one.tracker.check();
      if (one.needsBook(now, this.#refreshAfterMs)) this.#listener.lostBook(source);
    }
    this.#judge();
    this.#tellChanges();
  }

  /** Nothing more comes from this source. */
  ended(source: number): void {
    this.views[source]?.end();
    this.check();
  }

  /** Nobody follows the sources any more; nothing is told. */
  stopped(): void {
    for (const one of this.views) one.end();
  }

  /**
   * Tells when another source is active now, with its book.
   *
   * @returns whether that is so
   */
  #judge(): boolean {
    const now = this.#clock.monotonicMs();
    this.#crossCheck.look(
      this.views.map(({ price }) => price),
      now,
    );
    for (const [source, one] of this.views.entries()) {
      const isTrusted = this.#crossCheck.isTrusted(source);
      const bps = this.#crossCheck.deviationBps(source);
      if (one.trust(isTrusted, bps, this.#maxDeviationBps)) this.#listener.doubted(source, isTrusted, bps);
    }
    const from = this.active;
    const isSwitched = this.#selection.look(
      this.views.map((_, source) => this.isGood(source)),
      now,
    );
    if (isSwitched) {
      this.#listener.switched(from, this.active);
      this.#handOver();
    }
    return isSwitched;
  }

  /** The book of the source that is active now, and the quote after it. */
  #handOver(): void {
    const tracker = this.views[this.active]?.tracker;
    const book = tracker?.snapshot();
    if (book !== undefined) this.#tell(this.#ids.begin(book));
    const quote = tracker?.quoteAfterSnapshot();
    if (quote !== undefined) this.#tell(this.#ids.pass(quote));
  }

  #tellChanges(): void {
    if (this.view !== this.#told) this.#tell(undefined);
  }

  #tell(event: MarketEvent | undefined): void {
    this.#told = this.view;
    this.#listener.updated(this.#told, this.active, event);
  }
}
