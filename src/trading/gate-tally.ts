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

interface Slot {
  readonly gate: string;
  checked: number;
  denied: number;
  reduced: number;
  readonly reasons: Map<DenialCode, number>;
}

/**
 * Counts the verdicts of an engine's gates, by name. Gates may be added later; what was counted under a name stays, also
 * while no gate of that name is asked.
 */
export class GateTally {
  readonly #slots: Slot[] = [];
  readonly #indexOf = new Map<string, number>();

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
    const slot = this.#slots[index];
    if (slot !== undefined) slot.checked += 1;
  }

  denied(index: number, { code }: Denial): void {
    const slot = this.#slots[index];
    if (slot === undefined) return;
    slot.denied += 1;
    slot.reasons.set(code, (slot.reasons.get(code) ?? 0) + 1);
  }

  reduced(index: number): void {
    const slot = this.#slots[index];
    if (slot !== undefined) slot.reduced += 1;
  }

  /** In the order in which the names were added. */
  counts(): readonly GateCount[] {
    return this.#slots.map(({ gate, checked, denied, reduced, reasons }) => ({
      gate,
      checked,
      denied,
      reduced,
      reasons: [...reasons]
        .map(([code, count]) => ({ code, count }))
        .sort((a, b) => b.count - a.count || a.code.localeCompare(b.code)),
    }));
  }

  #added(gate: string): number {
    const index = this.#slots.length;
    this.#slots.push({ gate, checked: 0, denied: 0, reduced: 0, reasons: new Map() });
    this.#indexOf.set(gate, index);
    return index;
  }
}

const badNames = (expected: string, names: readonly string[]): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `gates: expected ${expected}, got ${JSON.stringify(names)}`);
