import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseEnterpriseService, SystemClock, statement } from 'portcullis';
import { type ServiceApp, type StartContext } from 'portcullis/service';
import { isOpen } from 'portcullis/trading';
import { z } from 'zod';
import { fail, parseCommandLine, whole } from './command-line.ts';
import { printReport } from './print-report.ts';
import { runReport } from './run-report.ts';
import { type Scenario, simulation } from './scenario.ts';
import { ACCOUNT, TradingSystem } from './trading-system.ts';

/** The demo in real time: the same system, on the clock of the machine, as a service. */
class TradingService extends BaseEnterpriseService {
  readonly #clock = new SystemClock();
  readonly #scenario: Scenario;
  readonly #dataDir: string | undefined;
  #system: TradingSystem | undefined;
  #temporaryDir: string | undefined;

  constructor(scenario: Scenario, port: number, dataDir: string | undefined) {
    super({ name: 'trading', port, logLevel: 'warn' });
    this.#scenario = scenario;
    this.#dataDir = dataDir;
    this.health.add('market-data', () => this.#marketProblem(), { critical: true });
  }

  /** Ready once every instrument has a book. */
  protected override async onStart({ signal }: StartContext): Promise<void> {
    if (this.#dataDir === undefined) this.#temporaryDir = await mkdtemp(join(tmpdir(), 'portcullis-start-'));
    const dataDir = this.#dataDir ?? this.#temporaryDir ?? '';
    const deps = { clock: this.#clock, stopwatch: this.#clock, metrics: this.metrics };
    this.#system = await TradingSystem.open(this.#scenario, dataDir, deps);
    await this.#system.desk.start();
    void this.run('market', () => this.#trade(signal)).catch(() => {
      process.exitCode = 1; // the log says why
      void this.stop('the market ended');
    });
    while (this.#marketProblem() !== true) await this.#clock.sleep(50, signal);
  }

  protected override routes(app: ServiceApp): void {
    app.get('/status', () => this.#status());
  }

  /** No new orders, working ones cancelled, all on disk. */
  protected override async onDrain(): Promise<void> {
    await this.#system?.stop();
  }

  /** The report, then the data directory. */
  protected override async onStop(): Promise<void> {
    try {
      await this.#close();
    } finally {
      if (this.#temporaryDir !== undefined) await rm(this.#temporaryDir, { recursive: true, force: true });
    }
  }

  async #close(): Promise<void> {
    const system = this.#system;
    if (system === undefined) return;
    try {
      console.log(`\n${printReport(await runReport(system, this.#scenario))}`);
    } finally {
      await system.close();
    }
  }

  async #trade(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#scenario.batches()) {
      for (const event of batch) {
        const aheadMs = event.receivedMs - this.#clock.nowMs();
        if (aheadMs > 0) await this.#clock.sleep(aheadMs, signal).catch(() => undefined);
        if (signal.aborted) return;
        this.#system?.onMarket(event);
      }
    }
  }

  #marketProblem(): string | true {
    for (const tracker of this.#system?.trackers() ?? []) {
      const { instrumentId, problems } = tracker.check();
      const problem = problems.find(({ blocking }) => blocking);
      if (problem === undefined) continue;
      return `${instrumentId}: ${problem.code}${problem.note === undefined ? '' : `: ${problem.note}`}`;
    }
    return true;
  }

  #status() {
    const system = this.#system;
    if (system === undefined) return { state: this.state };
    const { tally, killSwitch, book } = system;
    const account = statement(book, ACCOUNT);
    return {
      state: this.state,
      tradingState: killSwitch.tradingState(),
      equity: account?.equity?.toFixed() ?? null,
      drawdownFraction: account?.drawdownFraction,
      positions: account?.positions.map(({ instrumentId, quantity }) => ({ instrumentId, quantity })),
      working: [...book.orders()].filter(({ state }) => isOpen(state)).length,
      orders: tally.orders,
      fills: tally.fills,
      strategies: tally.strategies.results(book),
      gates: [...system.guard.status(), ...system.policy.status()],
    };
  }
}

const HELP = `usage: npm start -- [options]

Runs the demo in real time, as a service, until Ctrl-C or SIGTERM.

  --port N        where it listens on 127.0.0.1; 0 takes any free port (default 8080)
  --seed N        seed of the simulated market, a whole number (default 7)
  --data-dir DIR  keep journal, audit log and state there, and go on with what is there
                  (default: a temporary directory, removed at the end)
  --help          print this`;

const schema = z.strictObject({
  port: whole.default(8080),
  seed: whole.default(7),
  'data-dir': z.string().min(1).optional(),
  help: z.boolean().optional(),
});

async function main(): Promise<void> {
  const options = parseCommandLine('start', schema, process.argv.slice(2));
  if (options.help === true) {
    console.log(HELP);
    return;
  }
  const { seed, port } = options;
  const scenario = simulation({ seed, days: 30, startMs: Date.now(), stepMs: 250 });
  const service = new TradingService(
    { ...scenario, barMs: 1_000, reconcileEveryMs: 60_000 },
    port,
    options['data-dir'],
  );
  const { address } = await service.start();
  console.log(`trading in real time on ${scenario.title}; stop with Ctrl-C
  ${address}/health
  ${address}/metrics
  ${address}/status`);
}

await main().catch(fail);
