import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { gatesIn } from '../../scripts/gate-tables.ts';
import { root } from '../../scripts/rooms.ts';
import * as desk from '../../src/desk/index.ts';
import { executionLimitsSchema } from '../../src/execution/execution-limits.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import * as risk from '../../src/risk/index.ts';
import { riskLimitsSchema } from '../../src/risk/risk-limits.ts';
import { WIDE, guardOf } from '../support/guard.ts';
import { MANDATORY_EXECUTION_GATES, MANDATORY_RISK_GATES } from '../support/mandatory-gates.ts';

const page = readFileSync(`${root}docs/guides/controls-and-rules.md`, 'utf8');
const gates = [...gatesIn('risk', []), ...gatesIn('execution', [])];

/** The cells in backticks of a column, in the tables below a heading. */
function named(heading: string, column: number): readonly string[] {
  const begin = page.indexOf(`\n## ${heading}\n`);
  const end = page.indexOf('\n## ', begin + 1);
  const rows = page.slice(begin, end === -1 ? undefined : end).split('\n');
  return rows
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => [...(line.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, text = '']) => text);
}

describe('the page on controls', () => {
  test.each(['SEC rule 15c3-5', 'MiFID II RTS 6', 'FIA: risk controls for automated trading'])(
    '%s: what is said to cover it exists',
    (heading) => {
      const known = new Set<string>([
        ...gates.map(({ gate }) => gate),
        ...Object.keys(risk),
        ...Object.keys(desk),
        ...Object.getOwnPropertyNames(desk.OrderDesk.prototype),
        ...Object.getOwnPropertyNames(desk.OrderDesk.prototype).map((verb) => `OrderDesk.${verb}`),
        'cancelOnDisconnect',
        'strategyId',
        'accountId',
        'portcullis replay',
      ]);
      const covering = named(heading, 2);
      expect(covering.length).toBeGreaterThan(5);
      expect(covering.filter((name) => !known.has(name))).toEqual([]);
    },
  );

  test('the mandatory gates come first, in the order in which they are asked, and are never overridden', () => {
    expect(named('The gates of the RiskGuard', 1).slice(0, 8)).toEqual(MANDATORY_RISK_GATES);
    expect(named('The gates of the ExecutionPolicy', 1).slice(0, 7)).toEqual(MANDATORY_EXECUTION_GATES);
    expect(guardOf().guard.basis.gates).toEqual(MANDATORY_RISK_GATES);
    expect(new ExecutionPolicy().basis.gates).toEqual(MANDATORY_EXECUTION_GATES);
    const overridable = gates.filter((gate) => gate.overridable).map(({ gate }) => gate);
    const mandatory = new Set<string>([...MANDATORY_RISK_GATES, ...MANDATORY_EXECUTION_GATES]);
    expect(overridable.filter((gate) => mandatory.has(gate))).toEqual([]);
  });

  test('every option exists', () => {
    const options = new Set([
      ...Object.keys(riskLimitsSchema.parse(WIDE)),
      ...Object.keys(riskLimitsSchema.unwrap().shape),
      ...Object.keys(executionLimitsSchema.unwrap().shape),
      ...Object.keys(risk),
    ]);
    expect(
      gates.map(({ option }) => option).filter((option) => option !== '' && !options.has(option)),
    ).toEqual([]);
  });
});
