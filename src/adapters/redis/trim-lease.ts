import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { RENEW } from './partition-scripts.ts';
import type { RedisLink } from './redis-link.ts';
import { SmallScript } from './small-script.ts';

/** KEYS lease; ARGV token, leaseMs. 1 if nobody had it. */
const TAKE = new SmallScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

export interface TrimLeaseDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly clock: Clock;
}

/** While it is at work: how long after its last word a process has to be taken for dead. */
const LEASE_MS = 5000;

/** The right of one process to trim a partition, renewed while it is at work. */
export class TrimLease {
  /** What the server has for as long as it is ours. */
  readonly token: string;
  readonly #key: string;
  readonly #deps: TrimLeaseDeps;
  readonly #renewing: Disposable;

  private constructor(key: string, token: string, deps: TrimLeaseDeps) {
    this.token = token;
    this.#key = key;
    this.#deps = deps;
    this.#renewing = deps.clock.every(LEASE_MS / 3, () => void this.#expireIn(LEASE_MS));
  }

  /** `undefined` where another process has it. Rejects as a command does. */
  static async take(key: string, deps: TrimLeaseDeps): Promise<TrimLease | undefined> {
    const token = randomBytes(8).toString('hex');
    if ((await TAKE.run(deps.link, [key], [token, LEASE_MS])) !== 1) return undefined;
    return new TrimLease(key, token, deps);
  }

  /** It is done: nobody has to do it again for `pauseMs`. */
  async end(pauseMs: number): Promise<void> {
    this.#renewing[Symbol.dispose]();
    await this.#expireIn(pauseMs);
  }

  /** Where that fails it expires by itself, and the scripts look whether it is ours still. */
  async #expireIn(ms: number): Promise<void> {
    await RENEW.run(this.#deps.link, [this.#key], [this.token, ms]).catch(() => undefined);
  }
}
