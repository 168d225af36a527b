import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SystemClock } from 'portcullis/core';
import { ResilientFetcher } from 'portcullis/resilience';
import { type HttpPeer, gotOpossumPRetry, undiciPool } from '../peers.ts';
import { type BenchResult, type Suite, quantile } from '../result.ts';

const SUITE = 'fetcher';
const CALLERS = 64;
const CALLS = 4_000;
const WARM_UP = 12_000;
/** A multiple of three: each contestant goes first in a third of them. */
const ROUNDS = 15;
const SERVER = fileURLToPath(new URL('../fetcher-server.ts', import.meta.url));

/** Ours by default. The bulkhead and the others of our policies are as they come as well. */
const RULES = {
  connections: 16,
  timeoutMs: 10_000,
  attemptTimeoutMs: 3_000,
  retry: { retries: 3, baseDelayMs: 100, maxDelayMs: 5_000 },
  breaker: { windowMs: 10_000, failureRate: 0.5, minCalls: 20, openMs: 5_000 },
};

/**
 * Calls of 64 callers at a time to a server in another process, each until its 512 bytes of JSON are parsed: ours with all its
 * policies and no cache, `undici.request` over as many connections, which has none, and got with opossum and p-retry. Rounds
 * in turn; of each the quickest counts, since whatever else runs on the machine can only slow one down. `-cpu` is the same of
 * processor time.
 */
export const fetcher: Suite = {
  name: SUITE,
  async run() {
    const child = spawn(process.execPath, [...process.execArgv, SERVER], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [{ origin }] = (await once(child, 'message')) as [{ origin: string }];
    const contestants = [ours(origin), undiciPool(origin, RULES), gotOpossumPRetry(origin, RULES)];
    try {
      return [await compare(contestants)];
    } finally {
      await Promise.all(contestants.map((peer) => peer.close()));
      child.kill('SIGKILL');
    }
  },
};

function ours(origin: string): HttpPeer {
  const { connections, timeoutMs, attemptTimeoutMs, retry, breaker } = RULES;
  const source = { baseUrl: origin, timeoutMs, attemptTimeoutMs, retry, breaker };
  const all = new ResilientFetcher(
    { sources: { quotes: { ...source, http: { allowPrivateAddresses: true, connections } } } },
    { clock: new SystemClock() },
  );
  return {
    name: 'ours',
    get: (path) => all.fetch({ source: 'quotes', endpoint: path }),
    close: () => all.close(),
  };
}

async function compare(contestants: readonly HttpPeer[]): Promise<BenchResult> {
  for (const peer of contestants) await load(peer, WARM_UP);
  const rounds = new Map(contestants.map((peer) => [peer, [] as Round[]]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (let at = 0; at < contestants.length; at += 1) {
      const peer = contestants[(round + at) % contestants.length] as HttpPeer;
      rounds.get(peer)?.push(await load(peer, CALLS));
    }
  const of = (peer: HttpPeer, figure: (round: Round) => number, q: number): number =>
    quantile(Float64Array.from(rounds.get(peer) as Round[], figure), q);
  for (const peer of contestants)
    console.log(
      `  ${peer.name.padEnd(20)} best ${(1e9 / of(peer, nsOf, 0)).toFixed(0)}/s, median ${(1e9 / of(peer, nsOf, 0.5)).toFixed(0)}/s; ` +
        `processor time ${of(peer, cpuOf, 0).toFixed(1)} us, median ${of(peer, cpuOf, 0.5).toFixed(1)} us`,
    );
  const [own, ...peers] = contestants as [HttpPeer, ...HttpPeer[]];
  const nsPerOp = of(own, nsOf, 0);
  const us = Float64Array.from((rounds.get(own) as Round[]).flatMap((round) => [...round.us]));
  return {
    suite: SUITE,
    name: 'fetch',
    opsPerSec: 1e9 / nsPerOp,
    nsPerOp,
    p50Us: quantile(us, 0.5),
    p99Us: quantile(us, 0.99),
    vs: Object.fromEntries(
      peers.flatMap((peer) => [
        [peer.name, of(peer, nsOf, 0) / nsPerOp],
        [`${peer.name}-cpu`, of(peer, cpuOf, 0) / of(own, cpuOf, 0)],
      ]),
    ),
  };
}

interface Round {
  readonly nsPerCall: number;
  /** Of this process, the server's not included. */
  readonly cpuUsPerCall: number;
  readonly us: Float64Array;
}

const nsOf = ({ nsPerCall }: Round): number => nsPerCall;
const cpuOf = ({ cpuUsPerCall }: Round): number => cpuUsPerCall;

/** @throws {Error} for an answer that is not 200, or not what the server sends */
async function load(peer: HttpPeer, count: number): Promise<Round> {
  const us = new Float64Array(count);
  let begun = 0;
  const caller = async (): Promise<void> => {
    while (begun < count) {
      const call = begun;
      begun += 1;
      const fromMs = performance.now();
      const { status, data } = await peer.get('/quote');
      us[call] = (performance.now() - fromMs) * 1_000;
      if (status !== 200 || (data as { symbol?: unknown }).symbol !== 'BTC-USDT')
        throw new Error(`${peer.name}: expected a quote with status 200, got ${status}`);
    }
  };
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const [tookMs, { user, system }] = [performance.now() - startedMs, process.cpuUsage(before)];
  return { nsPerCall: (tookMs * 1e6) / count, cpuUsPerCall: (user + system) / count, us };
}
