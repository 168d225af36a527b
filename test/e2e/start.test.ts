import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RunReport } from '../../examples/demo/run-report.ts';
import { simulation } from '../../examples/demo/scenario.ts';
import { ManualClock, TradingDay } from '../../src/core/index.ts';
import { Journal } from '../../src/desk/index.ts';
import { DataDirectory } from '../../src/storage/index.ts';
import { Book, isOpen } from '../../src/trading/index.ts';
import {
  type Ended,
  type ExampleOptions,
  PRELOAD,
  type Running,
  flagsOfScript,
  folderOfTest,
  runExample,
  startExample,
  temporaryFolder,
} from './support/example.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

interface Status {
  readonly state: string;
  readonly tradingState: string;
  readonly equity: string;
  readonly working: number;
  readonly gates: readonly unknown[];
}

interface Service extends Running {
  readonly address: string;
  get(path: string): Promise<{ readonly code: number; readonly body: string }>;
  status(): Promise<Status>;
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<Ended>;
}

const services: Running[] = [];
afterAll(() => {
  for (const { child } of services) child.kill('SIGKILL');
});

/** The service once it says where it listens. */
async function startService(args: readonly string[] = [], options: ExampleOptions = {}): Promise<Service> {
  const running = startExample('demo/start.ts', ['--port', '0', ...args], {
    flags: flagsOfScript('start', 'demo/start.ts'),
    ...options,
  });
  services.push(running);
  const over = running.ended.then((ended) => ended);
  const address = async (): Promise<string> => {
    for (;;) {
      const found = /^ {2}(http:\/\/127\.0\.0\.1:\d+)\/status$/mu.exec(running.stdout())?.[1];
      if (found !== undefined) return found;
      const ended = await Promise.race([over, sleep(10)]);
      if (ended !== undefined) throw new Error(`the service ended: ${ended.stderr}`);
    }
  };
  const at = await address();
  const get = async (path: string): Promise<{ code: number; body: string }> => {
    const answer = await fetch(`${at}${path}`);
    return { code: answer.status, body: await answer.text() };
  };
  return {
    ...running,
    address: at,
    get,
    status: async () => JSON.parse((await get('/status')).body) as Status,
    stop: (signal = 'SIGTERM') => {
      running.child.kill(signal);
      return running.ended;
    },
  };
}

async function untilOneWorks(service: Service): Promise<void> {
  while ((await service.status()).working === 0) await sleep(10);
}

/** The Book as the journal of a data directory has it, and the order events in it. */
async function recover(
  directory: string,
): Promise<{ readonly book: Book; readonly types: readonly string[] }> {
  const clock = new ManualClock(Date.now());
  const data = await DataDirectory.open(directory, { clock });
  onTestFinished(() => data.close());
  const log = await data.openLog('journal');
  const book = new Book();
  const { instruments } = simulation({});
  await Journal.open(
    { input: {}, accounts: [] },
    { log, book, clock, instruments, tradingDay: new TradingDay() },
  );
  const types: string[] = [];
  for await (const { record } of log.read()) types.push((record as { type: string }).type);
  return { book, types };
}

