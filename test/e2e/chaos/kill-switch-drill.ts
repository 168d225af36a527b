import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.ts';
import type { ClusterProcess } from './cluster-process.ts';
import { TOKENS } from './system-config.ts';

/** From the answer to a trip to the request for its release, wall time. */
export interface TripWindow {
  readonly during: string;
  readonly acknowledgedMs: number;
  /** Missing for the one that stays. */
  releasedMs?: number;
}

const AGAIN_MS = 200;
const FIRM = { kind: 'firm' };

/** An operator at the risk service. */
export class KillSwitchDrill {
  readonly windows: TripWindow[] = [];
  readonly #cluster: ClusterProcess;

  constructor(cluster: ClusterProcess) {
    this.#cluster = cluster;
  }

  async trip(during: string): Promise<TripWindow> {
    await this.#until(() => this.#post('trip', TOKENS.client, { to: 'halted', reason: `chaos: ${during}` }));
    const window = { during, acknowledgedMs: Date.now() };
    this.windows.push(window);
    return window;
  }

  /** By a person. */
  async release(window: TripWindow): Promise<void> {
    window.releasedMs = Date.now();
    await this.releaseAny();
  }

  /** By a person, whatever the system has tripped by itself. */
  async releaseAny(): Promise<void> {
    await this.#until(async () => {
      const order = { scope: FIRM, confirm: 'firm', reason: 'chaos: over' };
      await this.#post('release', TOKENS.person, order).catch(() => undefined); // what it came to is asked for
      const { records } = await ask<{ records: object[] }>(`${await this.#risk()}/kill-switch`);
      if (records.length > 0) throw new Error('still tripped');
    });
  }

  async #post(what: 'trip' | 'release', token: string, body: object): Promise<void> {
    await ask(`${await this.#risk()}/kill-switch/${what}`, { body, token });
  }

  async #risk(): Promise<string> {
    const url = (await this.#cluster.child('risk'))?.url;
    if (url === undefined) throw new Error('the risk service is not there');
    return url;
  }

  async #until(act: () => Promise<void>): Promise<void> {
    const untilMs = performance.now() + 60_000;
    for (;;) {
      try {
        await act();
        return;
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await sleep(AGAIN_MS);
      }
    }
  }
}
