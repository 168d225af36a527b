/** Runs the trading system as one process for each service: `npm run start:cluster -- --help`. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PortcullisError, SystemClock } from 'portcullis/core';
import { HttpProblem } from 'portcullis/service';
import { Lease } from 'portcullis/storage';
import { EndedTraders } from './cluster/ended-traders.ts';
import { findActive } from './cluster/find-active.ts';
import { type ClusterOptions, HELP, parseCommandLine } from './cluster/options.ts';
import { passedOn } from './cluster/pass-on.ts';
import { type ClusterPlan, planCluster } from './cluster/plan.ts';
import { ROLES, leaseNameOf, parseConfig, readConfigFile } from './config.ts';
import { isAlive } from './supervisor/is-alive.ts';
import { spawnNode } from './supervisor/spawned.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { SupervisorService } from './supervisor/supervisor-service.ts';

const EXIT_FAILED = 1;
const EXIT_BAD_INPUT = 2;
/** What others on this machine may not read: keys and tokens are in it. */
const PRIVATE = 0o600;

const clock = new SystemClock();

function tell(event: object): void {
  process.stdout.write(`${JSON.stringify({ at: new Date(clock.nowMs()).toISOString(), ...event })}\n`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Works out what runs, and writes what it is told. */
async function prepare(options: ClusterOptions, dataDir: string): Promise<ClusterPlan> {
  const files = { dataDir, system: join(dataDir, 'system.json'), exchange: join(dataDir, 'exchange.json') };
  const plan = planCluster(options, {
    files,
    given: options.config === undefined ? {} : readConfigFile(options.config),
    exchangePort: options.port === 0 ? await freePort() : options.port + ROLES.length,
    credentials: { key: 'trading-system', secret: randomBytes(24).toString('hex') },
  });
  await mkdir(join(dataDir, 'exchange'), { recursive: true });
  await writeFile(files.system, JSON.stringify(plan.system), { mode: PRIVATE });
  if (plan.exchange !== undefined)
    await writeFile(files.exchange, JSON.stringify(plan.exchange), { mode: PRIVATE });
  return plan;
}

/** What the processes share, as far as their parent takes part in it. */
async function openState({ system }: ClusterPlan) {
  const { redis } = parseConfig(system);
  if (redis === undefined) throw new PortcullisError('INPUT_INVALID', 'config: expected redis');
  const { RedisStateSignals, RedisStateStore } = await import('portcullis/adapters/redis');
  const store = await RedisStateStore.open(redis, { clock });
  try {
    return { store, signals: await RedisStateSignals.open(redis, { clock }) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Runs until a signal, or until it cannot start. Then the process ends. */
async function run(options: ClusterOptions, dataDir: string, cleanUp: () => Promise<void>): Promise<void> {
  const plan = await prepare(options, dataDir);
  const state = await openState(plan);
  const traders = new EndedTraders(
    new Lease({ name: leaseNameOf(parseConfig(plan.system)), owner: 'supervisor' }, { ...state, clock }),
  );
  const supervisor = new Supervisor(
    plan.children,
    {},
    {
      ...{ spawn: spawnNode, clock, findActive, random: Math.random },
      tell: (event) => {
        tell(event);
        void traders.take(event);
      },
      isAlive: isAlive(clock),
      onLine: (child, line, from) => {
        const text = passedOn(options.log, child, line, from);
        if (text !== undefined) process.stderr.write(`${text}\n`);
      },
    },
  );
  const exit = (code: number): void => {
    void cleanUp().finally(() => process.exit(supervisor.hasGivenUp ? EXIT_FAILED : code));
  };
  const service = new SupervisorService(supervisor, plan.statusPort, { exit });
  await service.start();
  tell({ event: 'supervising', pid: process.pid, status: service.address, dataDir });
  process.on('SIGHUP', () => {
    try {
      service.restart('SIGHUP');
    } catch (error) {
      tell({
        event: 'restart-refused',
        reason: error instanceof HttpProblem ? error.message : String(error),
      });
    }
  });
  if ((await supervisor.start()) || service.signal.aborted) return;
  await service.stop('not all processes have started');
  exit(EXIT_FAILED);
}

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === undefined) {
    console.log(HELP);
    return;
  }
  const given = options['data-dir'];
  const dataDir = given === undefined ? await mkdtemp(join(tmpdir(), 'trading-system-')) : resolve(given);
  const cleanUp = async (): Promise<void> => {
    if (given === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  await run(options, dataDir, cleanUp).catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
}

// Whoever read has left: the system goes on.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
await main().catch((error: unknown) => {
  console.error(error instanceof PortcullisError || error instanceof TypeError ? error.message : error);
  process.exit(EXIT_BAD_INPUT);
});
