import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ExchangeConfigInput } from './config.ts';
import { type LogLine, readExchangeLog } from './exchange-log.ts';
import type { FaultInput } from './faults.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

export interface StartOptions {
  readonly dataDir: string;
  /** Default: any free port. A restart takes the port it had, so that clients find it again. */
  readonly port?: number;
  readonly seed?: number;
  readonly latencyMs?: number;
  readonly heartbeatMs?: number;
  readonly marketEveryMs?: number;
  readonly config?: ExchangeConfigInput;
}

type Level = readonly [price: string, quantity: string];
export type MarketRequest =
  | { readonly symbol: string; readonly bids: readonly Level[]; readonly asks: readonly Level[] }
  | {
      readonly symbol: string;
      readonly trade: { readonly side: 'buy' | 'sell'; readonly price: string; readonly quantity: string };
    }
  | { readonly symbol?: string; readonly steps: number };

/** An exchange in a process of its own, with what a test wants of it. */
export interface RunningExchange {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  market(request: MarketRequest): Promise<void>;
  orderFaults(...faults: readonly FaultInput[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** What has been ordered and how often it struck. */
  faults(): Promise<readonly (FaultInput & { readonly struck: number })[]>;
  /** Cuts every stream. */
  cut(): Promise<void>;
  /** The witness: its own log so far. */
  log(): readonly LogLine[];
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Spawns the exchange and waits until it listens. */
export async function startToyExchange(options: StartOptions): Promise<RunningExchange> {
  const { dataDir } = options;
  mkdirSync(dataDir, { recursive: true });
  const child = spawn(process.execPath, [MAIN, ...argumentsFor(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const listening = once(createInterface({ input: child.stdout }), 'line').then(
    ([line]) => JSON.parse(line as string) as { listening: number; pid: number },
  );
  const gone = exited.then((code) => {
    throw new Error(`the exchange ended with ${String(code)} before it listened`);
  });
  const { listening: port, pid } = await Promise.race([listening, gone]);
  gone.catch(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/admin/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /admin/${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    url,
    port,
    pid,
    market: async (request) => {
      await admin('POST', 'market', request);
    },
    orderFaults: async (...faults) => {
      await admin('POST', 'faults', faults);
    },
    clearFaults: async () => {
      await admin('DELETE', 'faults');
    },
    faults: async () => (await admin('GET', 'faults')) as (FaultInput & { struck: number })[],
    cut: async () => {
      await admin('POST', 'cut');
    },
    log: () => readExchangeLog(dataDir),
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function argumentsFor(options: StartOptions): string[] {
  const { dataDir, port, seed, latencyMs, heartbeatMs, marketEveryMs, config } = options;
  const given = Object.entries({
    port,
    seed,
    'latency-ms': latencyMs,
    'heartbeat-ms': heartbeatMs,
    'market-every-ms': marketEveryMs,
  });
  const numbers = given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
  if (config === undefined) return ['--data-dir', dataDir, ...numbers];
  const file = join(dataDir, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return ['--data-dir', dataDir, ...numbers, '--config', file];
}
