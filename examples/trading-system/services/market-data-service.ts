import {
  HttpProblem,
  type ServiceApp,
  type ServicePorts,
  type StartContext,
  serveApi,
} from 'portcullis/service';
import { toText } from 'portcullis/core';
import type { Instrument, Level, MarketView } from 'portcullis/trading';
import { isGood } from 'portcullis/trading';
import { marketApi } from '../api/market-api.ts';
import { instrumentsOf } from '../config.ts';
import { MarketBoard } from '../market/market-board.ts';
import { openMarketFeed } from '../market/open-market-feed.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { SystemService } from './system-service.ts';

const ENDED = 'the feed has ended';

/** Takes the market from where the configuration says, and tells the bus: quotes, bars, and what is wrong with the data. */
export class MarketDataService extends SystemService {
  readonly #instruments: ReadonlyMap<string, Instrument>;
  #board: MarketBoard | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('market-data', seat, parts, ports);
    this.#instruments = new Map(instrumentsOf(seat.config).map((one) => [one.instrumentId, one]));
  }

  /** Ready at once: data that are not good yet show in health and in each quote. */
  protected override onStart({ signal, use }: StartContext): void {
    const { config } = this.seat;
    const { bus, clock } = this.parts;
    const deps = { bus, clock, metrics: this.metrics, logger: this.log };
    const board = new MarketBoard(config, { ...deps, instruments: [...this.#instruments.values()] });
    this.#board = board;
    use('market-board', board, { critical: false, check: () => board.problem() });
    const feed = use('market-feed', openMarketFeed(config, deps));
    void this.run('follow-market', async () => {
      for await (const events of feed.batches(signal)) for (const event of events) board.apply(event);
      if (!signal.aborted) throw new Error(ENDED);
    }).catch(() => {
      void this.stop(ENDED);
    });
    this.tellWhere(use);
  }

  protected override routes(app: ServiceApp): void {
    serveApi(app, marketApi, {
      listQuotes: () => ({
        quotes: (this.#board?.views() ?? []).flatMap((view) => (hasPrices(view) ? [this.#quote(view)] : [])),
      }),
      getQuote: ({ params: { instrumentId } }) => {
        const view = this.#board?.views().find((one) => one.instrumentId === instrumentId);
        if (view === undefined || !hasPrices(view))
          throw new HttpProblem(404, 'there is no quote of this instrument');
        return this.#quote(view);
      },
    });
  }

  #quote(view: MarketView) {
    const { instrumentId, bids, asks, mark, problems, receivedMs } = view;
    const grid = this.#instruments.get(instrumentId)?.grid;
    const text = (level: Level | undefined) =>
      level && grid && { price: toText(level.price, grid.tick), quantity: toText(level.quantity, grid.step) };
    return {
      ...{ instrumentId, receivedMs, isGood: isGood(view), problems: problems.map(({ code }) => code) },
      ...{ bid: text(bids[0]), ask: text(asks[0]) },
      ...(grid && mark > 0 && { mark: toText(mark, grid.tick) }),
    };
  }
}

const hasPrices = ({ receivedMs }: MarketView): boolean => receivedMs !== -Infinity;
