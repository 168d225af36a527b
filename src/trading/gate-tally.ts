import { PortcullisError } from '../core/errors.ts';
import type { Denial, DenialCode } from './denial.ts';

/** How often one gate decided what. */
export interface GateCount {
  readonly gate: string;
  /** Times it was asked. An order that was reduced asks again, and so do limits that are being tightened. */
  readonly checked: number;
  readonly denied: number;
  readonly reduced: number;
  /** Denials by code, the most frequent first. */
  readonly reasons: readonly { readonly code: DenialCode; readonly count: number }[];
}

/**
 * Counts the verdicts of an engine's gates, by name. Gates may be added later; what was counted under a name stays, also
 * while no gate of that name is asked.
 */
export class GateTally {
  readonly #gates: string[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #checked: number[] = [];
  readonly #denied: number[] = [];
  readonly #reduced: number[] = [];
  readonly #reasons: Map<DenialCode, number>[] = [];

  /** @throws {PortcullisError} `OPTION_INVALID` unless the gates have distinct names */
  constructor(gates: readonly string[]) {
    if (new Set(gates).size !== gates.length) throw badNames('distinct names', gates);
    this.slots(gates);
  }

  /**
   * The index of each name, for the calls below; those that are new are added. A name that comes twice, as that of a gate
   * of two sets of limits, is one. The names given at construction have the indexes of their places there.
   *
   * @throws {PortcullisError} `OPTION_INVALID` for an empty name; then nothing is added
   */
  slots(names: readonly string[]): readonly number[] {
    if (names.includes('')) throw badNames('names', names);
    return names.map((gate) => this.#indexOf.get(gate) ?? this.#added(gate));
  }

  /** @param index as `slots` gave it, here and below; any other counts nothing */
  checked(index: number): void {
    countAt(this.#checked, index);
  }

  /** All of them, once each. */
  checkedAll(indexes: readonly number[]): void {
    for (const index of indexes) countAt(this.#checked, index);
  }

  denied(index: number, { code }: Denial): void {
    countAt(this.#denied, index);
    const reasons = this.#reasons[index];
    reasons?.set(code, (reasons.get(code) ?? 0) + 1);
  }

  reduced(index: number): void {
    countAt(this.#reduced, index);
  }

  /** In the order in which the names were added. */
  counts(): readonly GateCount[] {
    return this.#gates.map((gate, index) => ({
      gate,
      checked: this.#checked[index] ?? 0,
      denied: this.#denied[index] ?? 0,
      reduced: this.#reduced[index] ?? 0,
      reasons: [...(this.#reasons[index] ?? [])]
        .map(([code, count]) => ({ code, count }))
        .sort((a, b) => b.count - a.count || a.code.localeCompare(b.code)),
    }));
  }

  #added(gate: string): number {
    this.#indexOf.set(gate, this.#gates.length);
    this.#checked.push(0);
    this.#denied.push(0);
    this.#reduced.push(0);
    this.#reasons.push(new Map());
    return this.#gates.push(gate) - 1;
  }
}

function countAt(counts: number[], index: number): void {
  const count = counts[index];
  if (count !== undefined) counts[index] = count + 1;
}

const badNames = (expected: string, names: readonly string[]): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `gates: expected ${expected}, got ${JSON.stringify(names)}`);
