import type { Series } from './series.ts';
import type { SeriesBudget } from './series-budget.ts';

/** Label value under which everything is counted that has no series of its own. */
export const OVERFLOW = '__overflow__';

/** Names of labels with the values they are limited to; `undefined` leaves a label open. */
export type LabelList = readonly (readonly [name: string, values: readonly string[] | undefined])[];

/** How many sets the listed values make for each combination of open ones. */
export const siblingCount = (labels: LabelList): number =>
  labels.reduce((product, [, values]) => product * (values?.length ?? 1), 1);

export interface LabelFaults {
  /** A label was missing, no text, too long or not among its listed values. */
  badLabel(): void;
  /** A cap is reached: the observation goes to the overflow series. */
  dropped(cap: 'metric' | 'total'): void;
}

export interface LabelSetsDeps {
  readonly maxSets: number;
  readonly budget: SeriesBudget;
  readonly faults: LabelFaults;
  /** Makes the series of a new set, at 0. */
  readonly create: (values: readonly string[], counted: boolean) => Series;
}

const MAX_VALUE_LENGTH = 128;

/** Whether text can stand as a label value: 1 to 128 characters that can be written as UTF-8. */
export const isLabelValue = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= MAX_VALUE_LENGTH &&
  // Two halves of different characters would both be written as the replacement character: the same series twice.
  value.isWellFormed();

/** One level for each label, in the order of their names; the series itself at the end. */
type Tree = Map<unknown, Tree | Series>;

/**
 * The label sets of one metric: checks them, creates known ones at 0 and holds their number under the caps.
 *
 * An observation is never lost for its labels: a bad value, and every open value beyond a cap, reads `__overflow__`. So
 * a metric has at most `maxSets` series plus the overflow ones, whose number is bounded by the listed values.
 */
export class LabelSets {
  readonly #names: readonly string[];
  readonly #listed: readonly (readonly string[] | undefined)[];
  readonly #siblings: number;
  readonly #deps: LabelSetsDeps;
  readonly #root: Tree | Series;
  #count = 0;

  constructor(labels: LabelList, deps: LabelSetsDeps) {
    this.#names = labels.map(([name]) => name);
    this.#listed = labels.map(([, values]) => values);
    this.#siblings = siblingCount(labels);
    this.#deps = deps;
    this.#root = labels.length === 0 ? deps.create([], true) : new Map<unknown, Tree | Series>();
    if (this.#listed.includes(undefined)) return;
    deps.budget.add(this.#siblings);
    this.#count = this.#siblings;
    if (labels.length > 0) this.#addSiblings([]);
  }

  /** The series to record under. */
  of(given: object): Series {
    const labels = given as Readonly<Record<string, unknown>>;
    let node: Tree | Series | undefined = this.#root;
    for (const name of this.#names) {
      node = (node as Tree).get(labels[name]);
      if (node === undefined) return this.#admit(labels);
    }
    return node as Series;
  }

  /** The series that belongs to these labels alone; `undefined` where `of` would give an overflow series. */
  own(given: object): Series | undefined {
    const labels = given as Readonly<Record<string, unknown>>;
    const values = this.#checked(labels);
    if (values.includes(OVERFLOW)) return undefined;
    if (this.#find(values) === undefined && this.#take(this.#siblings) !== undefined) return undefined;
    return this.#find(values) ?? this.#addSiblings(values, values);
  }

  /** Makes the sets of these open values known, so that they start at 0. */
  expect(open: object): void {
    const listed = this.#names.map((name, at) => [name, this.#listed[at]?.[0]] as const);
    this.of({ ...Object.fromEntries(listed.filter(([, value]) => value !== undefined)), ...open });
  }

  /** Takes out all sets that have these open values; none unless at least one is given. */
  remove(open: object): readonly Series[] {
    const given = open as Readonly<Record<string, unknown>>;
    const wanted = this.#names.map((name, at) => (this.#listed[at] === undefined ? given[name] : undefined));
    if (wanted.every((value) => value === undefined)) return [];
    const removed: Series[] = [];
    prune(this.#root as Tree, wanted, removed);
    const counted = removed.filter((series) => series.counted).length;
    this.#count -= counted;
    this.#deps.budget.give(counted);
    return removed;
  }

  #admit(given: Readonly<Record<string, unknown>>): Series {
    const values = this.#checked(given);
    const bad = values.includes(OVERFLOW);
    if (bad) this.#deps.faults.badLabel();

    const known = this.#find(values);
    if (known !== undefined) return known;
    const reached = this.#take(bad ? 1 : this.#siblings);
    if (reached !== undefined) {
      this.#deps.faults.dropped(reached);
      const folded = values.map((value, at) => (this.#listed[at] === undefined ? OVERFLOW : value));
      return this.#find(folded) ?? this.#add(folded, false);
    }
    return bad ? this.#add(values, true) : this.#addSiblings(values, values);
  }

  #checked(given: Readonly<Record<string, unknown>>): readonly string[] {
    return this.#names.map((name, at) => {
      const [value, listed] = [given[name], this.#listed[at]];
      const good = isLabelValue(value) && (listed === undefined || listed.includes(value));
      return good ? value : OVERFLOW;
    });
  }

  /** Counts new sets; the cap that has no room for them otherwise. */
  #take(sets: number): 'metric' | 'total' | undefined {
    if (!(this.#count + sets <= this.#deps.maxSets)) return 'metric';
    if (!this.#deps.budget.take(sets)) return 'total';
    this.#count += sets;
    return undefined;
  }

  /** Adds every combination of the listed values with these open ones; gives the one that is `wanted`. */
  #addSiblings(open: readonly string[], wanted?: readonly string[]): Series {
    let combinations: string[][] = [[]];
    for (const [at, listed] of this.#listed.entries()) {
      const values = listed ?? [open[at] ?? OVERFLOW];
      combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
    }
    const added = combinations.map((values) => this.#add(values, true));
    const found = wanted === undefined ? added[0] : this.#find(wanted);
    return found as Series;
  }

  #find(values: readonly string[]): Series | undefined {
    let node: Tree | Series | undefined = this.#root;
    for (const value of values) node = (node as Tree | undefined)?.get(value);
    return node as Series | undefined;
  }

  #add(values: readonly string[], counted: boolean): Series {
    const series = this.#deps.create(values, counted);
    let node = this.#root as Tree;
    for (const value of values.slice(0, -1)) {
      const next = (node.get(value) as Tree | undefined) ?? new Map<unknown, Tree | Series>();
      node.set(value, next);
      node = next;
    }
    node.set(values.at(-1), series);
    return series;
  }
}

/** Takes out of the tree what has the wanted value at each level that names one. */
function prune(node: Tree, [wanted, ...deeper]: readonly unknown[], removed: Series[]): void {
  for (const [value, next] of node) {
    if (wanted !== undefined && value !== wanted) continue;
    if (next instanceof Map) {
      prune(next, deeper, removed);
      if (next.size > 0) continue;
    } else {
      removed.push(next);
    }
    node.delete(value);
  }
}
