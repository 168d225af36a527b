import { DataDirectory } from 'portcullis';
import {
  BaseEnterpriseService,
  HttpProblem,
  type ServiceApp,
  type StartContext,
  serveApi,
} from 'portcullis/service';
import { type AppendLog, MemoryAppendLog } from 'portcullis/storage';
import { ingestorApi } from './api.ts';
import { ingestorConfig } from './config.ts';
import { OUTCOMES, type Quote, checkQuotes } from './quote.ts';
import { type QuoteSource, httpSource, simulatedSource } from './quote-source.ts';
import { QuoteStore } from './quote-store.ts';

/** The flag that says of each instrument whether its quotes are taken. Without it they are. */
export const INGEST_FLAG = 'ingest';

const QUOTES = {
  name: 'ingestor_quotes_total',
  help: 'Quotes by what became of them.',
  labels: { outcome: [...OUTCOMES, 'paused'] },
} as const;

const LAST_QUOTE = {
  name: 'ingestor_last_quote_timestamp_seconds',
  help: 'When a quote of the instrument was last written.',
  labels: ['instrument'],
} as const;

/** The ingestor with all that the chassis has: configuration with a secret, a flag, dependencies that recover, routes, metrics. */
export class IngestorService extends BaseEnterpriseService<typeof ingestorConfig> {
  readonly #quotes = this.metrics.counter(QUOTES);
  readonly #lastQuote = this.metrics.timestamp(LAST_QUOTE);
  #last = new Map<string, Quote>();
  #lastAnswerMs = -Infinity;

  constructor() {
    super({ name: 'ingestor', version: '1.0.0', config: ingestorConfig });
  }

  protected override async onStart(context: StartContext): Promise<void> {
    const { source, instruments, staleAfterMs, keepQuotes } = this.config;
    const openLog = await this.#openStorage(context);
    const store = await QuoteStore.open(openLog, keepQuotes);
    context.use('store', store, { check: () => store.check(), recover: () => store.reopen() });
    this.#last = await store.last();

    const ask =
      source === undefined ? simulatedSource(instruments, this.clock) : httpSource(source, this.clock);
    if (source === undefined) this.log.warn('no source is configured: quotes are simulated');
    // Not critical: what came before is still served, and says how old it is.
    context.use('source', ask, {
      critical: false,
      failAfter: 1,
      passAfter: 1,
      check: () => this.#sourceProblem(staleAfterMs),
    });
    await this.#pollOnce(ask, store);
    void this.#pollUntil(context.signal, ask, store);
  }

  protected override routes(app: ServiceApp): void {
    serveApi(app, ingestorApi, {
      listQuotes: () => ({ quotes: [...this.#last.values()] }),
      getQuote: ({ params: { instrumentId } }) => {
        const quote = this.#last.get(instrumentId);
        if (quote === undefined) throw new HttpProblem(404, 'there is no quote of this instrument');
        return quote;
      },
    });
  }

  /** How to open the log of quotes, also again. */
  async #openStorage(context: StartContext): Promise<() => Promise<AppendLog>> {
    const { dataDir } = this.config;
    if (dataDir === undefined) {
      this.log.warn('no data directory is configured: quotes are lost at the end');
      return () => Promise.resolve(new MemoryAppendLog());
    }
    const directory = context.use('data-directory', await DataDirectory.open(dataDir, { clock: this.clock }));
    return () => directory.openLog('quotes');
  }

  /** Until the signal aborts. */
  async #pollUntil(signal: AbortSignal, ask: QuoteSource, store: QuoteStore): Promise<void> {
    for (;;) {
      const isOver = await this.clock.sleep(this.config.pollMs, signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      await this.#pollOnce(ask, store);
    }
  }

  /** Counted, measured and logged by `run`; what fails is tried again at the next turn. */
  async #pollOnce(ask: QuoteSource, store: QuoteStore): Promise<void> {
    await this.run('poll', ({ signal }) => this.#poll(signal, ask, store)).catch(() => undefined);
  }

  async #poll(signal: AbortSignal, ask: QuoteSource, store: QuoteStore): Promise<void> {
    const given = await ask(signal);
    this.#lastAnswerMs = this.clock.monotonicMs();
    const { instruments, maxAheadMs } = this.config;
    const rules = { instruments: new Set(instruments), maxAheadMs, nowMs: this.clock.nowMs() };
    const { accepted, outcomes } = checkQuotes(given, this.#last, rules);
    const wanted = await this.#wanted(accepted);
    await store.append(wanted);
    for (const quote of wanted) {
      this.#last.set(quote.instrumentId, quote);
      this.#lastQuote.mark({ instrument: quote.instrumentId });
    }
    for (const outcome of outcomes) if (outcome !== 'accepted') this.#quotes.inc({ outcome });
    this.#quotes.inc({ outcome: 'accepted' }, wanted.length);
    this.#quotes.inc({ outcome: 'paused' }, accepted.length - wanted.length);
  }

  /** Those whose instrument is not switched off. */
  async #wanted(quotes: readonly Quote[]): Promise<readonly Quote[]> {
    const answers = await Promise.all(
      quotes.map(({ instrumentId }) =>
        this.flags.getBooleanValue(INGEST_FLAG, true, { targetingKey: instrumentId, instrumentId }),
      ),
    );
    return quotes.filter((_, at) => answers[at] === true);
  }

  #sourceProblem(staleAfterMs: number): true | string {
    const ageMs = this.clock.monotonicMs() - this.#lastAnswerMs;
    return (
      ageMs <= staleAfterMs ||
      (ageMs === Infinity ? 'no answer yet' : `no answer for ${Math.round(ageMs)} ms`)
    );
  }
}
