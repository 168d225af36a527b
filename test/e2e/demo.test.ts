import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseOptions } from '../../examples/demo/options.ts';
import type { RunReport } from '../../examples/demo/run-report.ts';
import { decimal } from '../../src/core/index.ts';
import { MANDATORY_EXECUTION_GATES, MANDATORY_RISK_GATES } from '../support/mandatory-gates.ts';
import {
  type Ended,
  PRELOAD,
  flagsOfScript,
  folderOfTest,
  runExample,
  startExample,
  temporaryFolder,
} from './support/example.ts';

const readReport = (file: string): RunReport => JSON.parse(readFileSync(file, 'utf8')) as RunReport;
const n = (value: number): string => value.toLocaleString('en');
const money = (text: string): string =>
  Number(text).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Every key of a value, at any depth. */
const keysOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [
        ...(Array.isArray(value) ? [] : [key]),
        ...keysOf(inner),
      ])
    : [];

const folder = temporaryFolder();
afterAll(folder.remove);

describe('npm run demo', () => {
  const out = join(folder.path, 'default');
  let run: Ended;
  let report: RunReport;
  /** The line of the printed report that begins with a word. */
  const line = (name: string): string =>
    run.stdout.split('\n').find((text) => text.startsWith(name)) ?? `no line for ${name}`;

  beforeAll(async () => {
    mkdirSync(join(out, 'tmp'), { recursive: true });
    const json = join(out, 'report.json');
    run = await runExample('demo/main.ts', ['--json', json], {
      flags: flagsOfScript('demo', 'demo/main.ts'),
      preload: [PRELOAD.watch],
      tmp: join(out, 'tmp'),
    });
    report = readReport(json);
  });

  test('ends by itself within a minute, with exit code 0 and nothing to complain about', () => {
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
    expect(run.tookMs).toBeLessThan(60_000);
  });

  test('needs no network and less than 220 MB', () => {
    expect(run.watched?.network).toEqual([]);
    expect(run.watched?.maxRssMb).toBeLessThan(220);
  });

  test('leaves nothing behind but the JSON it was asked for', () => {
    expect(readdirSync(out).sort()).toEqual(['report.json', 'tmp']);
    expect(readdirSync(join(out, 'tmp'))).toEqual([]);
  });

  test('shows its progress through three days, active first and reducing in the end', () => {
    const progress = run.stdout.slice(0, run.stdout.indexOf('\n\n')).split('\n');
    const states = progress.map(
      (text) =>
        /^2024-01-0\d \d\d:\d\d +\d+ bars +\d+ orders +\d+ fills +equity +\d+\.\d\d +(?<state>\w+)$/u.exec(
          text,
        )?.groups?.['state'],
    );
    expect(progress.length).toBeGreaterThanOrEqual(10);
    expect([...new Set(states)]).toEqual(['active', 'reducing']);
  });

  test('counts events, bars and signals', () => {
    const { events, bars, signals } = report;
    expect(events.total).toBe(events.snapshot + events.diff + events.quote + events.trade);
    expect(events.total).toBeGreaterThan(100_000);
    // A bar a minute in each of four instruments; the one that was forming at the end has not closed.
    expect(bars).toBeGreaterThan(4 * (3 * 24 * 60 - 5));
    expect(bars).toBeLessThanOrEqual(4 * 3 * 24 * 60);
    expect(signals).toBeGreaterThan(100);
    expect(line('events')).toBe(
      `events      ${n(events.total)} (${n(events.quote)} quotes, ${n(events.diff)} book changes, ${n(events.trade)} trades), ${n(bars)} bars, ${n(signals)} signals`,
    );
  });

  test('counts orders by outcome, and each has one', () => {
    const { orders, signals } = report;
    const asked = orders.held + orders.denied + orders.duplicate;
    expect(asked).toBeLessThanOrEqual(signals); // bars without trades may be told of together
    expect(asked).toBeGreaterThan(0.95 * signals);
    expect(orders.accepted + orders.rejected + orders.unknown + orders.abandoned).toBe(orders.held);
    expect(orders).toMatchObject({ duplicate: 0, unknown: 0, abandoned: 0 });
    expect(Math.min(orders.held, orders.denied, orders.resized, orders.cancelled)).toBeGreaterThan(0);
    expect(line('orders')).toBe(
      `orders      ${n(asked)} asked: ${n(orders.denied)} denied, ${n(orders.held)} sent, of those ${n(orders.resized)} resized; ` +
        `${n(orders.accepted)} accepted, ${n(orders.rejected)} rejected, 0 unknown, ${n(orders.cancelled)} cancelled, ${n(orders.expired)} expired`,
    );
  });

  test('says what was traded by which strategies: one instrument by both, all under one account', () => {
    expect(run.stdout).toContain(
      '\nBTC-USD, ETH-USD, SOL-USD, LTC-USD: a simulated market, seed 7, 3 days\n',
    );
    expect(report.strategies.map(({ strategyId, instrumentId }) => [strategyId, instrumentId])).toEqual([
      ['band-reversion', 'BTC-USD'],
      ['band-reversion', 'ETH-USD'],
      ['band-reversion', 'SOL-USD'],
      ['channel-breakout', 'LTC-USD'],
      ['channel-breakout', 'SOL-USD'],
    ]);
    expect(report.instruments).toEqual(['BTC-USD', 'ETH-USD', 'SOL-USD', 'LTC-USD']);
  });

  test('shares out fills, fees and profit over strategies and instruments, to the last digit', () => {
    const { strategies, fills, account } = report;
    const sum = (of: (result: (typeof strategies)[number]) => string): string =>
      strategies.reduce((total, one) => total.plus(of(one)), decimal('0')).toFixed();
    expect(strategies.reduce((total, one) => total + one.fills, 0)).toBe(fills.count);
    expect(Math.min(...strategies.map((one) => one.fills))).toBeGreaterThan(5);
    expect(sum((one) => one.fees)).toBe(account.fees);
    expect(sum((one) => one.profit)).toBe(decimal(account.realised).plus(account.unrealised).toFixed());
  });

  test('prints a line for each strategy and instrument, and their sum', () => {
    const text = (at: number): string => run.stdout.split('\n')[at] ?? '';
    const from = run.stdout.split('\n').findIndex((one) => one.startsWith('strategy  '));
    const cells = (name: string, of: RunReport['strategies']): string => {
      const total = (pick: (one: RunReport['strategies'][number]) => string): number =>
        of.reduce((sum, one) => sum + Number(pick(one)), 0);
      const fills = of.reduce((sum, one) => sum + one.fills, 0);
      const [volume, profit, fees] = [
        total((one) => one.volume),
        total((one) => one.profit),
        total((one) => one.fees),
      ];
      return [
        name,
        String(fills),
        ...[volume, profit, fees, profit - fees].map((value) => money(String(value))),
      ].join('|');
    };
    const lines = ['band-reversion', 'channel-breakout'].flatMap((id) => {
      const of = report.strategies.filter(({ strategyId }) => strategyId === id);
      const parts = of.map((one, at) => cells(`${at === 0 ? `${id}|` : ''}${one.instrumentId}`, [one]));
      return [...parts, cells('all', of)];
    });
    expect(
      lines.map((_, at) =>
        text(from + 1 + at)
          .trim()
          .split(/ +/u)
          .join('|'),
      ),
    ).toEqual(lines);
    expect(text(from + 1 + lines.length)).toBe('');
  });

  test('lists all sixteen gates with approvals, resizes, denials and the most frequent reasons', () => {
    const gates = [...report.riskGates, ...report.executionGates];
    expect(report.riskGates.map(({ gate }) => gate)).toEqual([...MANDATORY_RISK_GATES, 'buying-power']);
    expect(report.executionGates.map(({ gate }) => gate)).toEqual(MANDATORY_EXECUTION_GATES);
    for (const { gate, checked, denied, reduced, reasons } of gates) {
      expect(checked, gate).toBeGreaterThan(0);
      expect(
        reasons.reduce((sum, { count }) => sum + count, 0),
        gate,
      ).toBe(denied);
      const cells = [gate, checked, checked - denied - reduced, reduced, denied].map(String);
      const why = reasons.map(({ code, count }) => `${code} ${String(count)}`).join(', ');
      expect(line(`${gate} `).split(/ {2,}/u).join('|')).toBe(
        [...cells, ...(why === '' ? [] : [why])].join('|'),
      );
    }
    expect(gates.some(({ reduced }) => reduced > 0)).toBe(true);
    // What else denied has a line of its own: here a remainder after resizing, too small for the market.
    const elsewhere = Object.entries(report.otherDenials).map(
      ([reason, count]) => `${reason} ${String(count)}`,
    );
    expect(elsewhere).toEqual([expect.stringMatching(/^order BELOW_MINIMUM \d+$/u)]);
    expect(line('elsewhere')).toBe(`elsewhere denied: ${elsewhere.join(', ')}`);
  });

  test('reports fills, fees and profit, and the money adds up to the last digit', () => {
    const { fills, account } = report;
    expect(fills.count).toBe(fills.maker + fills.taker);
    expect(fills.count).toBeGreaterThan(100);
    const [flows, realised, unrealised, fees, equity] = [
      account.flows,
      account.realised,
      account.unrealised,
      account.fees,
      account.equity,
    ].map((text) => decimal(text));
    if (!flows || !realised || !unrealised || !fees || !equity) throw new Error('money is missing');
    expect(flows.plus(realised).plus(unrealised).minus(fees).toFixed()).toBe(account.equity);
    expect(fees.gt('0')).toBe(true);
    expect(line('fills')).toBe(
      `fills       ${n(fills.count)} (${n(fills.maker)} maker, ${n(fills.taker)} taker), fees ${money(account.fees)} USD`,
    );
    expect(line('profit')).toBe(
      `profit      realised ${money(account.realised)} USD, unrealised ${money(account.unrealised)} USD, after fees ${money(equity.minus(flows).toFixed())} USD`,
    );
  });

  test('draws the equity and tells the deepest drawdown', () => {
    const { account, equityCurve, maxDrawdown } = report;
    expect(line('equity')).toMatch(new RegExp(`^equity {6}${money(account.equity)} USD  [▁-█]{60}$`, 'u'));
    expect(equityCurve.at(-1)).toBeCloseTo(Number(account.equity), 5);
    const low = Math.min(...equityCurve);
    expect(maxDrawdown.amount).toBeGreaterThanOrEqual(Math.max(...equityCurve) - low - 1e-6);
    expect(maxDrawdown.fraction).toBeGreaterThan(0.05);
    expect(run.stdout.split('\n')).toContain(
      `drawdown    ${(maxDrawdown.fraction * 100).toFixed(2)} % at worst (${money(String(maxDrawdown.amount))} USD)`,
    );
  });

  test('measures how long decisions took', () => {
    const { p50, p99, count } = report.decisionUs;
    expect(count).toBe(report.orders.held + report.orders.denied);
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(line('decision')).toBe(
      `decision    p50 ${p50.toFixed(1)} us, p99 ${p99.toFixed(1)} us over ${n(count)}`,
    );
  });

  test('verifies the audit chain: every decision, the limits in force, the restraint until the venue had answered, the trip and its cancels', () => {
    expect(report.audit).toEqual({ verified: true, records: report.decisionUs.count + 5 });
    expect(line('audit')).toBe(`audit       chain of ${n(report.audit.records)} records verified`);
  });

  test('has the crash trip the kill switch: why, how many entries it denied, and that exits went through', () => {
    const { killSwitch, riskGates } = report;
    const { reason = '', trippedAtMs = NaN, entriesDenied = 0, exitsSent = 0, exitFills = 0 } = killSwitch;
    expect(killSwitch.state).toBe('reducing');
    expect(reason).toMatch(/^drawdown 5\.\d\d % of [\d.]+ reached 5\.00 %, equity [\d.]+$/u);
    expect(Math.min(entriesDenied, exitsSent, exitFills)).toBeGreaterThan(0);
    expect(riskGates[0]?.reasons).toEqual([{ code: 'KILL_SWITCH_REDUCING', count: entriesDenied }]);
    const at = new Date(trippedAtMs).toISOString().slice(0, 19).replace('T', ' ');
    expect(run.stdout).toContain(
      `kill switch reducing: ${reason}\n` +
        `            tripped ${at}; since then ${n(entriesDenied)} entries denied, ${n(exitsSent)} exits sent, ${n(exitFills)} exit fills\n`,
    );
  });

  test('has a second process find the switch as it was left, and its entry denied', () => {
    const second = run.stdout.slice(run.stdout.indexOf('a second process opens the same data directory:'));
    expect(second).toMatch(
      /\n {2}\d+ journal records replayed after the snapshot at record \d+, kill switch reducing\n/u,
    );
    expect(second).toContain(`\n  ${report.killSwitch.reason ?? 'no reason'}\n`);
    expect(second).toContain('\n  reconciled: 0 differences from the venue\n');
    expect(second).toMatch(/\n {2}no positions; an entry is denied: kill-switch KILL_SWITCH_REDUCING/u);
  });

  test('prints what README shows, but for how long decisions took', () => {
    const readme = readFileSync('README.md', 'utf8')
      .split('```')
      .find((block) => block.includes('kill-switch  '));
    const shown =
      readme
        ?.split('\n')
        .slice(1)
        .filter((text) => !text.startsWith('decision')) ?? [];
    expect(shown.length).toBeGreaterThan(30);
    const printed = new Set(run.stdout.split('\n'));
    expect(shown.filter((text) => !printed.has(text))).toEqual([]);
  });

  test('writes a JSON with one digest in it', () => {
    expect(keysOf(report).filter((key) => /digest/iu.test(key))).toEqual(['journalDigest']);
    expect(report.journalDigest).toMatch(/^[0-9a-f]{64}$/u);
    expect(line('journal')).toBe(`journal     ${report.journalDigest}`);
  });
});

