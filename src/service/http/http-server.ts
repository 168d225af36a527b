import { fastify, type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import type { Health } from '../health/health.ts';
import type { ServiceLife } from '../service-life.ts';
import { isEnding, isServing } from '../service-state.ts';
import { RequestTelemetry, requestId } from './request-telemetry.ts';

export interface HttpServerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly health: Health;
  readonly life: Pick<ServiceLife, 'state' | 'hasServed'>;
  /** Adds the routes of the service itself. */
  readonly routes: (app: ServiceApp) => unknown;
}

/** What `routes` gets. */
export type ServiceApp = FastifyInstance;

const CHASSIS_ROUTES: ReadonlySet<string> = new Set(['/live', '/startup', '/ready', '/health', '/metrics']);

/** Slow enough for any client that means well, so that one that does not cannot hold a connection. */
const REQUEST_TIMEOUT_MS = 30_000;
const SWEEP_MS = 20;

/** The HTTP side of a service: its own routes, `/live`, `/ready`, `/health` and `/metrics`. */
export class HttpServer {
  /** For tests: `inject` answers without a socket. */
  readonly app: FastifyInstance;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  readonly #telemetry: RequestTelemetry;
  #address: string | undefined;

  constructor(name: string, deps: HttpServerDeps) {
    this.#clock = deps.clock;
    const telemetry = new RequestTelemetry(CHASSIS_ROUTES, deps);
    this.#telemetry = telemetry;
    const app = fastify({
      logger: false,
      forceCloseConnections: 'idle',
      // A request that arrives on an open connection during the stop is answered, with `Connection: close`.
      return503OnClosing: false,
      requestTimeout: REQUEST_TIMEOUT_MS,
      genReqId: ({ headers }) => requestId(headers),
      // A URL that cannot be one is answered before any hook runs.
      frameworkErrors: (error, request, reply) => {
        const plain = reply as unknown as FastifyReply;
        telemetry.observe(request, plain);
        void plain.code(error.statusCode ?? 400).send({ error: error.message, correlationId: request.id });
      },
    });
    this.app = app;
    app.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    telemetry.attachTo(app);
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (isEnding(deps.life.state)) void reply.header('connection', 'close');
      done();
    });
    answerErrors(app, deps.log);
    addChassisRoutes(app, name, deps);
    app.register(async (own) => {
      own.addHook('onRequest', async (_request, reply) => {
        if (deps.life.state === 'starting') await reply.code(503).send({ error: 'starting' });
      });
      await deps.routes(own);
    });
  }

  /** The URL it listens under, while it does. */
  get address(): string | undefined {
    return this.#address;
  }

  async listen(host: string, port: number): Promise<void> {
    await this.app.listen({ host, port });
    this.#address = urlOf(this.app.server.address());
  }

  /** Takes no further connections and waits for the requests at hand. Connections without one are closed. */
  async close(): Promise<void> {
    const sweep = this.#clock.every(SWEEP_MS, () => {
      this.#closeIdle();
    });
    try {
      const closed = this.app.close();
      this.#closeIdle();
      await closed;
    } finally {
      this.#address = undefined;
      sweep[Symbol.dispose]();
    }
  }

  /** Closes everything now, and says what was under way. */
  cut(): string {
    const cut = `${this.#telemetry.inFlight} requests`;
    this.app.server.close(() => undefined);
    this.app.server.closeAllConnections();
    return cut;
  }

  #closeIdle(): void {
    this.app.server.closeIdleConnections();
    // Node takes a connection on which nothing was ever sent, such as a browser opens in advance, for a busy one.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

export function urlOf(address: AddressInfo | string | null): string {
  if (typeof address !== 'object' || address === null)
    throw new Error(`expected an IP address, got ${address ?? 'none'}`);
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler(async (request, reply) => {
    await reply.code(404).send({ error: 'not found', correlationId: request.id });
  });
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const isOurs = !(status >= 400 && status < 500);
    // What went wrong inside is for the log, not for whoever asked.
    if (isOurs) log.error({ err: error }, 'request failed');
    await reply
      .code(isOurs ? Math.max(status, 500) : status)
      .send({ error: isOurs ? 'internal error' : error.message, correlationId: request.id });
  });
}

function addChassisRoutes(
  app: FastifyInstance,
  name: string,
  { health, metrics, life }: HttpServerDeps,
): void {
  const noStore = { 'cache-control': 'no-store' };

  app.get('/live', async (_request, reply) => reply.headers(noStore).send({ status: 'live' }));

  app.get('/startup', async (_request, reply) =>
    reply
      .code(life.hasServed ? 200 : 503)
      .headers(noStore)
      .send({ status: life.hasServed ? 'started' : 'starting', state: life.state }),
  );

  app.get('/ready', async (_request, reply) => {
    const down = isServing(life.state) ? await health.criticalDown() : [];
    // Asked again: the end may have begun meanwhile.
    const ready = isServing(life.state) && down.length === 0;
    return reply
      .code(ready ? 200 : 503)
      .headers(noStore)
      .send({ status: ready ? 'ready' : 'not ready', state: life.state, down });
  });

  app.get('/health', async (_request, reply) => {
    const report = await health.report();
    const status = isServing(life.state) ? report.status : 'down';
    return reply
      .code(status === 'down' ? 503 : 200)
      .headers(noStore)
      .send({ service: name, state: life.state, status, checks: report.checks });
  });

  app.get('/metrics', async (_request, reply) =>
    reply.headers({ ...noStore, 'content-type': metrics.contentType }).send(await metrics.exposition()),
  );
}
