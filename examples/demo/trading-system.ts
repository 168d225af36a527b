import { AuditLog } from 'portcullis/audit';
import { type Clock, TradingDay } from 'portcullis/core';
import {
  DeskMetrics,
  Journal,
  OrderArchive,
  OrderDesk,
  PaperVenue,
  StrategyHost,
  Venue,
} from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { BarBuilder, FeedMetrics, MarketTracker } from 'portcullis/market-data';
import {
  Correlations,
  DrawdownMonitor,
  KillSwitch,
  KillSwitchMetrics,
  ReturnHistory,
  RiskGuard,
} from 'portcullis/risk';
import { type AppendLog, DataDirectory } from 'portcullis/storage';
import { MetricsRegistry } from 'portcullis/telemetry';
import { Book, type MarketEvent, type MarketView } from 'portcullis/trading';
import { type TraderStrategy } from './instrument-trader.ts';
import { paperOpening } from './paper-opening.ts';
import { RunTally } from './run-tally.ts';
import { type Scenario } from './scenario.ts';
import { planned } from './strategy-plan.ts';

export const ACCOUNT = 'demo';

const VENUE = 'paper';
/** Bars over which it is measured what moves together. */
const RETURNS = 250;

export interface TradingSystemDeps {
  readonly clock: Clock;
  /** Measures decisions in real time while the clock is simulated. */
  readonly stopwatch: Pick<Clock, 'monotonicMs'>;
  /** Default: one of its own. */
  readonly metrics?: MetricsRegistry;
  /** Default: a file in the data directory. */
  readonly journalLog?: AppendLog;
}

/** One instrument as the system sees it. */
interface Watched {
  readonly tracker: MarketTracker;
  readonly bars: BarBuilder;
}

/** A whole trading system on one data directory: market data, strategies, guard, policy, desk, paper venue, books, counts. */
export class TradingSystem {
  readonly directory: DataDirectory;
  readonly audit: AuditLog;
  readonly auditLog: AppendLog;
  readonly journal: Journal;
  readonly book: Book;
  readonly killSwitch: KillSwitch;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly desk: OrderDesk;
  readonly metrics: MetricsRegistry;
  readonly tally: RunTally;
  readonly #venue: PaperVenue;
  readonly #watched: ReadonlyMap<string, Watched>;
  readonly #returns: ReturnHistory;
  readonly #strategies: readonly TraderStrategy[];
  readonly #host: StrategyHost;
  readonly #monitor: DrawdownMonitor;
  readonly #feed: FeedMetrics;
  readonly #switchMetrics: KillSwitchMetrics;
  readonly #deskMetrics: DeskMetrics;

