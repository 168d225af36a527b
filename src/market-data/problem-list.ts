import type { DataProblem, DataProblemCode } from '../trading/market-view.ts';

/** How often each problem began. */
export type ProblemCounts = Readonly<Record<DataProblemCode, number>>;

export type ProblemFacts = Omit<DataProblem, 'code' | 'instrumentId'>;

const NONE: readonly DataProblem[] = [];

/** The problems an instrument has now: some last until they are cleared, some belong to one event. */
export class ProblemList {
  readonly #instrumentId: string;
  readonly #counts = {
    NO_BOOK: 0,
    SIDE_EMPTY: 0,
    CROSSED: 0,
    SEQUENCE_GAP: 0,
    PRICE_JUMP: 0,
    STALE: 0,
    CLOCK_OFFSET: 0,
    DUPLICATE: 0,
    OUT_OF_ORDER: 0,
    MALFORMED: 0,
    SOURCE_DEVIATION: 0,
  } satisfies ProblemCounts;
  #lasting: readonly DataProblem[] = NONE;
  #passing: readonly DataProblem[] = NONE;
  #current: readonly DataProblem[] = NONE;

  constructor(instrumentId: string) {
    this.#instrumentId = instrumentId;
  }

  /** The same array as long as nothing changes. */
  get current(): readonly DataProblem[] {
    return this.#current;
  }

  get counts(): ProblemCounts {
    return { ...this.#counts };
  }

  /** Whether a lasting problem other than `code` blocks. */
  blockedBesides(code: DataProblemCode): boolean {
    for (const problem of this.#lasting) if (problem.blocking && problem.code !== code) return true;
    return false;
  }

  /** Begins a lasting problem. While it lasts nothing changes, unless it begins or ceases to block. */
  raise(code: DataProblemCode, facts: ProblemFacts): void {
    const held = this.#find(code);
    if (held?.blocking === facts.blocking) return;
    this.#lasting = [...this.#lasting.filter((problem) => problem !== held), this.#problem(code, facts)];
    this.#changed();
  }

  /** Ends a lasting problem. */
  clear(code: DataProblemCode): void {
    const held = this.#find(code);
    if (held === undefined) return;
    this.#lasting = this.#lasting.filter((problem) => problem !== held);
    this.#changed();
  }

  /** Adds a problem of this event alone. */
  note(code: DataProblemCode, facts: ProblemFacts): void {
    this.#passing = [...this.#passing, this.#problem(code, facts)];
    this.#changed();
  }

  /** Forgets the problems of the event before. */
  nextEvent(): void {
    if (this.#passing === NONE) return;
    this.#passing = NONE;
    this.#changed();
  }

  #find(code: DataProblemCode): DataProblem | undefined {
    for (const problem of this.#lasting) if (problem.code === code) return problem;
    return undefined;
  }

  #problem(code: DataProblemCode, facts: ProblemFacts): DataProblem {
    this.#counts[code] += 1;
    return { code, instrumentId: this.#instrumentId, ...facts };
  }

  #changed(): void {
    this.#current = [...this.#lasting, ...this.#passing];
  }
}
