import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';

const CHILD = fileURLToPath(new URL('../../storage-children/contend.ts', import.meta.url));

export const TTL_MS = 1_200;
/** Longest that a case waits for what has to happen, on a busy machine too. */
const SOON = { timeout: 40_000, interval: 20 };

interface Line {
  readonly owner: string;
  readonly name?: string;
  readonly token?: number;
  readonly said: 'ready' | 'held' | 'lost' | 'over' | 'held on' | 'releases';
  /** On the clock that all processes of the machine share. */
  readonly atMs?: number;
}

/** A process that takes part in leases. */
export class Contender {
  readonly owner: string;
  readonly #lines: Line[];
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(owner: string, lines: Line[], args: readonly string[]) {
    this.owner = owner;
    this.#lines = lines;
    this.#child = spawn(process.execPath, [CHILD, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      lines.push(JSON.parse(line) as Line);
    });
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get isReady(): boolean {
    return this.#lines.some(({ owner, said }) => owner === this.owner && said === 'ready');
  }

  tell(command: string): void {
    this.#child.stdin.write(`${command}\n`);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Processes that contend for leases on one server, and what they said. */
export class Contenders implements AsyncDisposable {
  readonly #server: readonly [kind: 'redis' | 'postgres', url: string];
  readonly #lines: Line[] = [];
  readonly #all: Contender[] = [];
  #names = 0;

  constructor(kind: 'redis' | 'postgres', url: string) {
    this.#server = [kind, url];
  }

  /** Two of them that contend for a lease of a new name; one holds it. */
  async contend(): Promise<Contest> {
    while (this.#alive.length < 2) {
      const owner = `owner-${this.#all.length}`;
      this.#all.push(new Contender(owner, this.#lines, [...this.#server, owner, String(TTL_MS)]));
    }
    const members = this.#alive;
    await vi.waitFor(() => expect(members.every(({ isReady }) => isReady)).toBe(true), SOON);
    const contest = new Contest(`lease-${this.#names++}`, members, this.#lines);
    for (const member of members) member.tell(`join ${contest.name}`);
    await contest.holder();
    return contest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#all) one.kill('SIGKILL');
    await vi.waitFor(() => expect(this.#alive).toEqual([]), SOON);
  }

  get #alive(): Contender[] {
    return this.#all.filter(({ isAlive }) => isAlive);
  }
}

/** One lease, and who says what about it. */
export class Contest {
  readonly name: string;
  readonly #members: readonly Contender[];
  readonly #all: readonly Line[];

  constructor(name: string, members: readonly Contender[], lines: readonly Line[]) {
    this.name = name;
    this.#members = members;
    this.#all = lines;
  }

  get lines(): readonly Line[] {
    return this.#all.filter(({ name }) => name === this.name);
  }

  /** Waits until one holds it whose token is greater than that; when it was first seen to. */
  async holder(after = 0): Promise<{ member: Contender; token: number; atMs: number }> {
    return await vi.waitFor(() => {
      const held = this.lines.filter(({ said, token = 0 }) => said === 'held' && token > after);
      const newest = Math.max(...held.map(({ token = 0 }) => token));
      const first = held.find(({ token }) => token === newest);
      const member = this.#members.find(({ owner }) => owner === first?.owner);
      if (first?.atMs === undefined || member === undefined) throw new Error(`nobody holds ${this.name}`);
      return { member, token: newest, atMs: first.atMs };
    }, SOON);
  }

  /** Waits until a member says something of this token or a later one. */
  async said(owner: string, what: readonly Line['said'][], token: number): Promise<Line> {
    return await vi.waitFor(() => {
      const found = this.lines.find(
        (line) => line.owner === owner && what.includes(line.said) && (line.token ?? 0) >= token,
      );
      if (found === undefined) throw new Error(`${owner} has not said ${what.join(' or ')}`);
      return found;
    }, SOON);
  }

  /** The times at which somebody counted itself the holder, one token after the other: they never overlap. */
  expectOneAtATime(): void {
    const times = new Map<number, { fromMs: number; toMs: number }>();
    for (const { said, token = 0, atMs = NaN } of this.lines) {
      if (said !== 'held') continue;
      const { fromMs, toMs } = times.get(token) ?? { fromMs: atMs, toMs: atMs };
      times.set(token, { fromMs: Math.min(fromMs, atMs), toMs: Math.max(toMs, atMs) });
    }
    const inOrder = [...times].sort(([a], [b]) => a - b).map(([, time]) => time);
    expect(inOrder.length).toBeGreaterThan(0);
    inOrder.reduce((before, next) => {
      expect(next.fromMs).toBeGreaterThan(before.toMs);
      return next;
    });
  }
}

/** On the clock that all processes of the machine share. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
