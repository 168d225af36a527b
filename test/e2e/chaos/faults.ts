import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from 'portcullis/core';
import type { Active, ClusterProcess } from './cluster-process.ts';
import type { Ground } from './ground.ts';
import type { KillSwitchDrill } from './kill-switch-drill.ts';
import type { OrderClient } from './order-client.ts';

interface FaultWorld {
  readonly cluster: ClusterProcess;
  readonly ground: Ground;
  readonly drill: KillSwitchDrill;
  readonly client: OrderClient;
  readonly random: SeededRandom;
}

/** What goes wrong, until it is healed. */
export interface Fault {
  readonly kind: string;
  /** Resolves once it is over; what it has broken recovers by itself. */
  readonly strike: (world: FaultWorld) => Promise<void>;
  /** Whether another process has to take over the trading. */
  readonly takesOver?: true;
  readonly needsPostgres?: true;
}

const NOTICED_MS = 500;
/** Longer than the lease is good for, and than the standby needs. */
const PAST_THE_LEASE_MS = 9_000;
/** Longer than a journal on PostgreSQL tries, by default. */
const PAST_THE_RETRIES_MS = 14_000;
const TRADED_AGAIN_WITHIN_MS = 60_000;
/** Orders wait at a frozen process when it thaws, and come to it for a while from then on. */
const WAITING_MS = 500;
const STILL_ASKED_MS = 2_500;

export const FAULTS: readonly Fault[] = [
  {
    kind: 'kill trading',
    takesOver: true,
    strike: async (world) => kill(await activePid(world)),
  },
  {
    ...{ kind: 'freeze trading', takesOver: true },
    strike: async (world) => {
      const { pid, url } = await activeOf(world);
      signal(pid, 'SIGSTOP');
      await sleep(PAST_THE_LEASE_MS);
      const asked = world.client.askFormer(url, WAITING_MS + STILL_ASKED_MS);
      await sleep(WAITING_MS);
      signal(pid, 'SIGCONT');
      await asked;
    },
  },
  { kind: 'kill standby', strike: async (world) => kill(await standbyPid(world)) },
  ...['signals-1', 'portfolio', 'market-data', 'risk'].map((name): Fault => ({
    kind: `kill ${name}`,
    strike: async ({ cluster }) => kill((await cluster.child(name))?.pid),
  })),
  {
    kind: 'redis restarted',
    strike: async ({ ground: { redis }, random }) => {
      await redis.stop();
      await sleep(random.integer(300, 4_000));
      await redis.start();
    },
  },
  {
    kind: 'redis hung',
    strike: async ({ ground: { redis }, random }) => {
      redis.hang();
      await sleep(random.integer(1_000, 6_000));
      redis.resume();
    },
  },
  {
    kind: 'redis restarted empty',
    strike: ({ ground }) => ground.redis.restartEmpty(),
  },
  ...(['fast', 'immediate'] as const).map((how): Fault => ({
    ...{ kind: `postgres restarted ${how}`, needsPostgres: true },
    strike: async ({ ground: { postgres }, random }) => {
      await postgres?.stop(how);
      await sleep(random.integer(200, 2_000));
      await postgres?.start();
    },
  })),
  {
    ...{ kind: 'postgres hung', needsPostgres: true },
    strike: async ({ ground: { postgres }, random }) => {
      postgres?.hang();
      await sleep(random.integer(1_000, 4_000));
      postgres?.resume();
    },
  },
  {
    ...{ kind: 'postgres away for long', needsPostgres: true },
    strike: async ({ ground: { postgres }, cluster, drill }) => {
      await postgres?.stop('immediate');
      await sleep(PAST_THE_RETRIES_MS);
      await postgres?.start();
      // The journal has given up, which halts the firm for as long as nobody says that it may go on.
      await cluster.recovered(TRADED_AGAIN_WITHIN_MS);
      await drill.releaseAny();
    },
  },
  ...(['redis', 'postgres', 'exchange'] as const).flatMap((what): Fault[] => {
    const needs = what === 'postgres' ? ({ needsPostgres: true } as const) : {};
    const link = ({ ground }: FaultWorld) => ground[`${what}Link`];
    return [
      {
        ...{ kind: `${what} cut off`, ...needs },
        strike: async (world) => {
          link(world)?.cut();
          await sleep(world.random.integer(500, 5_000));
          link(world)?.mend();
        },
      },
      {
        ...{ kind: `${what} slow`, ...needs },
        strike: async (world) => {
          const slow = link(world);
          if (slow !== undefined) slow.delayMs = world.random.integer(20, 300);
          await sleep(5_000);
          slow?.mend();
        },
      },
    ];
  }),
  {
    kind: 'rolling restart',
    strike: async ({ cluster }) => {
      await cluster.restart('chaos');
    },
  },
  tripDuring('kill trading', async (world) => {
    await kill(await activePid(world));
  }),
  tripDuring('redis cut off', async ({ ground }) => {
    ground.redisLink.cut();
    await sleep(300);
  }),
];

/** A trip that has to be obeyed whatever else is wrong, and is released by a person when all is well. */
function tripDuring(what: string, begin: (world: FaultWorld) => Promise<void>): Fault {
  return {
    kind: `kill switch, ${what}`,
    strike: async (world) => {
      await begin(world);
      const window = await world.drill.trip(what);
      await sleep(world.random.integer(3_000, 6_000));
      world.ground.redisLink.mend();
      await sleep(2_000);
      await world.drill.release(window);
    },
  };
}

async function activeOf({ cluster }: FaultWorld): Promise<Active> {
  const active = await cluster.active();
  if (active === undefined) throw new Error('nobody trades');
  return active;
}

const activePid = async (world: FaultWorld): Promise<number> => (await activeOf(world)).pid;

async function standbyPid({ cluster }: FaultWorld): Promise<number | undefined> {
  const [active, children] = [await cluster.active(), await cluster.children()];
  return children.find(({ name }) => name.startsWith('trading') && name !== active?.name)?.pid;
}

/** Resolves once it is gone and its supervisor must have seen it. */
async function kill(pid: number | undefined): Promise<void> {
  signal(pid, 'SIGKILL');
  await sleep(NOTICED_MS);
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