  private constructor(
    scenario: Scenario,
    deps: TradingSystemDeps,
    parts: Pick<
      TradingSystem,
      'directory' | 'audit' | 'auditLog' | 'journal' | 'book' | 'killSwitch' | 'metrics'
    >,
  ) {
    const { instruments, barMs } = scenario;
    const { clock } = deps;
    this.directory = parts.directory;
    this.audit = parts.audit;
    this.auditLog = parts.auditLog;
    this.journal = parts.journal;
    this.book = parts.book;
    this.killSwitch = parts.killSwitch;
    this.metrics = parts.metrics;
    const instrumentIds = instruments.map(({ instrumentId }) => instrumentId);
    this.#returns = new ReturnHistory({ instrumentIds, barMs, window: RETURNS });
    const clusters = new Correlations({ method: 'rolling' }, { returns: this.#returns });
    this.guard = new RiskGuard(scenario.risk, { ...parts, clock, clusters });
    this.policy = new ExecutionPolicy(scenario.execution);
    this.#venue = new PaperVenue({ name: VENUE, opening: paperOpening(parts.book) }, { clock, instruments });
    this.desk = new OrderDesk(
      { reconcileEveryMs: scenario.reconcileEveryMs },
      {
        ...parts,
        ...deps,
        guard: this.guard,
        policy: this.policy,
        venue: new Venue(this.#venue),
        instruments,
      },
    );
    this.#watched = new Map(
      instruments.map((instrument) => [
        instrument.instrumentId,
        {
          tracker: new MarketTracker(
            { quality: scenario.quality },
            { instrumentId: instrument.instrumentId, clock },
          ),
          bars: new BarBuilder({ intervalMs: barMs, gaps: 'flat' }, { instrument }),
        },
      ]),
    );
    const { desk, book, killSwitch, metrics } = this;
    this.tally = new RunTally({ desk, book, killSwitch, equityEveryMs: scenario.equityEveryMs });
    this.#strategies = scenario.strategies.map((plan) => planned(plan, instruments, ACCOUNT));
    this.#host = new StrategyHost(this.#strategies, {
      desk,
      killSwitch,
      clock,
      onSignal: () => this.tally.signal(),
    });
    this.#monitor = new DrawdownMonitor({ tripAtFraction: scenario.tripAtDrawdownFraction }, this);
    const { staleAfterMs } = scenario.quality;
    this.#feed = new FeedMetrics({ source: 'market', staleAfterMs }, { metrics, trackers: this.trackers() });
    this.#switchMetrics = new KillSwitchMetrics(
      { scopes: [{ kind: 'account', id: ACCOUNT }], monitors: [this.#monitor.name] },
      { metrics, killSwitch, clock },
    );
    this.#deskMetrics = new DeskMetrics(
      { venue: VENUE, mode: 'paper', strategies: this.#strategies.map(({ id }) => id) },
      { ...parts, desk, guard: this.guard, policy: this.policy, instruments, clock },
    );
  }

  /** Opens the system on a data directory, and builds the Book from the journal if there is one. */
  static async open(scenario: Scenario, dataDir: string, deps: TradingSystemDeps): Promise<TradingSystem> {
    const { clock, metrics = new MetricsRegistry({}, { clock }) } = deps;
    const directory = await DataDirectory.open(dataDir, { clock });
    try {
      const store = await directory.openStore('state');
      const auditLog = await directory.openLog('audit');
      const audit = await AuditLog.open(auditLog, { clock, metrics });
      const killSwitch = await KillSwitch.open({ store, clock, venue: VENUE, audit }, directory.isNew);
      killSwitch.onChange((change) => {
        // A trip waits for nobody. A log that has failed says so: no entry goes out, and nothing is released.
        const details = change.kind === 'failed' ? { ...change, error: change.error.message } : change;
        audit.record({ ...details, kind: `kill-switch.${change.kind}` }).catch(() => undefined);
      });
      const book = new Book();
      const { instruments, currency } = scenario;
      const archive = await OrderArchive.open({ store, instruments, clock });
      const journal = await Journal.open(
        {
          input: scenario.input,
          accounts: [{ accountId: ACCOUNT, currency, balance: scenario.balance }],
        },
        {
          log: deps.journalLog ?? (await directory.openLog('journal')),
          snapshots: await directory.openSnapshots('journal'),
          archive,
          book,
          clock,
          instruments,
          tradingDay: new TradingDay(),
        },
      );
      return new TradingSystem(scenario, deps, {
        directory,
        audit,
        auditLog,
        journal,
        book,
        killSwitch,
        metrics,
      });
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  /** Whether something waits for the disk: a record, or an order whose id is looked for among those of days ago. */
  get isWriting(): boolean {
    return (
      this.journal.pending + this.auditLog.pending > 0 || this.#strategies.some(({ isAsking }) => isAsking)
    );
  }

  /** Resolves when nothing is being written, and nothing that waited for that wants to write more. */
  settled(): Promise<void> {
    return this.desk.settled();
  }

  /** In the order of the scenario. */
  trackers(): readonly MarketTracker[] {
    return Array.from(this.#watched.values(), ({ tracker }) => tracker);
  }

  /** One event of the market, at the time of the clock: venue first, then our view of it, then the strategies. */
  onMarket(event: MarketEvent): MarketView {
    this.#feed.received(event);
    this.#venue.onMarket(event);
    const watched = this.#watched.get(event.instrumentId);
    if (watched === undefined) throw new Error(`${event.instrumentId} is not traded here`);
    const view = watched.tracker.apply(event);
    this.desk.mark(view);
    this.#monitor.check();
    this.#switchMetrics.checked();
    this.#host.onMarket(view);
    if (event.type === 'trade') {
      for (const bar of watched.bars.add(event)) {
        this.tally.bar();
        this.#returns.add(bar);
        this.#host.onBar(bar);
      }
    }
    this.tally.event(event);
    return view;
  }

  /** No new orders, working ones cancelled, everything written down. */
  async stop(): Promise<void> {
    await this.desk.stop();
    await this.auditLog.flush();
  }

  close(): Promise<void> {
    for (const shown of [this.#feed, this.#switchMetrics, this.#deskMetrics]) shown[Symbol.dispose]();
    return this.directory.close();
  }
}
