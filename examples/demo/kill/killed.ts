import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunningExchange, startToyExchange } from '../../toy-exchange/start.ts';
import { exchangeHoldings } from './exchange-holdings.ts';
import { type Holdings, type Told } from './told.ts';
import { SYMBOL, exchangeConfig } from './toy-setup.ts';

const TRADER = fileURLToPath(new URL('trader.ts', import.meta.url));
const TRADES_MS = 4_000;
const DEAD_MS = 1_500;

/**
 * Trades with the toy exchange, kills the trading process in the middle, starts it again, and compares.
 *
 * @returns whether the Book is what the exchange's fills add up to
 */
export async function killed(seed: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-demo-'));
  const children: ChildProcess[] = [];
  const exchange = await startToyExchange({
    dataDir: join(folder, 'exchange'),
    seed,
    latencyMs: 2,
    marketEveryMs: 40,
    config: exchangeConfig,
  });
  // Also when the demo is ended from outside.
  const clean = (): void => {
    for (const child of children) child.kill('SIGKILL');
    endProcess(exchange.pid);
    // They may still be at it.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  };
  process.once('exit', clean);
  try {
    console.log(`the toy exchange is process ${exchange.pid}, at ${exchange.url}`);
    const start = (): Promise<Trader> => startTrader(exchange.url, join(folder, 'data'), children);
    await killInTheMiddle(await start(), exchange);
    const trader = await start();
    await sleep(TRADES_MS);
    return compare(await trader.stop(), exchange);
  } finally {
    await exchange.stop();
    clean();
    process.off('exit', clean);
  }
}

async function killInTheMiddle(trader: Trader, exchange: RunningExchange): Promise<void> {
  await sleep(TRADES_MS);
  // An order whose answer is lost, and what the stream would tell of it: the exchange has it, the trader does not know.
  await exchange.orderFaults(
    { kind: 'timeout-after', on: 'place', count: 1 },
    { kind: 'lost-event', count: 5 },
  );
  while (((await exchange.faults())[0]?.struck ?? 0) === 0) await sleep(5);
  await trader.kill();
  const { orders, fills } = exchangeHoldings(exchange.log());
  console.log(`  killed with SIGKILL, an order on its way; ${orders} orders and ${fills} fills so far`);
  await exchange.clearFaults();
  // Others take all that is bid and all that is asked, whoever it belongs to.
  await exchange.market({ symbol: SYMBOL, trade: { side: 'sell', price: '1', quantity: '5' } });
  await exchange.market({ symbol: SYMBOL, trade: { side: 'buy', price: '1000000', quantity: '5' } });
  await sleep(DEAD_MS);
  const missed = exchangeHoldings(exchange.log()).fills - fills;
  console.log(`\nthe exchange goes on: ${missed} fills that nobody hears of\n`);
}

interface Trader {
  kill(): Promise<void>;
  /** Lets it cancel what works and close; what it holds then. */
  stop(): Promise<Holdings>;
}

/** Starts the trading process, tells what it finds, and resolves when it trades. */
async function startTrader(url: string, dataDir: string, children: ChildProcess[]): Promise<Trader> {
  const startedMs = performance.now();
  const flags = ['--disable-warning=ExperimentalWarning', TRADER, url, dataDir];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  console.log(`trader ${String(child.pid)} starts`);
  const gone = once(child, 'exit');
  const told = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <A extends Told['at']>(at: A): Promise<Extract<Told, { at: A }>> => {
    const line = await told.next();
    const said = line.done === true ? undefined : (JSON.parse(line.value) as Told);
    if (said?.at === at) return said as Extract<Told, { at: A }>;
    throw new Error(`the trader was to say what it has ${at}, and said ${JSON.stringify(said)}`);
  };
  const { records, inDoubt, tradingState } = await next('replayed');
  const what = records === 0 ? 'a new journal' : `${records} journal records replayed`;
  console.log(`  ${what}, ${inDoubt} in doubt, kill switch ${tradingState}`);
  const { tookMs, codes } = await next('reconciled');
  console.log(`  reconciled with the exchange in ${tookMs.toFixed(0)} ms: ${counted(codes)}`);
  console.log(`  ready ${(performance.now() - startedMs).toFixed(0)} ms after its start`);
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const holdings = await next('stopped');
      await gone;
      return holdings;
    },
  };
}

function counted(codes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return Array.from(counts, ([code, count]) => `${code} ${count}`).join(', ') || 'no differences';
}

function compare(book: Holdings, exchange: RunningExchange): boolean {
  const theirs = exchangeHoldings(exchange.log());
  console.log(`  stopped in order: ${theirs.orders} orders, ${theirs.fills} fills in all\n`);
  const row = (name: string, ours: string, his: string): string =>
    `${name.padEnd(10)}${ours.padStart(20)}${his.padStart(24)}`;
  console.log(row('', 'the Book', "the exchange's fills"));
  let equal = true;
  for (const name of ['position', 'cash', 'fees'] as const) {
    console.log(row(name, book[name], theirs[name]));
    equal &&= book[name] === theirs[name];
  }
  console.log(equal ? 'equal to the last digit' : 'NOT EQUAL');
  return equal;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone already.
  }
}
