import { AuditLog } from 'portcullis/audit';
import { type Clock, TradingDay } from 'portcullis/core';
import {
  DeskMetrics,
  type DeskMetricsDeps,
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

type Told = Pick<DeskMetricsDeps, 'journal' | 'guard' | 'policy'>;

/** The desk of one tenure, with all that decides, records and tells: opened with the lease, closed for the next one. */
export class TradingDesk {
  readonly desk: OrderDesk;
  readonly book: Book;
  readonly limits: LimitControl;
  readonly #deps: TradingDeskDeps;
  readonly #venue: OpenVenue;
  readonly #relay: JournalRelay;
  readonly #audit: AuditLog;
  readonly #held: Disposable[] = [];

  private constructor(
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
    opened: OpenVenue,
  ) {
    this.book = parts.book;
    this.limits = parts.limits;
    this.#deps = deps;
    this.#relay = parts.relay;
    this.#audit = parts.audit;
    this.#venue = opened;
    const { venue } = opened;
    this.desk = new OrderDesk({ reconcileEveryMs: 10_000 }, { ...deps, ...parts, venue });
  }

  /** What tells of the desk, and what tells the desk of the market. */
  #attach(config: SystemConfig, parts: Told): void {
    const { killSwitch, views, clock, bus, metrics, logger } = this.#deps;
    const { desk, book } = this;
    const { venue } = this.#venue;
    const hold = <T extends Disposable>(part: T): T => {
      this.#held.push(part);
      return part;
    };
    const monitor = new DrawdownMonitor(
      { tripAtFraction: config.tripAtDrawdownFraction },
      { book, killSwitch },
    );
    const publishing = { bus, clock, metrics, logger };
    const strategies = config.strategies.map(({ strategyId }) => strategyId);
    const alerts = hold(new RiskAlertPublisher({}, { ...publishing, guard: parts.guard }));
    hold(publishDeskEvents(venueNameOf(config), { ...publishing, desk }));
    hold(new PortfolioPublisher({}, { ...publishing, book }));
    const about = { venue: venue.name, mode: 'paper', strategies } as const;
    hold(new DeskMetrics(about, { ...this.#deps, ...parts, desk }));
    hold(
      desk.onEvent((event) => {
        if (event.kind === 'decided') alerts.decided(event);
      }),
    );
    hold(
      killSwitch.onChange((change) => {
        // A trip waits for nobody; a log that has failed says so to the desk.
        const details = change.kind === 'failed' ? { ...change, error: change.error.message } : change;
        this.#audit.record({ ...details, kind: `kill-switch.${change.kind}` }).catch(() => undefined);
      }),
    );
    hold(
      views.onSeen(({ view, book: seen }) => {
        this.#venue.onMarket(seen);
        desk.mark(view);
        monitor.check();
      }),
    );
    for (const { view, book: seen } of views.last()) {
      this.#venue.onMarket(seen);
      desk.mark(view);
    }
  }

  /** @throws what storage throws; `LEASE_LOST` when the lease is over meanwhile. All but the storage is closed then */
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
    const limits = await LimitControl.open({ guard, policy, killSwitch, store, audit, clock });
    const relay = await JournalRelay.open(
      { name: venueName },
      { bus, log, journal, book, instruments, store, clock, metrics, logger },
    );
    let venue: OpenVenue | undefined;
    let desk: TradingDesk;
    const parts = { book, journal, audit, guard, policy, limits, relay, tradingDay };
    try {
      venue = openVenue(config, { ...deps, book });
      desk = new TradingDesk(deps, parts, venue);
    } catch (error) {
      await relay.stop(0);
      await venue?.close();
      throw error;
    }
    try {
      desk.#attach(config, parts);
      return desk;
    } catch (error) {
      await desk.#end('leave', 0);
      throw error;
    }
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
    await this.#end(workingOrders, tenure.isHeld() ? 2_000 : 200);
    await storage.audit.flush();
    await storage.close();
  }

  /** All but the storage, which whoever opened it has. */
  async #end(workingOrders: 'cancel' | 'leave', relayMs: number): Promise<void> {
    await this.desk.stop({ workingOrders });
    await this.#relay.stop(relayMs);
    for (const held of this.#held) held[Symbol.dispose]();
    await this.#venue.close();
  }

  /** For other parts that record what they decide. */
  get audit(): Pick<AuditLog, 'record'> {
    return this.#audit;
  }
}
