import { PortcullisError } from '../core/errors.ts';
import type { Denial, DenialCode } from './denial.ts';

/** How often one gate decided what. */
export interface GateCount {
  readonly gate: string;
  /** Times it was asked. An order that was reduced asks again. */
  readonly checked: number;
  readonly denied: number;
  readonly reduced: number;
  /** Denials by code, the most frequent first. */
  readonly reasons: readonly { readonly code: DenialCode; readonly count: number }[];
}

/** Counts the verdicts of an engine's gates. */
export class GateTally {
  readonly #gates: readonly string[];
  readonly #checked: number[];
  readonly #denied: number[];
  readonly #reduced: number[];
  readonly #reasons = new Map<string, Map<DenialCode, number>>();

  /** @throws {PortcullisError} `OPTION_INVALID` unless the gates have distinct names */
  constructor(gates: readonly string[]) {
    if (new Set(gates).size !== gates.length || gates.includes('')) {
      throw new PortcullisError('OPTION_INVALID', `gates: expected distinct names, got ${gates.join(', ')}`);
    }
    this.#gates = gates;
    this.#checked = gates.map(() => 0);
    this.#denied = gates.map(() => 0);
    this.#reduced = gates.map(() => 0);
  }

  /** @param index of the gate in the list given at construction, here and below */
  checked(index: number): void {
    this.#checked[index] = (this.#checked[index] ?? 0) + 1;
  }

  denied(index: number, { gate, code }: Denial): void {
    this.#denied[index] = (this.#denied[index] ?? 0) + 1;
    const codes = this.#reasons.get(gate) ?? new Map<DenialCode, number>();
    codes.set(code, (codes.get(code) ?? 0) + 1);
    this.#reasons.set(gate, codes);
  }

  reduced(index: number): void {
    this.#reduced[index] = (this.#reduced[index] ?? 0) + 1;
  }

  counts(): readonly GateCount[] {
    return this.#gates.map((gate, index) => ({
      gate,
      checked: this.#checked[index] ?? 0,
      denied: this.#denied[index] ?? 0,
      reduced: this.#reduced[index] ?? 0,
      reasons: [...(this.#reasons.get(gate) ?? [])]
        .map(([code, count]) => ({ code, count }))
        .sort((a, b) => b.count - a.count || a.code.localeCompare(b.code)),
    }));
  }
}
