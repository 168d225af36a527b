import type { TraceState } from '@opentelemetry/api';

/** `tracestate` as in W3C Trace Context Level 1, sections 3.3.1 and 3.3.1.5. */
const MAX_MEMBERS = 32;
const MAX_LENGTH = 512;
/** What has to be cut is taken from longer members first. */
const LONG_MEMBER = 128;

const KEY = /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
/** Printable ASCII without `,` and `=`; the last character is not a space. */
const VALUE = /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

type Member = readonly [key: string, value: string];

/** What vendors send along with a trace, newest first. Immutable: changes give a new one. */
class MemberList implements TraceState {
  readonly #members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.find(([name]) => name === key)?.[1];
  }

  /** Moves the member to the front; the last ones make room. What may not stand in a header changes nothing. */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = this.#members.filter(([name]) => name !== key).slice(0, MAX_MEMBERS - 1);
    return new MemberList(fit([[key, value], ...others]));
  }

  unset(key: string): TraceState {
    return new MemberList(this.#members.filter(([name]) => name !== key));
  }

  serialize(): string {
    return this.#members.map(textOf).join(',');
  }
}

/**
 * Reads a `tracestate` header. Up to 512 characters are kept: of a longer one, members over 128 characters go first, then
 * the last ones.
 *
 * @returns `undefined` for a header that is empty, has more than 32 members, a key twice, or any member that is not well-formed
 */
export function parseTracestate(header: string): TraceState | undefined {
  const members: Member[] = [];
  const keys = new Set<string>();
  for (const part of header.split(',')) {
    const text = part.replaceAll(OUTER_SPACE, '');
    // Empty members are allowed and say nothing.
    if (text === '') continue;
    const at = text.indexOf('=');
    const [key, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    if (!KEY.test(key) || !VALUE.test(value) || keys.has(key) || keys.size === MAX_MEMBERS) return undefined;
    keys.add(key);
    members.push([key, value]);
  }
  const kept = fit(members);
  return kept.length === 0 ? undefined : new MemberList(kept);
}

const textOf = ([key, value]: Member): string => `${key}=${value}`;

/** The members that fit into 512 characters, commas included. */
function fit(members: readonly Member[]): readonly Member[] {
  const kept = [...members];
  let length = kept.reduce((sum, member) => sum + textOf(member).length + 1, -1);
  const drop = (index: number): void => {
    for (const member of kept.splice(index, 1)) length -= textOf(member).length + 1;
  };
  for (let i = kept.length - 1; i >= 0 && length > MAX_LENGTH; i -= 1) {
    if (textOf(kept[i] as Member).length > LONG_MEMBER) drop(i);
  }
  while (length > MAX_LENGTH) drop(kept.length - 1);
  return kept;
}
