import { type TextFault, faultAt } from './text-fault.ts';

const BLANK = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex -- what JSON forbids
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const DEEPEST = 64;

export type JsonText = { readonly value: unknown } | { readonly fault: TextFault };

/**
 * Reads JSON. Other than `JSON.parse` it says where a fault is without quoting from the text, and refuses a name that an
 * object has twice, and more than 64 levels.
 */
export function readJson(text: string): JsonText {
  const scan = new JsonScan(text);
  const fault = scan.run();
  return fault === undefined ? { value: JSON.parse(text) as unknown } : { fault };
}

class JsonScan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): TextFault | undefined {
    const fault = this.#value(0);
    if (fault !== undefined) return fault;
    this.#skip();
    return this.#at === this.#text.length ? undefined : this.#expected('the end of the file');
  }

  #value(depth: number): TextFault | undefined {
    this.#skip();
    if (depth > DEEPEST) return this.#expected(`at most ${DEEPEST} levels`);
    const next = this.#text[this.#at];
    if (next === '{') return this.#members('}', this.#member(new Set(), depth));
    if (next === '[') return this.#members(']', () => this.#value(depth + 1));
    const found = this.#take(STRING) ?? this.#take(SCALAR);
    return found === undefined ? this.#expected('a JSON value') : undefined;
  }

  /** What stands between brackets, with commas between. */
  #members(end: ']' | '}', member: () => TextFault | undefined): TextFault | undefined {
    this.#at += 1;
    if (this.#symbol(end)) return undefined;
    for (;;) {
      const fault = member();
      if (fault !== undefined) return fault;
      if (this.#symbol(end)) return undefined;
      if (!this.#symbol(',')) return this.#expected(`, or ${end}`);
    }
  }

  #member(names: Set<unknown>, depth: number): () => TextFault | undefined {
    return () => {
      this.#skip();
      const at = this.#at;
      const quoted = this.#take(STRING);
      if (quoted === undefined) return this.#expected('a name in double quotes');
      const name: unknown = JSON.parse(quoted);
      if (names.has(name)) return faultAt(this.#text, at, 'each name once in an object');
      names.add(name);
      return this.#symbol(':') ? this.#value(depth + 1) : this.#expected(':');
    };
  }

  #symbol(symbol: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    this.#take(BLANK);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #expected(what: string): TextFault {
    return faultAt(this.#text, this.#at, what);
  }
}
