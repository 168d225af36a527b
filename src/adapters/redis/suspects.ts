import { orderingKey } from '../../events/index.ts';
import type { PartitionWork, RedisDelivery } from './partition-work.ts';

export interface SuspectsOptions {
  /** How many of them may be tried at once. */
  readonly atOnce: number;
  readonly maxAttempts: number;
}

/**
 * Events that were under way when a process died: any of them may be why. Each is put on record as tried before it is, and the next
 * one follows when that attempt has ended and is acknowledged: an event that kills its process uses up its own attempts, and not
 * those of the events around it.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  readonly #work: PartitionWork;
  /** The last of each key that is not through. */
  readonly #ofKey = new Map<string, RedisDelivery>();
  #tried = 0;
  #onEnd: (() => void) | undefined;

  constructor(options: SuspectsOptions, work: PartitionWork) {
    this.#options = options;
    this.#work = work;
  }

  /**
   * Waits until the event may be offered; `false` when it should not be, since `isOver`. Rejects as a command does.
   *
   * @param count how often it was given before
   */
  async admit(delivery: RedisDelivery, count: number, isOver: () => boolean): Promise<boolean> {
    const key = orderingKey(delivery.event);
    const { attempts, streamId } = delivery;
    const { atOnce, maxAttempts } = this.#options;
    // Behind another one of its key it does not begin now, and with all attempts used up it never does.
    if (count > 0 && attempts < maxAttempts && this.#ofKey.get(key)?.isOpen !== true) {
      while (this.#tried >= atOnce && !isOver()) await this.#ended();
      await this.#work.acks.flush();
      if (isOver()) return false;
      await this.#work.countAttempts([[streamId, Math.max(2, attempts + 1)]]);
      if (isOver()) return false;
      this.#tried++;
      delivery.onAttempted = () => {
        this.#tried--;
        this.look();
      };
    }
    this.#ofKey.set(key, delivery);
    return true;
  }

  /** All of them were offered. */
  forget(): void {
    this.#ofKey.clear();
  }

  /** An attempt has ended, or `isOver` may have changed. */
  look(): void {
    this.#onEnd?.();
  }

  async #ended(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
    });
    this.#onEnd = undefined;
  }
}
