import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codesInUse } from '../../scripts/codes.ts';
import { root } from '../../scripts/rooms.ts';
import { ManualClock, units } from '../../src/core/index.ts';
import { ExecutionPolicy, type LimitPair } from '../../src/execution/index.ts';
import {
  KillSwitch,
  type RiskGate,
  RiskGuard,
  correlationGate,
  dailyLossGate,
  dataQualityGate,
  drawdownGate,
  killSwitchGate,
  positionCountGate,
  positionSizeGate,
  totalExposureGate,
} from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { Book } from '../../src/trading/index.ts';

interface Row {
  readonly gate: string;
  readonly entry: string;
  readonly exit: string;
  readonly options: readonly string[];
  readonly codes: readonly string[];
}

const page = readFileSync(`${root}docs/guides/how-an-order-is-decided.md`, 'utf8');
const ticked = (cell = ''): readonly string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** The table of gates below a heading. */
function gateTable(heading: string): readonly Row[] {
  const begin = page.indexOf(`\n## ${heading}\n`);
  const section = page.slice(begin, page.indexOf('\n## ', begin + 1));
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const [, gate, , entry = '', exit = '', option, code] = line.split('|').map((cell) => cell.trim());
    return { gate: ticked(gate)[0] ?? '', entry, exit, options: ticked(option), codes: ticked(code) };
  });
}

const { denials } = codesInUse();
const codesOf = (gate: string): readonly string[] => [
  ...new Set(denials.filter((site) => site.gate === gate).map(({ code }) => code)),
];

const clock = new ManualClock();
const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
const money = { maxDailyLoss: '1', maxPositionNotional: '1', maxTotalExposure: '1', maxClusterExposure: '1' };
const guard = new RiskGuard(
  { ...money, maxDrawdownFraction: 0.1, maxPositions: 1, buyingPower: 'none' },
  { book: new Book(), killSwitch, clock },
);
const policy = new ExecutionPolicy();

describe('the table of the eight risk gates', () => {
  const rows = gateTable('The eight risk gates');
  const ONE = units(1);
  const gates: readonly RiskGate[] = [
    killSwitchGate(),
    dataQualityGate(guard.limits),
    dailyLossGate(ONE),
    drawdownGate(1),
    positionCountGate(1),
    positionSizeGate(ONE),
    correlationGate(ONE),
    totalExposureGate(ONE),
  ];

  test('has the gates of the guard, in the order in which it asks them', () => {
    expect(rows.map(({ gate }) => gate)).toEqual(guard.status().map(({ gate }) => gate));
  });

  test('says of each gate whether exits are asked', () => {
    const documented = rows.map(({ gate, exit }) => [gate, exit === 'not asked' ? 'entries' : 'all']);
    expect(documented).toEqual(gates.map(({ name, appliesTo }) => [name, appliesTo]));
  });

  test('names the codes that each gate gives', () => {
    expect(rows.map(({ gate, codes }) => [gate, codes])).toEqual(
      rows.map(({ gate }) => [gate, codesOf(gate)]),
    );
  });

  test('names every option of the limits, once', () => {
    // The further gates and the scopes have a page of their own.
    const others = ['maxDecisionAgeMs', 'buyingPower', 'scopes'];
    const options = [...rows.flatMap((row) => row.options), ...others];
    expect(options.toSorted()).toEqual(Object.keys(guard.limits).toSorted());
  });
});

describe('the table of the seven execution gates', () => {
  const rows = gateTable('The seven execution gates');

  test('has the gates of the policy, in the order in which it asks them', () => {
    expect(rows.map(({ gate }) => gate)).toEqual(policy.status().map(({ gate }) => gate));
  });

  test('names the codes that each gate gives', () => {
    expect(rows.map(({ gate, codes }) => [gate, codes])).toEqual(
      rows.map(({ gate }) => [gate, codesOf(gate)]),
    );
  });

  test('names every option of the limits', () => {
    const { depth, slippage, ...others } = policy.limits;
    const nested = [
      ...Object.keys(depth).map((key) => `depth.${key}`),
      ...Object.keys(slippage).map((key) => `slippage.${key}`),
    ];
    expect(rows.flatMap((row) => row.options).toSorted()).toEqual(
      [...Object.keys(others), ...nested].toSorted(),
    );
  });

  test('tells the defaults of entries and exits', () => {
    const { collarBps, spreadBps, depth, volumeFraction, slippage, timeInForce } = policy.limits;
    const shown = ({ entry, exit }: LimitPair): readonly string[] =>
      [entry, exit].map((limit) => (limit === 'none' ? 'off' : String(limit)));
    const expected = new Map<string, readonly string[]>([
      ['time-in-force', [timeInForce.entry.join(', '), timeInForce.exit.join(', ')]],
      ['price-collar', shown(collarBps)],
      ['spread', shown(spreadBps)],
      ['depth', shown(depth.multiple)],
      ['volume', shown(volumeFraction)],
      ['slippage-budget', shown(slippage.perOrderBps)],
    ]);
    const documented = rows
      .filter(({ gate }) => expected.has(gate))
      .map(({ gate, entry, exit }) => [gate, [entry, exit].map((cell) => cell.replace(/ bps.*$/, ''))]);
    expect(documented).toEqual([...expected]);
    expect(slippage.perDay).toBe('none');
  });
});