describe('the same seed', () => {
  const path = (name: string): string => join(folder.path, name);
  const start = (name: string, seed: number, preload: readonly string[] = []): Promise<Ended> =>
    runExample(
      'demo/main.ts',
      ['--seed', String(seed), '--days', '0.1', '--data-dir', path(name), '--json', path(`${name}.json`)],
      { preload },
    );
  const journal = (name: string): string => readFileSync(join(path(name), 'journal-00000001.jsonl'), 'utf8');
  const digest = (name: string): string => readReport(path(`${name}.json`)).journalDigest;

  beforeAll(async () => {
    const runs = [
      await start('once', 3),
      ...(await Promise.all([start('again', 3, [PRELOAD.slowDisk, PRELOAD.later]), start('other', 4)])),
    ];
    expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      runs.map(() => ({ code: 0, stderr: '' })),
    );
  });

  test('gives the same journal byte for byte: whatever the disk does, and three years later', () => {
    expect(journal('again')).toBe(journal('once'));
    expect(digest('again')).toBe(digest('once'));
    expect(readReport(path('once.json')).fills.count).toBeGreaterThan(0);
  });

  test('another seed gives another', () => {
    expect(digest('other')).not.toBe(digest('once'));
  });

  test('is in the first record of the journal, with all the other settings of the market', () => {
    const [first = ''] = journal('once').split('\n');
    expect(JSON.parse(first)).toMatchObject({
      seq: 1,
      r: {
        type: 'opened',
        input: {
          kind: 'simulation',
          settings: {
            seed: 3,
            days: 0.1,
            startMs: Date.UTC(2024),
            stepMs: 10_000,
            instruments: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'LTC-USD'].map(
              (instrumentId) => expect.objectContaining({ instrumentId }) as unknown,
            ),
            correlation: { kind: 'factor', loadings: [0.9, 0.85, 0.75, 0.6] },
          },
        },
      },
    });
  });

  test('keeps the data directory it was given, and refuses to run in it again', async () => {
    const before = readdirSync(path('once')).sort();
    expect(before).toEqual(
      expect.arrayContaining(['audit-00000001.jsonl', 'journal-00000001.jsonl', 'state.db']),
    );
    const kept = journal('once');
    const again = await start('once', 3);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/^demo: --data-dir: expected a new or empty folder, but .* holds .*\n$/u);
    expect([readdirSync(path('once')).sort(), journal('once')]).toEqual([before, kept]);
  });
});

