import { type Principal, PortcullisError } from 'portcullis/core';
import { RISK_ALERT_RAISED, type RiskAlertRaised } from 'portcullis/events';
import { FIRM, KillSwitchPublisher, SharedKillSwitchMetrics } from 'portcullis/risk';
import {
  HttpProblem,
  type ServiceApp,
  type ServicePorts,
  type StartContext,
  serveApi,
} from 'portcullis/service';
import { riskApi } from '../api/risk-api.ts';
import { leaseNameOf } from '../config.ts';
import type { Parts, ServiceSeat } from '../parts/parts.ts';
import { type LocalKillSwitch, openLocalKillSwitch } from '../risk/local-kill-switch.ts';
import { TradingLink } from '../risk/trading-link.ts';
import { callerOf, personOf } from './caller.ts';
import { SystemService } from './system-service.ts';

const REMEMBERED = 1_000;

/** What a refusal of the kill switch is answered with. */
const STATUS_OF: Readonly<Record<string, number>> = {
  PRINCIPAL_REQUIRED: 403,
  RELEASE_REFUSED: 409,
  STORE_UNAVAILABLE: 503,
  LOG_WRITE_FAILED: 503,
};

/**
 * The way of operators to the limits. Its kill switch is in step with those of the trading processes, and needs none of them; it
 * decides about no order.
 */
export class RiskService extends SystemService {
  readonly #trading: TradingLink;
  /** The newest last. */
  readonly #alerts: RiskAlertRaised[] = [];
  #local: LocalKillSwitch | undefined;
  #stopEvents: (() => Promise<void>) | undefined;

  constructor(seat: ServiceSeat, parts: Parts, ports: ServicePorts = {}) {
    super('risk', seat, parts, ports);
    this.#trading = new TradingLink(leaseNameOf(seat.config), parts);
  }

  protected override async onStart({ use }: StartContext): Promise<void> {
    const { bus, clock } = this.parts;
    const { config, instance } = this.seat;
    if (config.tokens.length === 0)
      this.log.warn('no token is configured: anybody on this machine may trip, nobody may release');
    const local = await openLocalKillSwitch(`risk-${instance}`, this.parts, this.log);
    this.#local = use('kill-switch', local, { critical: false, check: () => local.shared.health() });
    const { shared } = local;
    use('kill-switch-metrics', new SharedKillSwitchMetrics({ metrics: this.metrics, shared }));
    const publishing = { bus, clock, metrics: this.metrics, logger: this.log };
    use('kill-switch-publisher', new KillSwitchPublisher({ ...publishing, killSwitch: local.killSwitch }));
    const alerts = bus.subscribe('risk', [RISK_ALERT_RAISED], ({ data }) => {
      this.#alerts.push(data);
      if (this.#alerts.length > REMEMBERED) this.#alerts.shift();
    });
    this.#stopEvents = () => alerts.stop();
    await alerts.ready;
    this.tellWhere(use);
  }

  protected override async onDrain(): Promise<void> {
    await this.#stopEvents?.();
  }

  protected override routes(app: ServiceApp): void {
    const { config } = this.seat;
    serveApi(app, riskApi, {
      getKillSwitch: () => this.#standing(),
      tripKillSwitch: async ({ body: { scope = FIRM, to, reason }, request }) => {
        const by = callerOf(config, request);
        const { record, durable } = await this.#switches().killSwitch.trip({ scope, to, reason, by });
        this.log.warn({ record, durable }, 'kill switch tripped');
        // The others need not wait for the next look.
        await this.#switches().shared.look();
        return { ...this.#standing(), record, durable };
      },
      releaseKillSwitch: async ({ body, request }) => {
        const by = personOf(config, request);
        await this.#released({ ...body, by });
        return this.#standing();
      },
      getLimits: ({ request }) =>
        this.#trading.ask(request.headers.authorization, (desk) => desk.getLimits()),
      changeLimits: ({ body, request }) =>
        this.#trading.ask(request.headers.authorization, (desk) => desk.changeLimits({ body })),
      explainOrder: ({ body, request }) =>
        this.#trading.ask(request.headers.authorization, (desk) => desk.explainOrder({ body })),
      listAlerts: ({ query: { limit = 100 } }) => ({ alerts: this.#alerts.slice(-limit).reverse() }),
    });
  }

  #switches(): LocalKillSwitch {
    if (this.#local === undefined) throw new HttpProblem(503, 'the kill switch is not open');
    return this.#local;
  }

  #standing() {
    const { killSwitch, shared } = this.#switches();
    const problem = shared.health();
    return {
      state: killSwitch.tradingState(),
      records: killSwitch.records(),
      shared: problem === true,
      ...(problem !== true && { error: problem }),
    };
  }

  /** @throws {HttpProblem} 403, 409, 503 */
  async #released(order: {
    readonly scope: Parameters<LocalKillSwitch['shared']['release']>[0]['scope'];
    readonly confirm: string;
    readonly reason: string;
    readonly by: Principal;
  }): Promise<void> {
    try {
      await this.#switches().shared.release(order);
      this.log.warn(order, 'kill switch released');
    } catch (error) {
      const status = error instanceof PortcullisError ? STATUS_OF[error.code] : undefined;
      if (status === undefined) throw error;
      throw new HttpProblem(status, (error as PortcullisError).message, { cause: error });
    }
  }
}
