import { AuditLog } from 'portcullis/audit';
import { type Clock, TradingDay } from 'portcullis/core';
import {
  DeskMetrics,
  Journal,
  JournalRelay,
  LimitControl,
  OrderArchive,
  OrderDesk,
  OutboxLog,
  type Reconciliation,
  publishDeskEvents,
} from 'portcullis/desk';
import type { EventBus } from 'portcullis/events';
import { ExecutionPolicy } from 'portcullis/execution';
import { PortfolioPublisher } from 'portcullis/portfolio';
import { DrawdownMonitor, type KillSwitch, RiskAlertPublisher, RiskGuard } from 'portcullis/risk';
import type { LeaseHold } from 'portcullis/storage';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import { Book, type Instrument } from 'portcullis/trading';
import type { SystemConfig } from '../config.ts';
import type { DeskStorage } from './desk-storage.ts';
import type { MarketViews } from './market-views.ts';
import { type OpenVenue, openVenue, venueNameOf } from './open-venue.ts';

export interface TradingDeskDeps {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly instruments: readonly Instrument[];
  /** Of the process: it outlives the desk. */
  readonly killSwitch: KillSwitch;
  readonly views: MarketViews;
  readonly storage: DeskStorage;
  /** The desk acts as long as it is held. */
  readonly tenure: LeaseHold;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
}

/** The desk of one tenure, with all that decides, records and tells: opened with the lease, closed for the next one. */
export class TradingDesk {
  readonly desk: OrderDesk;
  readonly book: Book;
  readonly limits: LimitControl;
  readonly #deps: TradingDeskDeps;
  readonly #venue: OpenVenue;
  readonly #relay: JournalRelay;
  readonly #audit: AuditLog;
  readonly #held: readonly Disposable[];

  private constructor(
    config: SystemConfig,
    deps: TradingDeskDeps,
    parts: {
      readonly book: Book;
      readonly journal: Journal;
      readonly audit: AuditLog;
      readonly guard: RiskGuard;
      readonly policy: ExecutionPolicy;
      readonly limits: LimitControl;
      readonly relay: JournalRelay;
      readonly tradingDay: TradingDay;
    },
  ) {
    const { killSwitch, views, clock, bus, metrics, logger } = deps;
    const { book, audit, guard } = parts;
    this.book = book;
    this.limits = parts.limits;
    this.#deps = deps;
    this.#relay = parts.relay;
    this.#audit = audit;
    this.#venue = openVenue(config, { ...deps, book });
    const { venue } = this.#venue;
    this.desk = new OrderDesk({ reconcileEveryMs: 10_000 }, { ...deps, ...parts, venue });
    const { desk } = this;
    const monitor = new DrawdownMonitor(
      { tripAtFraction: config.tripAtDrawdownFraction },
      { book, killSwitch },
    );
    const publishing = { bus, clock, metrics, logger };
    const strategies = config.strategies.map(({ strategyId }) => strategyId);
    const alerts = new RiskAlertPublisher({}, { ...publishing, guard });
    this.#held = [
      publishDeskEvents(venueNameOf(config), { ...publishing, desk }),
      new PortfolioPublisher({}, { ...publishing, book }),
      alerts,
      new DeskMetrics({ venue: venue.name, mode: 'paper', strategies }, { ...deps, ...parts, desk }),
      desk.onEvent((event) => {
        if (event.kind === 'decided') alerts.decided(event);
      }),
      killSwitch.onChange((change) => {
        // A trip waits for nobody; a log that has failed says so to the desk.
        const details = change.kind === 'failed' ? { ...change, error: change.error.message } : change;
        audit.record({ ...details, kind: `kill-switch.${change.kind}` }).catch(() => undefined);
      }),
      views.onSeen(({ view, book: seen }) => {
        this.#venue.onMarket(seen);
        desk.mark(view);
        monitor.check();
      }),
    ];
    for (const { view, book: seen } of views.last()) {
      this.#venue.onMarket(seen);
      desk.mark(view);
    }
  }

  /** @throws what storage throws; `LEASE_LOST` when the lease is over meanwhile */
  static async open(config: SystemConfig, deps: TradingDeskDeps): Promise<TradingDesk> {
    const { clock, instruments, killSwitch, storage, tenure, bus, metrics, logger } = deps;
    const { store, snapshots } = storage;
    const book = new Book();
    const tradingDay = new TradingDay();
    const log = new OutboxLog(storage.journal);
    const [audit, archive] = await Promise.all([
      AuditLog.open(storage.audit, { clock, metrics }),
      OrderArchive.open({ store, instruments, clock }),
    ]);
    const journal = await Journal.open(
      { input: {}, accounts: [config.account] },
      { log, snapshots, archive, book, clock, instruments, tradingDay, tenure },
    );
    const venueName = venueNameOf(config);
    // Nobody says what moves together, so that all of it counts as if it did.
    const guard = new RiskGuard(config.limits.risk, { book, killSwitch, clock, venueName });
    const policy = new ExecutionPolicy(config.limits.execution);
    const [limits, relay] = await Promise.all([
      LimitControl.open({ guard, policy, killSwitch, store, audit, clock }),
      JournalRelay.open(
        { name: venueName },
        { bus, log, journal, book, instruments, store, clock, metrics, logger },
      ),
    ]);
    return new TradingDesk(config, deps, { book, journal, audit, guard, policy, limits, relay, tradingDay });
  }

  /** Resolves when the books have been compared with the venue's: from then on entries pass. */
  start(): Promise<Reconciliation> {
    return this.desk.start();
  }

  /** How far the bus has been told. */
  get relay(): Pick<JournalRelay, 'status'> {
    return this.#relay;
  }

  /**
   * Ends it, for a successor in this process or another: orders stay at the venue if they are to, the bus is told what is on
   * disk, the storage is closed. Where the lease is lost nothing is written any more.
   */
  async close(workingOrders: 'cancel' | 'leave'): Promise<void> {
    const { storage, tenure } = this.#deps;
    await this.desk.stop({ workingOrders });
    await this.#relay.stop(tenure.isHeld() ? 2_000 : 200);
    for (const held of this.#held) held[Symbol.dispose]();
    await this.#venue.close();
    await storage.audit.flush();
    await storage.close();
  }

  /** For other parts that record what they decide. */
  get audit(): Pick<AuditLog, 'record'> {
    return this.#audit;
  }
}