test('--help tells every option, and runs nothing', async () => {
  const tmp = folderOfTest();
  const { code, stdout, stderr } = await runExample('demo/main.ts', ['--help'], { tmp });
  expect({ code, stderr, left: readdirSync(tmp) }).toEqual({ code: 0, stderr: '', left: [] });
  expect(stdout.match(/^ {2}--[a-z-]+/gmu)?.map((option) => option.trim())).toEqual([
    '--recording',
    '--bars',
    '--tick',
    '--step',
    '--seed',
    '--days',
    '--json',
    '--kill',
    '--data-dir',
    '--help',
  ]);
});

test('Ctrl-C ends it at once, and the temporary directory with it', async () => {
  const tmp = folderOfTest();
  const { child, stdout, ended } = startExample('demo/main.ts', [], { tmp });
  while (!stdout().includes('\n')) await sleep(10);
  expect(readdirSync(tmp)).toEqual([expect.stringMatching(/^portcullis-demo-/u)]);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect({ code, stderr, left: readdirSync(tmp) }).toEqual({ code: 130, stderr: '', left: [] });
});

describe('a bad option', () => {
  const refused: readonly [args: readonly string[], message: RegExp][] = [
    [['--seed'], /^demo: .*--seed/u],
    [['--seed', 'x'], /^demo: seed: expected a whole number, got "x"$/u],
    [['--seed', '-1'], /^demo: .*--seed/u],
    [['--seed', '1.5'], /^demo: seed: expected a whole number, got "1.5"$/u],
    [['--days', '60.5'], /^demo: days: expected a number above 0 and at most 60, got "60.5"$/u],
    [['--days', 'NaN'], /^demo: days: expected a number above 0 and at most 60, got "NaN"$/u],
    [['--days', '1e1'], /^demo: days: expected a number above 0 and at most 60, got "1e1"$/u],
    [['7'], /^demo: .*'7'/u],
    [['--days', '1', '--recording', 'x.log'], /^demo: --seed and --days .* not for a --recording$/u],
    [['--bars', 'x.csv', '--seed', '1'], /^demo: --bars goes without --seed, --days and --recording$/u],
    [['--bars', 'x.csv', '--days', '1'], /^demo: --bars goes without --seed, --days and --recording$/u],
    [['--bars', 'x.csv', '--recording', 'x.log'], /^demo: --bars goes without/u],
    [['--bars', 'x.csv', '--tick', '1e-2'], /^demo: tick: expected a plain decimal, got "1e-2"$/u],
    [['--bars', 'x.csv', '--step', '-1'], /^demo: .*--step/u],
    [['--step', '0.1'], /^demo: --tick and --step are for --bars$/u],
    [['--kill', '--bars', 'x.csv'], /^demo: --kill takes no --bars$/u],
    [['--kill', '--days', '1'], /^demo: --kill takes no --days$/u],
    [['--json', '/'], /^demo: --json: .*folder \/$/u],
  ];
  test.each(refused)('%j is refused in one line', async (args, message) => {
    const error: unknown = await parseOptions(args).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toContain('\n');
  });

  const ended: readonly [args: readonly string[], message: RegExp][] = [
    [['--sed', '3'], /^demo: Unknown option '--sed'/u],
    [['--days', '0'], /^demo: days: expected a number above 0 and at most 60, got "0"$/u],
    [['--seed', '1', '--recording', 'x.log'], /^demo: --seed and --days .* not for a --recording$/u],
    [['--json', '/nowhere/at/all/report.json'], /^demo: --json: .*got \/nowhere\/at\/all$/u],
  ];
  test.each(ended)('%j ends the demo: one line, exit code 2, nothing written', async (args, message) => {
    const tmp = folderOfTest();
    const { code, stdout, stderr } = await runExample(
      'demo/main.ts',
      ['--data-dir', join(tmp, 'data'), ...args],
      { tmp },
    );
    expect({ code, stdout, left: readdirSync(tmp) }).toEqual({ code: 2, stdout: '', left: [] });
    expect(stderr.split('\n')).toEqual([expect.stringMatching(message), '']);
  });
});
