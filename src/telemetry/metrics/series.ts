/** An observation that can be traced: what OpenMetrics shows behind a sample. */
export interface StoredExemplar {
  /** `trace_id="...",span_id="..."` */
  readonly labels: string;
  readonly value: number;
  /** Unix time. */
  readonly seconds: number;
  /** The scrape after which it was taken. */
  readonly scrape: number;
}

/** One label set of a metric, and where its numbers stand. */
export class Series {
  /** False once removed: its row belongs to others then, and who holds on to it has to look for a new one. */
  live = true;
  exemplars: (StoredExemplar | undefined)[] | undefined;
  readonly values: readonly string[];
  /** The labels as they are exposed; `open` and `close` are what stands around them on the way to the value. */
  readonly text: string;
  readonly open: string;
  readonly close: string;
  /** Whether it counts towards the caps. */
  readonly counted: boolean;
  readonly chunk: number;
  readonly block: Float64Array;
  /** Its first number in the block. */
  readonly at: number;

  constructor(values: readonly string[], text: string, counted: boolean, row: Row) {
    this.values = values;
    this.text = text;
    this.open = text === '' ? '' : '{';
    this.close = text === '' ? ' ' : '} ';
    this.counted = counted;
    this.chunk = row.chunk;
    this.block = row.block;
    this.at = row.at;
  }
}

/** Room for the numbers of one series: `width` of them in `block`, from `at` on. */
export interface Row {
  readonly chunk: number;
  readonly block: Float64Array;
  readonly at: number;
}

const FIRST_ROWS = 4;
const MOST_ROWS = 1024;

/** Rows of `width` numbers in chunks that never move, so that a handle can keep its place. */
export class Rows {
  readonly #width: number;
  readonly #chunks: Float64Array[] = [];
  readonly #free: Row[] = [];
  #used = 0;
  #room = 0;

  constructor(width: number) {
    this.#width = width;
  }

  /** A row of zeros. */
  take(): Row {
    const freed = this.#free.pop();
    if (freed !== undefined) {
      freed.block.fill(0, freed.at, freed.at + this.#width);
      return freed;
    }
    let block = this.#chunks.at(-1);
    if (block === undefined || this.#used === this.#room) {
      this.#room = this.#room === 0 ? FIRST_ROWS : Math.min(this.#room * 2, MOST_ROWS);
      this.#used = 0;
      block = new Float64Array(this.#room * this.#width);
      this.#chunks.push(block);
    }
    const at = this.#used * this.#width;
    this.#used += 1;
    return { chunk: this.#chunks.length - 1, block, at };
  }

  give(row: Row): void {
    this.#free.push({ chunk: row.chunk, block: row.block, at: row.at });
  }

  /** All numbers as they are now. */
  copy(): readonly Float64Array[] {
    return this.#chunks.map((chunk) => chunk.slice());
  }
}
