import type { PublishLane } from './publish-lane.ts';

/** What the server refuses: everything for now, or the events of one partition for a reason of its own. */
export class PublishRefusals {
  #all: string | undefined;
  readonly #lanes = new Map<PublishLane, string>();

  /** It takes nothing although it is connected. */
  get ofAll(): boolean {
    return this.#all !== undefined;
  }

  get ofSome(): boolean {
    return this.#lanes.size > 0;
  }

  get reason(): string | undefined {
    if (this.#all !== undefined || this.#lanes.size === 0) return this.#all;
    return [...this.#lanes].map(([{ topic, partition }, why]) => `${topic} ${partition}: ${why}`).join('; ');
  }

  has(lane: PublishLane): boolean {
    return this.#lanes.has(lane);
  }

  refuseAll(why: string): void {
    this.#all = why;
  }

  refuse(lane: PublishLane, why: string): void {
    this.#lanes.set(lane, why);
  }

  /** It took events of this one; whether it refused them before. */
  accepted(lane: PublishLane): boolean {
    this.#all = undefined;
    return this.#lanes.size > 0 && this.#lanes.delete(lane);
  }
}
