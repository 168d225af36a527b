import type { Clock } from '../../core/clock.ts';
import type { Collectors } from './collectors.ts';
import type { Exemplars } from './exemplars.ts';
import { render } from './exposition.ts';
import type { Family } from './family.ts';
import type { ForeignSource } from './foreign-source.ts';
import type { ObservationFaults } from './observation-faults.ts';
import type { ExpositionFormat } from './text-format.ts';

export interface ExpositionOptions {
  /** Default: `text`. */
  readonly format?: ExpositionFormat;
  /** Whether the metrics of the process come along, if the registry has them. Default: true. */
  readonly process?: boolean;
}

interface ScrapeDeps {
  readonly clock: Clock;
  readonly faults: ObservationFaults;
  readonly exemplars: Exemplars;
  readonly collectors: Collectors;
  readonly own: () => readonly (Family & { readonly size: number })[];
  readonly registry: ForeignSource | undefined;
  readonly process: ForeignSource | undefined;
}

/** Puts an exposition together: collectors first, then our metrics, the caller's and those of the process. */
export class Scrape {
  readonly #deps: ScrapeDeps;
  readonly #running = new Map<string, Promise<string>>();

  constructor(deps: ScrapeDeps) {
    this.#deps = deps;
  }

  /** Joins a scrape of the same kind that is under way. */
  run({ format = 'text', process = true }: ExpositionOptions): Promise<string> {
    const key = `${format} ${process}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#expose(format, process).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async #expose(format: ExpositionFormat, process: boolean): Promise<string> {
    const { clock, faults, exemplars, collectors, registry } = this.#deps;
    await collectors.run();
    const foreign = (await registry?.families()) ?? [];
    const ofProcess = (process ? await this.#deps.process?.families() : undefined) ?? [];
    const own = this.#deps.own();
    for (const { name, size } of own) faults.showSize(name, size);
    const families = new Map<string, Family>();
    for (const family of [...faults.families, ...own, ...foreign, ...ofProcess]) {
      // A name that came into a foreign registry after ours: the scraper would refuse the whole text.
      if (families.has(family.name)) faults.collectorFailed();
      else families.set(family.name, family);
    }
    const text = await render(families.values(), format, clock);
    if (format === 'openmetrics') exemplars.shown();
    return text;
  }
}
