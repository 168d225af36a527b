import { readFileSync, readdirSync } from 'node:fs';
import ts from 'typescript';
import { root } from './rooms.ts';

/** Where the sources give a denial: the code, and the gate that gives it. */
export interface DenialSite {
  readonly code: string;
  /** `*` where any gate may give it. */
  readonly gate: string;
  readonly file: string;
}

/** Every code that the sources deny with or throw, read from their syntax. */
export interface CodesInUse {
  readonly denials: readonly DenialSite[];
  readonly errors: ReadonlySet<string>;
}

const CATALOGUES = new Set(['core/errors.ts', 'trading/denial.ts']);
const CODE = /^[A-Z]+(?:_[A-Z]+)+$/;

export function codesInUse(): CodesInUse {
  const denials: DenialSite[] = [];
  const errors = new Set<string>();
  for (const file of readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts') || CATALOGUES.has(file)) continue;
    const text = readFileSync(`${root}src/${file}`, 'utf8');
    if (!/deny\(|Error\(|gate:|mayRetry/u.test(text)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const constants = textConstants(source);
    walk(source, (node) => {
      const [gate, code] = denialParts(node) ?? [];
      if (gate !== undefined && code !== undefined) {
        const name = ts.isStringLiteral(gate) ? gate.text : (constants.get(gate.getText()) ?? '*');
        for (const found of codesIn(code)) denials.push({ code: found, gate: name, file });
      }
      const failure = failureCode(node);
      if (failure !== undefined) errors.add(failure);
      // Helpers that make an error take the code as an argument of their own.
      if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && /Error$/.test(node.expression.getText()))
        for (const argument of node.arguments ?? []) for (const found of codesIn(argument)) errors.add(found);
    });
  }
  return { denials, errors };
}

/** `deny(gate, code)`, or a denial written out as `{ gate, code }`. */
function denialParts(node: ts.Node): readonly [ts.Expression, ts.Expression] | undefined {
  if (ts.isCallExpression(node) && node.expression.getText() === 'deny') {
    const [gate, code] = node.arguments;
    return gate !== undefined && code !== undefined ? [gate, code] : undefined;
  }
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const member = (name: string): ts.Expression | undefined =>
    node.properties.filter(ts.isPropertyAssignment).find((property) => property.name.getText() === name)
      ?.initializer;
  const [gate, code] = [member('gate'), member('code')];
  return gate !== undefined && code !== undefined ? [gate, code] : undefined;
}

/** Of a failure of a call written out as `{ code, upstream, mayRetry }`: a `ResilienceError` has its code. */
function failureCode(node: ts.Node): string | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const names = node.properties.map(({ name }) => name?.getText());
  if (!names.includes('mayRetry') || !names.includes('upstream')) return undefined;
  const code = node.properties
    .filter(ts.isPropertyAssignment)
    .find(({ name }) => name.getText() === 'code')?.initializer;
  return code !== undefined && ts.isStringLiteral(code) ? code.text : undefined;
}

/** `const GATE = 'name'`. */
function textConstants(source: ts.SourceFile): ReadonlyMap<string, string> {
  const constants = new Map<string, string>();
  walk(source, (node) => {
    if (!ts.isVariableDeclaration(node) || node.initializer === undefined) return;
    if (ts.isStringLiteral(node.initializer)) constants.set(node.name.getText(), node.initializer.text);
  });
  return constants;
}

/** The codes of an expression, which may choose between several. */
function codesIn(expression: ts.Expression): readonly string[] {
  if (ts.isStringLiteral(expression)) return CODE.test(expression.text) ? [expression.text] : [];
  if (ts.isConditionalExpression(expression))
    return [...codesIn(expression.whenTrue), ...codesIn(expression.whenFalse)];
  return [];
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}
