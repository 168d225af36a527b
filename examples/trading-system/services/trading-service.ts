import { SharedKillSwitchMetrics } from 'portcullis/risk';
import {
  HttpProblem,
  type ServiceApp,
  type ServicePorts,
  type StartContext,
  serveApi,
} from 'portcullis/service';
import { Lease, type LeaseHold } from 'portcullis/storage';
import { type OrderIntent, isOpen } from 'portcullis/trading';
import type { z } from 'zod';
import type { intent } from '../api/orders.ts';
import { tradingApi } from '../api/trading-api.ts';
import { instrumentsOf, leaseNameOf } from '../config.ts';
import type { ServiceSeat, TradingParts } from '../parts/parts.ts';
import { type LocalKillSwitch, openLocalKillSwitch } from '../risk/local-kill-switch.ts';
import { TradingLink } from '../risk/trading-link.ts';
import { leaseOwnerOf } from '../trading/lease-owner.ts';
import { MarketViews } from '../trading/market-views.ts';
import { Standby } from '../trading/standby.ts';
import { type ActiveTrading, openActiveTrading } from '../trading/active-trading.ts';
import { equityOf, positionsOf } from '../trading/account-answers.ts';
import { cancelAnswer, explanationAnswer, orderAnswer, outcomeAnswer } from '../trading/order-answers.ts';
import { callerOf, personOf } from './caller.ts';
import { SystemService } from './system-service.ts';

/** Strategy of orders that somebody sends by hand. */
const MANUAL = 'manual';
const RETRY_AFTER_S = 1;

export interface TradingServicePorts extends ServicePorts {
  /** The lease was lost while this process traded: it has to end, or stand by again. */
  readonly onLeaseLost?: (reason: string) => void;
  /** Nothing can be recorded any more, and the lease was released: this process has to end. Default: it stands by again. */
  readonly onJournalFailed?: (reason: string) => void;
}

/**
 * One of the processes that may trade for an account. It waits for the lease with all that need not be opened first: quotes are
 * followed, the kill switch is in step. With the lease it opens the desk, compares its books with the venue's, and takes signals
 * and orders.
 */
export class TradingService extends SystemService<TradingParts> {
  readonly #ports: TradingServicePorts;
  readonly #name: string;
  readonly #owner: string;
  readonly #link: TradingLink;
  #standby: Standby<ActiveTrading> | undefined;
  #local: LocalKillSwitch | undefined;
  #waiting: Promise<void> | undefined;

  constructor(seat: ServiceSeat, parts: TradingParts, ports: TradingServicePorts = {}) {
    const { onLeaseLost: _, onJournalFailed: __, ...rest } = ports;
    super('trading', seat, parts, rest);
    this.#ports = ports;
    this.#name = `trading-${seat.instance}`;
    this.#owner = leaseOwnerOf(this.#name, process.pid);
    this.#link = new TradingLink(leaseNameOf(seat.config), parts);
  }

