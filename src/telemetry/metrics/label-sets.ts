/** Label value under which everything is counted that has no series of its own. */
const OVERFLOW = '__overflow__';

export type Labels = Readonly<Record<string, string>>;

/** Names of labels with the values they are limited to; `undefined` leaves a label open. */
export type LabelList = readonly (readonly [name: string, values: readonly string[] | undefined])[];

/** How many sets the listed values make for each combination of open ones. */
export const siblingCount = (labels: LabelList): number =>
  labels.reduce((product, [, values]) => product * (values?.length ?? 1), 1);

export interface LabelSetsDeps {
  /** Called once for each new set, so that its series starts at 0. */
  readonly onNew: (labels: Labels) => void;
  /** A label was missing, no text, too long or not among its listed values. */
  readonly onBadLabel: () => void;
  /** The cap is reached: the observation goes to the overflow series. */
  readonly onDropped: () => void;
}

const MAX_VALUE_LENGTH = 128;

/** One level for each label, in the order of their names; the set itself at the end. */
type Tree = Map<unknown, Tree | Labels>;

/**
 * The label sets of one metric: checks them, creates known ones at 0 and holds their number under a cap.
 *
 * An observation is never lost for its labels: a bad value, and every open value beyond the cap, reads `__overflow__`. So
 * a metric has at most `maxSets` series plus the overflow ones, whose number is bounded by the listed values.
 */
export class LabelSets {
  readonly #names: readonly string[];
  readonly #listed: readonly (readonly string[] | undefined)[];
  readonly #siblings: number;
  readonly #maxSets: number;
  readonly #deps: LabelSetsDeps;
  readonly #root: Tree | Labels;
  #count = 0;

  constructor(labels: LabelList, maxSets: number, deps: LabelSetsDeps) {
    this.#names = labels.map(([name]) => name);
    this.#listed = labels.map(([, values]) => values);
    this.#siblings = siblingCount(labels);
    this.#maxSets = maxSets;
    this.#deps = deps;
    this.#root = labels.length === 0 ? {} : new Map<unknown, Tree | Labels>();
    if (labels.length > 0 && this.#listed.every((values) => values !== undefined)) this.#addSiblings([]);
  }

  /** The set to record under. */
  of(given: object): Labels {
    const labels = given as Readonly<Record<string, unknown>>;
    let node: Tree | Labels | undefined = this.#root;
    for (const name of this.#names) {
      node = (node as Tree).get(labels[name]);
      if (node === undefined) return this.#admit(labels);
    }
    return node as Labels;
  }

  /** Makes the sets of these open values known, so that they start at 0. */
  expect(open: object): void {
    const listed = this.#names.map((name, at) => [name, this.#listed[at]?.[0]] as const);
    this.of({ ...Object.fromEntries(listed.filter(([, value]) => value !== undefined)), ...open });
  }

  #admit(given: Readonly<Record<string, unknown>>): Labels {
    const values = this.#names.map((name, at) => {
      const value = given[name];
      return this.#isGood(value, this.#listed[at]) ? value : OVERFLOW;
    });
    const bad = values.includes(OVERFLOW);
    if (bad) this.#deps.onBadLabel();

    const known = this.#find(values);
    if (known !== undefined) return known;
    if (this.#count + (bad ? 1 : this.#siblings) > this.#maxSets) {
      this.#deps.onDropped();
      const folded = values.map((value, at) => (this.#listed[at] === undefined ? OVERFLOW : value));
      return this.#find(folded) ?? this.#add(folded);
    }
    if (bad) {
      this.#count += 1;
      return this.#add(values);
    }
    this.#addSiblings(values);
    return this.of(given);
  }

  #isGood(value: unknown, listed: readonly string[] | undefined): value is string {
    if (typeof value !== 'string') return false;
    if (listed !== undefined) return listed.includes(value);
    if (value.length === 0 || value.length > MAX_VALUE_LENGTH) return false;
    // prom-client tells series apart by the text "name:value,": a value must not imitate the label that follows it.
    return !this.#names.some((name) => value.includes(`,${name}:`));
  }

  /** Adds every combination of the listed values with these open ones. */
  #addSiblings(open: readonly string[]): void {
    let combinations: string[][] = [[]];
    for (const [at, listed] of this.#listed.entries()) {
      const values = listed ?? [open[at] ?? OVERFLOW];
      combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
    }
    for (const values of combinations) this.#add(values);
    this.#count += combinations.length;
  }

  #find(values: readonly string[]): Labels | undefined {
    let node: Tree | Labels | undefined = this.#root;
    for (const value of values) node = (node as Tree | undefined)?.get(value);
    return node as Labels | undefined;
  }

  #add(values: readonly string[]): Labels {
    const labels: Labels = Object.fromEntries(this.#names.map((name, at) => [name, values[at] ?? OVERFLOW]));
    let node = this.#root as Tree;
    for (const value of values.slice(0, -1)) {
      const next = (node.get(value) as Tree | undefined) ?? new Map<unknown, Tree | Labels>();
      node.set(value, next);
      node = next;
    }
    node.set(values.at(-1), labels);
    this.#deps.onNew(labels);
    return labels;
  }
}
