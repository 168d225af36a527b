import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import { HttpLoad } from '../http-load.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'chassis';
const CONNECTIONS = 32;
const REQUESTS = 15_000;
const WARM_UP = 30_000;
/** Even: each server goes first in half of them. */
const ROUNDS = 16;
const SERVER = fileURLToPath(new URL('../chassis-server.ts', import.meta.url));
const BODY = '{"ok":true}';

/**
 * Requests per second of a service as it is by default (metrics, correlation id, a log line each, no tracing) against plain
 * Fastify with its logger on pino, each in a process of its own that logs to the null device, in alternating rounds. Of the
 * ratios of all rounds the median counts; `fastify-pino-cpu` is that of processor time, which other load disturbs less.
 */
export const chassis: Suite = {
  name: SUITE,
  async run() {
    const [ours, peer] = await Promise.all([serverOf('service'), serverOf('fastify-pino')]);
    try {
      return [await compare(ours, peer)];
    } finally {
      ours.end();
      peer.end();
    }
  },
};

async function compare(ours: Server, peer: Server): Promise<BenchResult> {
  await ours.load.run(WARM_UP);
  await peer.load.run(WARM_UP);
  const rounds: (readonly [own: Round, theirs: Round])[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round % 2 === 0) rounds.push([await measured(ours), await measured(peer)]);
    else rounds.push([await measured(peer), await measured(ours)].reverse() as [Round, Round]);
  }
  const median = (value: (own: Round, theirs: Round) => number): number =>
    quantile(
      Float64Array.from(rounds, ([own, theirs]) => value(own, theirs)),
      0.5,
    );
  const perSec = median((own) => own.perSec);
  console.log(
    `  fastify-pino ${Math.round(median((_, theirs) => theirs.perSec)).toLocaleString('en')}/s; processor time per request` +
      ` ${median((_, { cpuUs }) => cpuUs).toFixed(1)} us, ours ${median(({ cpuUs }) => cpuUs).toFixed(1)} us`,
  );
  const us = Float64Array.from(rounds.flatMap(([own]) => [...own.us]));
  return {
    suite: SUITE,
    name: 'service',
    opsPerSec: perSec,
    nsPerOp: 1e9 / perSec,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: {
      'fastify-pino': median((own, theirs) => own.perSec / theirs.perSec),
      'fastify-pino-cpu': median((own, theirs) => theirs.cpuUs / own.cpuUs),
    },
  };
}

interface Round {
  readonly perSec: number;
  readonly us: Float64Array;
  /** Of the server, per request. */
  readonly cpuUs: number;
}

async function measured({ load, cpuUs }: Server): Promise<Round> {
  const before = await cpuUs();
  const { perSec, us } = await load.run(REQUESTS);
  return { perSec, us, cpuUs: ((await cpuUs()) - before) / REQUESTS };
}

interface Server {
  readonly load: HttpLoad;
  /** Processor time so far. */
  readonly cpuUs: () => Promise<number>;
  end(): void;
}

async function serverOf(whose: 'service' | 'fastify-pino'): Promise<Server> {
  const log = openSync(devNull, 'w');
  const child = spawn(process.execPath, [...process.execArgv, SERVER, whose], {
    stdio: ['ignore', log, 'inherit', 'ipc'],
  });
  closeSync(log);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a server ended with ${String(code)}`);
  });
  /** The next thing that it says. */
  const told = async (): Promise<unknown> => {
    const message = Promise.withResolvers<unknown>();
    child.once('message', message.resolve);
    return Promise.race([message.promise, ended]);
  };
  const { address } = (await told()) as { address: string };
  const load = await HttpLoad.connect(`${address}/ok`, BODY, CONNECTIONS);
  return {
    load,
    cpuUs: async () => {
      const answer = told();
      child.send('cpu');
      const { cpu } = (await answer) as { cpu: NodeJS.CpuUsage };
      return cpu.user + cpu.system;
    },
    end: () => {
      ended.catch(() => undefined);
      load.close();
      child.kill('SIGKILL');
    },
  };
}