  /** Ready as a standby: whether this process trades is another question, which `/status` answers. */
  protected override async onStart({ use, signal }: StartContext): Promise<void> {
    const { config } = this.seat;
    const { bus, clock, state, signals } = this.parts;
    this.parts.prepareDesk?.();
    const instruments = instrumentsOf(config);
    if (config.tokens.length === 0)
      this.log.warn(
        'no token is configured: anybody on this machine may send orders, nobody may change limits',
      );
    const local = await openLocalKillSwitch(this.#name, this.parts, this.log);
    this.#local = use('kill-switch', local, { critical: false, check: () => local.shared.health() });
    const { shared } = local;
    use('kill-switch-metrics', new SharedKillSwitchMetrics({ metrics: this.metrics, shared }));
    const views = use('quotes', new MarketViews({ bus, clock, instruments }));
    await views.start();
    const { ttlMs, renewEveryMs, pollMs } = config.lease;
    const lease = new Lease(
      {
        ...{ name: leaseNameOf(config), owner: this.#owner, ttlMs, renewEveryMs, pollEveryMs: pollMs },
        info: { url: this.address },
      },
      { store: state, signals, clock, logger: this.log },
    );
    const isTold = (): boolean => local.shared.status.unshared === 0;
    const deps = { ...this.parts, instruments, views, killSwitch: local.killSwitch, isTold };
    const standby = new Standby<ActiveTrading>({
      ...{ lease, clock, logger: this.log },
      open: (hold: LeaseHold) =>
        openActiveTrading(config, { ...deps, tenure: hold, metrics: this.metrics, logger: this.log }),
      onLost: this.#ports.onLeaseLost,
      onFailed: this.#ports.onJournalFailed,
    });
    this.#standby = standby;
    // It ends with the signal, when the service drains.
    use('desk', standby, { check: () => standby.problem ?? true, close: () => undefined });
    this.#waiting = standby.run(signal);
    this.tellWhere(use);
  }

  /** Takes nothing more, leaves to the successor what works at the venue, lets go of the lease. */
  protected override async onDrain(): Promise<void> {
    await this.#waiting;
  }

  protected override routes(app: ServiceApp): void {
    const { config } = this.seat;
    const { accountId } = config.account;
    app.addHook('onRequest', async (request, reply) => {
      if (!isOfDesk(request.url)) return;
      if (this.#standby?.active !== undefined) return;
      const active = await this.#link.active().catch(() => undefined);
      reply.header('retry-after', RETRY_AFTER_S);
      if (active !== undefined && active.owner !== this.#owner)
        reply.header('location', `${active.url}${request.url}`);
      throw new HttpProblem(503, `${this.#name} does not trade; ${active?.owner ?? 'nobody'} has the lease`);
    });
    serveApi(app, tradingApi, {
      submitOrder: async ({ body, request }) => {
        callerOf(config, request);
        const { desk } = this.#active();
        return outcomeAnswer(await desk.submit(intentOf(body, accountId)), desk.book);
      },
      cancelOrder: async ({ params: { clientOrderId }, request }) => {
        callerOf(config, request);
        return cancelAnswer(await this.#active().desk.cancel(clientOrderId));
      },
      getOrder: ({ params: { clientOrderId } }) => orderAnswer(this.#active().desk.book.order(clientOrderId)),
      getPositions: () => positionsOf(this.#active().desk.book, accountId),
      explainOrder: async ({ body }) => {
        const { desk } = this.#active();
        return explanationAnswer(await desk.explain(intentOf(body, accountId)));
      },
      getLimits: () => {
        const { limits } = this.#active();
        const { kind, hash, error } = limits.status;
        const { risk, execution } = limits.limits;
        return {
          risk: { ...risk },
          execution: { ...execution },
          status: kind,
          hash,
          ...(error && { error: error.message }),
        };
      },
      changeLimits: async ({ body: { risk, execution, reason }, request }) => {
        const by = personOf(config, request);
        const change = { by, reason, ...(risk && { risk }), ...(execution && { execution }) };
        const { kind, differences, before, after } = await this.#active().limits.change(change as never);
        return { kind, before, after, differences: differences.map((one) => ({ ...one })) };
      },
      getStatus: () => this.#status(),
    });
  }

  #active(): ActiveTrading {
    const active = this.#standby?.active;
    if (active === undefined) throw new HttpProblem(503, `${this.#name} does not trade`);
    return active;
  }

  async #status() {
    const { config } = this.seat;
    const { accountId } = config.account;
    const active = this.#standby?.active;
    const holder = await this.#link.active().catch(() => undefined);
    const restricted = this.#local?.killSwitch.whyRestricted();
    const orders = active && [...active.desk.book.liveOrders()];
    const equity = active && equityOf(active.desk.book, accountId);
    const role = this.signal.aborted
      ? ('stopping' as const)
      : active !== undefined
        ? ('active' as const)
        : this.#standby === undefined
          ? ('starting' as const)
          : ('standby' as const);
    return {
      ...{ role, instance: this.#name, accountId },
      lease: { name: leaseNameOf(config), ...(active && { token: active.token }), ...(holder && { holder }) },
      tradingState: this.#local?.killSwitch.tradingState() ?? ('reducing' as const),
      ...(restricted !== undefined && { restricted }),
      ...(orders && {
        orders: {
          working: orders.filter(({ state }) => isOpen(state)).length,
          inDoubt: orders.filter(({ state }) => state === 'unknown').length,
        },
      }),
      ...(equity !== undefined && { equity }),
    };
  }
}

/** As the API has it, for the account of the desk. What is left out there is not in it at all. */
const intentOf = (
  { strategyId = MANUAL, ...asked }: z.output<typeof intent>,
  accountId: string,
): OrderIntent => ({ ...asked, strategyId, accountId });

const DESK_PATHS = ['/orders', '/positions', '/explain', '/limits'];
const isOfDesk = (url: string): boolean =>
  DESK_PATHS.some((path) => url === path || url.startsWith(`${path}/`) || url.startsWith(`${path}?`));