describe('npm start', () => {
  const data = join(folder.path, 'data');
  const seen: { ready: number[]; health?: string; metrics?: string; status?: Status } = { ready: [] };
  let printedBefore = '';
  let ended: Ended;
  let rival: Ended;
  let samePort: Ended;
  let pid: number | undefined;

  beforeAll(async () => {
    const service = await startService(['--seed', '1', '--data-dir', data], { preload: [PRELOAD.fastTime] });
    pid = service.child.pid;
    [rival, samePort] = await Promise.all([
      runExample('demo/start.ts', ['--port', '0', '--data-dir', data]),
      runExample('demo/start.ts', ['--port', new URL(service.address).port]),
    ]);
    await untilOneWorks(service);
    const [health, metrics, ready] = await Promise.all(
      ['/health', '/metrics', '/ready'].map((path) => service.get(path)),
    );
    seen.health = `${String(health?.code)} ${health?.body ?? ''}`;
    seen.metrics = `${String(metrics?.code)} ${metrics?.body ?? ''}`;
    seen.ready.push(ready?.code ?? 0);
    seen.status = await service.status();
    printedBefore = service.stdout();
    const stopped = service.stop();
    const poll = async (): Promise<void> => {
      for (;;) seen.ready.push((await service.get('/ready')).code);
    };
    await Promise.all([poll().catch(() => undefined), poll().catch(() => undefined)]);
    ended = await stopped;
  });

  test('prints where health, metrics and status are', () => {
    expect(printedBefore).toMatch(
      /^trading in real time on a simulated market, seed 1, 30 days; stop with Ctrl-C\n {2}(http:\/\/127\.0\.0\.1:\d+)\/health\n {2}\1\/metrics\n {2}\1\/status\n$/u,
    );
  });

  test('answers there while it runs', () => {
    expect(seen.health).toMatch(
      /^200 \{"service":"trading","version":"[^"]+","state":"ready","status":"up","checks":\{"market-data":/u,
    );
    expect(seen.metrics).toMatch(/^200 # HELP /u);
    expect(seen.metrics).toMatch(/^trading_fills_total\{liquidity="maker"\} \d+$/mu);
    expect(seen.metrics).toMatch(/^trading_order_duration_seconds_count\{.*stage="gate".*\} [1-9]/mu);
    expect(seen.status).toMatchObject({ state: 'ready', tradingState: 'active' });
    expect(Number(seen.status?.equity)).toBeGreaterThan(90_000);
    expect(seen.status?.gates).toHaveLength(16);
  });

  test('is not ready any more once it stops, and ends with exit code 0', () => {
    const [first, ...later] = seen.ready;
    expect([first, later.at(-1)]).toEqual([200, 503]);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('cancels what works before it goes: no order is left open', async () => {
    // What works at the last look may be filled before the signal is there, and on a busy machine mostly is: then there
    // was nothing to cancel.
    for (let tries = 1; ; tries += 1) {
      const directory = join(folder.path, `cancels-${tries}`);
      const service = await startService(['--seed', '1', '--data-dir', directory], {
        preload: [PRELOAD.fastTime],
      });
      await untilOneWorks(service);
      await service.stop();
      const { book, types } = await recover(directory);
      expect([...book.orders()].filter(({ state }) => isOpen(state))).toEqual([]);
      if (types.includes('cancelled')) return;
      expect(tries).toBeLessThan(30);
    }
  });

  test('prints the report last', () => {
    expect(ended.stdout.slice(printedBefore.length)).toMatch(
      /^\nBTC-USD, ETH-USD, SOL-USD, LTC-USD: a simulated market, seed 1, 30 days\n[^]*\naudit {7}chain of \d+ records verified\njournal {5}[0-9a-f]{64}\n$/u,
    );
  });

  test('lets nobody else into its data directory', () => {
    expect({ code: rival.code, stdout: rival.stdout }).toEqual({ code: 2, stdout: '' });
    expect(rival.stderr).toMatch(
      new RegExp(`^data directory ${data} belongs to process ${String(pid)} since .*: stop it.*\\n$`, 'u'),
    );
  });

  test('says so when the port is taken', () => {
    expect({ code: samePort.code, stdout: samePort.stdout }).toEqual({ code: 2, stdout: '' });
    expect(samePort.stderr).toMatch(/^.*EADDRINUSE.*127\.0\.0\.1:\d+\n$/u);
  });
});

describe('a kept data directory', () => {
  test('is gone on with: the same Book and the same kill switch, start after start', async () => {
    const tmp = folderOfTest();
    const data = join(tmp, 'data');
    const json = join(tmp, 'report.json');
    await runExample('demo/main.ts', ['--days', '0.2', '--data-dir', data, '--json', json]);
    const { account, killSwitch } = JSON.parse(readFileSync(json, 'utf8')) as RunReport;
    expect(killSwitch.state).toBe('reducing');

    for (let times = 0; times < 2; times += 1) {
      const service = await startService(['--data-dir', data]);
      const { equity, tradingState } = await service.status();
      expect({ equity, tradingState }).toEqual({ equity: account.equity, tradingState: 'reducing' });
      expect((await service.stop()).code).toBe(0);
    }
  });
});

test('without a data directory it takes a temporary one, which is gone after Ctrl-C', async () => {
  const tmp = folderOfTest();
  const service = await startService([], { tmp });
  expect(readdirSync(tmp)).toEqual([expect.stringMatching(/^portcullis-start-/u)]);
  const { code, stdout } = await service.stop('SIGINT');
  expect({ code, left: readdirSync(tmp) }).toEqual({ code: 0, left: [] });
  expect(stdout).toContain('\naudit ');
});

describe('a bad option', () => {
  const cases: readonly [args: readonly string[], message: RegExp][] = [
    [['--prt', '0'], /^start: Unknown option '--prt'/u],
    [['--port', 'http'], /^start: port: expected a whole number, got "http"$/u],
    [['--port', '65536'], /\bport: .*65535, got 65536$/u],
    [['--data-dir', join('package.json', 'data')], /package\.json/u],
  ];
  test.each(cases)('%j: one line, exit code 2, nothing written', async (args, message) => {
    const tmp = folderOfTest();
    const { code, stdout, stderr } = await runExample('demo/start.ts', args, { tmp });
    expect({ code, stdout, left: readdirSync(tmp) }).toEqual({ code: 2, stdout: '', left: [] });
    expect(stderr.split('\n')).toEqual([expect.stringMatching(message), '']);
  });
});
