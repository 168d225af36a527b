import { readFileSync, readdirSync } from 'node:fs';
import ts from 'typescript';
import { ManualClock } from '../src/core/manual-clock.ts';
import { ExecutionPolicy } from '../src/execution/execution-policy.ts';
import { RiskGuard } from '../src/risk/risk-guard.ts';
import type { TradingState } from '../src/risk/trading-state.ts';
import { Book } from '../src/trading/book.ts';
import { codesInUse } from './codes.ts';
import { root } from './rooms.ts';

/** One gate, as its source says it. */
export interface GateRow {
  readonly gate: string;
  /** The first sentence of its comment. */
  readonly question: string;
  readonly exits: boolean;
  readonly overridable: boolean;
  /** The option that sets its limit; empty where there is none. */
  readonly option: string;
  readonly codes: readonly string[];
}

/** Options that are not named after their gate: in limits, or in a gate's own factory. */
const OPTIONS: Readonly<Record<string, string>> = {
  'kill-switch': '',
  'data-quality': 'maxDataAgeMs',
  'daily-loss': 'maxDailyLoss',
  drawdown: 'maxDrawdownFraction',
  'position-count': 'maxPositions',
  'position-size': 'maxPositionNotional',
  correlation: 'maxClusterExposure',
  'total-exposure': 'maxTotalExposure',
  restricted: 'restricted',
  permission: 'permissions',
  'trading-hours': 'tradingHours',
  'order-quantity': 'maxOrderQuantity',
  'order-value': 'maxOrderValue',
  'buying-power': 'buyingPower',
  capital: 'maxCapital',
  'self-trade': 'selfTrade',
  'message-rate': 'messageRate',
  'repeated-execution': 'repeatedExecution',
  'duplicate-content': 'duplicateWindowMs',
  'value-at-risk': 'valueAtRisk',
  idempotency: '',
  'time-in-force': 'timeInForce',
  'price-collar': 'collarBps',
  spread: 'spreadBps',
  depth: 'depth',
  volume: 'volumeFraction',
  'slippage-budget': 'slippage',
  'spread-median': 'spreadMedian',
  'period-collar': 'periodCollarBps',
};

/** The gates that an engine always asks, in the order in which it asks them: those of one without any control. */
export function mandatoryGates(room: 'risk' | 'execution'): readonly string[] {
  if (room === 'execution') return new ExecutionPolicy().basis.gates;
  const limits = {
    maxDailyLoss: '0',
    maxDrawdownFraction: 0,
    maxPositions: 0,
    maxPositionNotional: '0',
    maxTotalExposure: '0',
    maxClusterExposure: '0',
    buyingPower: 'none',
  } as const;
  const killSwitch = { tradingState: (): TradingState => 'halted' };
  return new RiskGuard(limits, { book: new Book(), clock: new ManualClock(), killSwitch }).basis.gates;
}

/** The gates of a room, in the order in which `first` names them, then the others. */
export function gatesIn(room: 'risk' | 'execution', first: readonly string[]): readonly GateRow[] {
  const { denials } = codesInUse();
  const folder = `${room}/gates`;
  const rows = readdirSync(`${root}src/${folder}`)
    .filter((file) => file.endsWith('-gate.ts'))
    .map((file) => {
      const text = readFileSync(`${root}src/${folder}/${file}`, 'utf8');
      const gate = nameIn(text, file);
      const option = OPTIONS[gate];
      if (option === undefined)
        throw new Error(`${file}: scripts/gate-tables.ts does not know the gate ${gate}`);
      return {
        gate,
        question: questionIn(text, file),
        exits: !text.includes("appliesTo: 'entries'"),
        overridable: text.includes('overridable: true'),
        option,
        codes: [
          ...new Set(denials.filter((site) => site.file === `${folder}/${file}`).map(({ code }) => code)),
        ],
      };
    });
  const place = ({ gate }: GateRow): number => {
    const at = first.indexOf(gate);
    return at === -1 ? first.length : at;
  };
  return rows.sort((a, b) => place(a) - place(b) || (a.gate < b.gate ? -1 : 1));
}

function nameIn(text: string, file: string): string {
  const name = /(?:\bname: |const GATE = )'([a-z-]+)'/.exec(text)?.[1];
  if (name === undefined) throw new Error(`${file}: expected a name`);
  return name;
}

/** The first sentence of the comment of what is exported and ends in `Gate`. */
function questionIn(text: string, file: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    const declared = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations[0]?.name
      : ts.isFunctionDeclaration(statement)
        ? statement.name
        : undefined;
    if (declared?.getText().endsWith('Gate') !== true) continue;
    const comment = ts.getJSDocCommentsAndTags(statement).find(ts.isJSDoc)?.comment;
    const flat = ts.getTextOfJSDocComment(comment)?.replace(/\s+/g, ' ') ?? '';
    const sentence = /^.*?[.?](?= |$)/.exec(flat)?.[0];
    if (sentence !== undefined) return sentence.replaceAll('|', '\\|');
  }
  throw new Error(`${file}: expected an exported gate with a comment`);
}
