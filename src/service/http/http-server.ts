import {
  fastify,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type RawServerDefault,
} from 'fastify';
import {
  type ZodTypeProvider,
  isResponseSerializationError,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { ServiceLife } from '../service-life.ts';
import { isEnding } from '../service-state.ts';
import { answerClientError } from './client-error.ts';
import type { HttpLimits } from './http-limits.ts';
import type { LoadShedding } from './load-shedding.ts';
import { HttpProblem, errorOf, problemOf, sendProblem } from './problem.ts';
import { type RequestTelemetry, requestId } from './request-telemetry.ts';
import { cutSlowReader } from './slow-reader.ts';

export interface HttpServerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: RequestTelemetry;
  readonly life: Pick<ServiceLife, 'state' | 'hasServed'>;
  readonly limits: HttpLimits;
  readonly shedding: LoadShedding;
}

/** What `routes` gets: Fastify, with schemas of zod that type the handlers. */
export type ServiceApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** How often connections that take too long are looked for, and swept at the end. */
const CHECK_CONNECTIONS_MS = 1000;
const SWEEP_MS = 20;

/** A listener with bounds, telemetry and problem details; routes are added to `app`. */
export class HttpServer {
  /** For tests: `inject` answers without a socket. */
  readonly app: ServiceApp;
  readonly #deps: HttpServerDeps;
  readonly #sockets = new Set<Socket>();
  #address: string | undefined;

  constructor(deps: HttpServerDeps) {
    this.#deps = deps;
    const app = createApp(deps);
    app.server.maxConnections = deps.limits.maxConnections;
    app.server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    deps.telemetry.attachTo(app);
    const { maxUrlLength, answerTimeoutMs, keepAliveTimeoutMs } = deps.limits;
    app.addHook('onRequest', (request, reply, done) => {
      cutSlowReader(request.raw, reply.raw, answerTimeoutMs, keepAliveTimeoutMs);
      if (request.url.length <= maxUrlLength) done();
      else done(new HttpProblem(414, `expected a URL of at most ${maxUrlLength} characters`));
    });
    app.addHook('onSend', (_request, reply, _payload, done) => {
      if (isEnding(deps.life.state)) void reply.header('connection', 'close');
      done();
    });
    answerErrors(app, deps.log);
    this.app = withZod(app);
  }

  /** Adds routes of the service: answered 503 until it has started, and while it has too much to do. */
  serve(routes: (app: ServiceApp) => unknown): void {
    const { life, telemetry, shedding } = this.#deps;
    this.app.register(async (own) => {
      own.addHook('onRequest', (_request, _reply, done) => {
        if (life.state === 'starting') done(new HttpProblem(503, 'the service is starting'));
        else if (shedding.refuses(telemetry.inFlight) === undefined) done();
        else done(new HttpProblem(503, 'the service has too much to do'));
      });
      await routes(withZod(own));
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

  /**
   * Takes no further connections and waits for the requests at hand, those included that a client has left and a handler has not.
   * Connections without one are closed.
   */
  async close(): Promise<void> {
    const sweep = this.#deps.clock.every(SWEEP_MS, () => {
      this.#closeIdle();
    });
    try {
      const closed = this.app.close();
      this.#closeIdle();
      await closed;
      await this.#deps.telemetry.idle();
    } finally {
      this.#address = undefined;
      sweep[Symbol.dispose]();
    }
  }

  /** Closes everything now, and says what was under way. */
  cut(): string {
    const cut = `${this.#deps.telemetry.inFlight} requests`;
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

/** In words of our own: those of Fastify repeat the URL with its query. */
const urlProblem = (status: number | undefined): HttpProblem =>
  status === 414
    ? new HttpProblem(414, 'a part of the path is too long')
    : new HttpProblem(400, 'this is no URL');

const withZod = (app: FastifyInstance): ServiceApp => app.withTypeProvider<ZodTypeProvider>();

function createApp({ limits, telemetry }: HttpServerDeps): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: 'idle',
    // A request that arrives on an open connection during the stop is answered, with `Connection: close`.
    return503OnClosing: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    },
    genReqId: ({ headers }) => requestId(headers),
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, (status, id) => {
        telemetry.countRefused(socket, status, id);
      });
    },
    // A URL that cannot be one is answered before any hook runs.
    frameworkErrors: (error, request, reply) => {
      const plain = reply as unknown as FastifyReply;
      telemetry.observe(request, plain);
      sendProblem(plain, problemOf(urlProblem(error.statusCode), request));
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app;
}

function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problemOf(new HttpProblem(404, 'there is nothing here'), request)),
  );
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = errorOf(thrown);
    // The body broke off because the client left: nobody hears the answer, and nothing went wrong here.
    const isAbandoned = request.raw.errored === error;
    const problem = problemOf(isAbandoned ? new HttpProblem(400, 'the request broke off') : error, request);
    // What went wrong inside is for the log, not for whoever asked.
    if (problem.status >= 500 && !(error instanceof HttpProblem)) {
      const what = isResponseSerializationError(error) ? 'answer does not fit its schema' : 'request failed';
      log.error({ err: error }, what);
    }
    if (problem.status === 503) void reply.header('retry-after', '1');
    return sendProblem(reply, problem);
  });
}
