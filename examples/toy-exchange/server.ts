import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { addAdmin } from './admin.ts';
import type { ExchangeConfig } from './config.ts';
import { Door } from './door.ts';
import { Exchange } from './exchange.ts';
import { ExchangeLog } from './exchange-log.ts';
import { Faults } from './faults.ts';
import { MarketMaker } from './market-maker.ts';
import { addRest } from './rest.ts';
import { StreamHub } from './stream-hub.ts';

export interface ServerOptions {
  readonly config: ExchangeConfig;
  readonly dataDir: string;
  readonly port: number;
  readonly seed: number;
  readonly latencyMs: number;
  readonly heartbeatMs: number;
  /** A step of the market each so many milliseconds; 0: only when asked. */
  readonly marketEveryMs: number;
}

/** Starts the exchange on the own machine and says where it listens. */
export async function serveExchange(options: ServerOptions) {
  const { config, seed, latencyMs, heartbeatMs, marketEveryMs } = options;
  const faults = new Faults(seed);
  const nowMs = (): number => Date.now() + faults.clockOffsetMs;
  const { log, lines } = ExchangeLog.open(options.dataDir);
  const exchange = new Exchange(config, { log: orDie(log), lines, nowMs });
  const maker = new MarketMaker(exchange, seed);
  maker.open();
  const door = new Door(config, { nowMs, monotonicMs: () => performance.now() });
  const hub = new StreamHub({ exchange, door, faults, latencyMs, heartbeatMs });
  const app = fastify({ forceCloseConnections: true });
  addRest(app, { exchange, door, faults, nowMs, latencyMs });
  addAdmin(app, { exchange, maker, faults, hub });
  hub.attach(app.server);
  await app.listen({ host: '127.0.0.1', port: options.port });
  const market =
    marketEveryMs > 0
      ? setInterval(() => {
          maker.step();
        }, marketEveryMs)
      : undefined;
  return {
    port: (app.server.address() as AddressInfo).port,
    lines: lines.length,
    async stop(): Promise<void> {
      clearInterval(market);
      hub.close();
      await app.close();
      log.close();
    },
  };
}

/** Memory is ahead of a disk that refuses, so that only an end is honest: nobody has been answered yet. */
const orDie = (log: ExchangeLog): Pick<ExchangeLog, 'append'> => ({
  append(line) {
    try {
      log.append(line);
    } catch (error) {
      console.error('the log cannot be written:', error);
      process.exit(1);
    }
  },
});
