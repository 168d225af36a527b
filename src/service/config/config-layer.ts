import { type ConfigTree, merge, valueAt } from './config-tree.ts';
import type { Schema } from './schema-walk.ts';

/** One place that configuration comes from. */
export interface ConfigLayer {
  readonly tree: ConfigTree;
  /** Where in it a field stands, for people: `file /etc/quotes.json at http.port`. */
  sourceOf(path: readonly PropertyKey[]): string;
}

/** A value that a layer has for a field. */
export interface NamedValue {
  readonly value: unknown;
  readonly source: string;
}

/** Layers on top of each other, weakest first. */
export class ConfigLayers {
  /** All of them as one. */
  readonly merged: unknown;
  readonly #layers: readonly ConfigLayer[];

  constructor(layers: readonly ConfigLayer[], schema: Schema) {
    this.#layers = layers;
    this.merged = layers.reduce<unknown>((below, { tree }) => merge(below, tree, schema), {});
  }

  /** What the layers say of a field, the strongest first; nothing when none does. */
  named(path: readonly PropertyKey[]): readonly NamedValue[] {
    return this.#layers
      .map((layer) => ({ value: valueAt(layer.tree, path), source: layer.sourceOf(path) }))
      .filter(({ value }) => value !== undefined)
      .reverse();
  }

  /** Where the value of a field comes from, or that of the nearest field around it. */
  sourceOf(path: readonly PropertyKey[]): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const [strongest] = this.named(path.slice(0, length));
      if (strongest !== undefined) return strongest.source;
    }
    return undefined;
  }
}
