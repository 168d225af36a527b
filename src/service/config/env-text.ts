import { parseEnv } from 'node:util';
import { type TextFault, faultAt } from './text-fault.ts';

const BLANK_OR_COMMENT = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
const NAME = / *(?:export +)?([A-Za-z_][A-Za-z0-9_.]*) *= */y;
const QUOTED = /(["'`])[^]*?\1/y;
const PLAIN = /[^\n]*(?:\n|$)/y;

export type EnvText = { readonly values: Readonly<Record<string, string>> } | { readonly fault: TextFault };

/** Reads the text of a `.env` file as Node does, but refuses what Node passes over: lines that are none, a name given twice. */
export function readEnvText(text: string): EnvText {
  const fault = faultOf(text);
  if (fault !== undefined) return { fault };
  const values = Object.entries(parseEnv(text)).flatMap(([name, value]): [string, string][] =>
    // Node leaves `export` in the name where the value is empty and the last.
    value === undefined ? [] : [[name.replace(/^export +/, ''), value]],
  );
  return { values: Object.fromEntries(values) };
}

function faultOf(text: string): TextFault | undefined {
  const names = new Set<string>();
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? undefined;
    at += found?.[0].length ?? 0;
    return found;
  };
  while (at < text.length) {
    if (take(BLANK_OR_COMMENT) !== undefined) continue;
    const start = at;
    const name = take(NAME)?.[1];
    if (name === undefined) return faultAt(text, at, 'NAME=value');
    if (names.has(name)) return faultAt(text, start, 'each name once');
    names.add(name);
    const quote = text[at];
    if (quote !== '"' && quote !== "'" && quote !== '`') {
      take(PLAIN);
    } else if (take(QUOTED) === undefined) {
      return faultAt(text, at, 'a closing quote');
    } else if (take(BLANK_OR_COMMENT) === undefined) {
      return faultAt(text, at, 'nothing after the closing quote');
    }
  }
  return undefined;
}
