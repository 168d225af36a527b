import { PortcullisError } from 'portcullis/core';
import { HistoryProjector, type TradingHistory } from 'portcullis/portfolio';
import {
  HttpProblem,
  type ServiceApp,
  type ServicePorts,
  type StartContext,
  serveApi,
} from 'portcullis/service';
import { portfolioApi } from '../api/portfolio-api.ts';
import { instrumentsOf } from '../config.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { SystemService } from './system-service.ts';

const DEFAULT_POINTS = 500;
/** A database that is away for a while must not cost an event: it is tried for minutes, in order. */
const SUBSCRIPTION = { from: 'beginning', concurrency: 4, maxAttempts: 60, maxBackoffMs: 5_000 } as const;

/** Keeps what has happened, from the events of whichever process trades, and says it again. */
export class PortfolioService extends SystemService {
  #history: TradingHistory | undefined;
  #stopEvents: (() => Promise<void>) | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('portfolio', seat, parts, ports);
  }

  protected override async onStart({ use }: StartContext): Promise<void> {
    const { bus } = this.parts;
    const { config } = this.seat;
    const history = await this.parts.history();
    this.#history = history;
    const isThere = async (): Promise<void> => {
      await history.accounts();
    };
    // Closed with the parts, which have opened it.
    use('history', history, { check: isThere, close: () => undefined });
    const projector = new HistoryProjector({ history, instruments: instrumentsOf(config) });
    const events = bus.subscribe('portfolio', projector.types, projector.handler, SUBSCRIPTION);
    this.#stopEvents = () => events.stop();
    await events.ready;
    this.tellWhere(use);
  }

  /** Events at hand are written; the rest waits for the next start. */
  protected override async onDrain(): Promise<void> {
    await this.#stopEvents?.();
  }

  protected override routes(app: ServiceApp): void {
    serveApi(app, portfolioApi, {
      listOrders: async ({ query }) => {
        const { items, next } = await this.#ask((history) => history.orders(query));
        return { orders: items, next };
      },
      getOrder: async ({ params: { clientOrderId } }) => {
        const order = await this.#ask((history) => history.order(clientOrderId));
        if (order === undefined) throw new HttpProblem(404, 'there is no order of this id');
        return order;
      },
      listFills: async ({ query }) => {
        const { items, next } = await this.#ask((history) => history.fills(query));
        return { fills: items, next };
      },
      listPositions: async ({ query }) => ({
        positions: await this.#ask((history) => history.positions(query)),
      }),
      listEquity: async ({ query: { points = DEFAULT_POINTS, ...query } }) => ({
        points: await this.#ask((history) => history.equity({ ...query, points })),
      }),
      listLedger: async ({ query }) => {
        const { items, next } = await this.#ask((history) => history.ledger(query));
        return { entries: items, next };
      },
      listGaps: async ({ query }) => {
        const { items, next } = await this.#ask((history) => history.gaps(query));
        return { gaps: items, next };
      },
    });
  }

  /** @throws {HttpProblem} 400 for the cursor of another list, 503 while the database does not answer */
  async #ask<T>(question: (history: TradingHistory) => Promise<T>): Promise<T> {
    const history = this.#history;
    if (history === undefined) throw new HttpProblem(503, 'the history is not open');
    try {
      return await question(history);
    } catch (error) {
      if (!(error instanceof PortcullisError)) throw error;
      if (error.code === 'INPUT_INVALID') throw new HttpProblem(400, error.message, { cause: error });
      if (error.code !== 'STORE_UNAVAILABLE') throw error;
      this.log.warn({ err: error }, 'history');
      throw new HttpProblem(503, 'the history does not answer', { cause: error });
    }
  }
}
