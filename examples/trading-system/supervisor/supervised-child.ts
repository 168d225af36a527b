import type { Clock } from 'portcullis/core';
import {
  type ChildEvent,
  type ChildSpec,
  type ChildState,
  type ChildStatus,
  EXIT_RESTART,
  type SupervisorRules,
} from './child-spec.ts';
import { readyUrl } from './ready-line.ts';
import type { ChildEnd, Spawn, Spawned } from './spawned.ts';

export interface ChildDeps {
  readonly spawn: Spawn;
  readonly clock: Clock;
  /** Whether a process answers under its URL. */
  readonly isAlive: (url: string, timeoutMs: number) => Promise<boolean>;
  readonly tell: (event: ChildEvent) => void;
  readonly onLine: (child: string, line: string, from: 'stdout' | 'stderr') => void;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** After SIGKILL only a machine that is in trouble keeps a process. */
const GONE_WITHIN_MS = 5_000;

/** One process that is kept running: started again when it ends, given up when it ends too often. */
export class SupervisedChild {
  readonly spec: ChildSpec;
  readonly #rules: SupervisorRules;
  readonly #deps: ChildDeps;
  #state: ChildState = 'stopped';
  #spawned: Spawned | undefined;
  #url: string | undefined;
  #starts = 0;
  #deaths = 0;
  #over = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #waiters: ((isReady: boolean) => void)[] = [];

  constructor(spec: ChildSpec, rules: SupervisorRules, deps: ChildDeps) {
    this.spec = spec;
    this.#rules = rules;
    this.#deps = deps;
  }

  get state(): ChildState {
    return this.#state;
  }

  get url(): string | undefined {
    return this.#url;
  }

  get status(): ChildStatus {
    const { name, role, instance } = this.spec;
    const pid = this.#spawned?.pid;
    return {
      ...{ name, role, instance, state: this.#state },
      ...(pid !== undefined && { pid }),
      ...(this.#url !== undefined && { url: this.#url }),
      ...{ starts: this.#starts, deaths: this.#deaths },
    };
  }

  /** Starts it, and again when it ends, until `stop`. One that was given up gets another chance. */
  start(): void {
    if (this.#state !== 'stopped' && this.#state !== 'given-up') return;
    this.#over = new AbortController();
    this.#state = 'starting';
    this.#running = this.#keep(this.#over.signal);
  }

  /** Resolves with `true` once it is ready, with `false` when it was stopped or given up before. */
  ready(): Promise<boolean> {
    if (this.#state === 'ready') return Promise.resolve(true);
    if (this.#state === 'stopped' || this.#state === 'given-up') return Promise.resolve(false);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Ends it and resolves when it is gone. */
  async stop(): Promise<void> {
    this.#over.abort(new Error('stopped'));
    await this.#running;
    this.#become('stopped');
  }

  async #keep(over: AbortSignal): Promise<void> {
    const { clock, tell, random } = this.#deps;
    const { backoffMs, maxBackoffMs, maxCrashes, crashWindowMs, steadyMs } = this.#rules;
    const child = this.spec.name;
    let crashedAtMs: number[] = [];
    let waitMs = backoffMs;
    let hasAsked = false;
    for (;;) {
      this.#become('starting');
      const { end, ranMs } = await this.#run(over);
      if (over.aborted) return;
      this.#deaths += 1;
      if (ranMs >= steadyMs) [waitMs, hasAsked] = [backoffMs, false];
      // It asks for it, so it is no crash, and once it need not wait; one that asks again and again is in no hurry.
      const isAsking = end.code === EXIT_RESTART;
      const isAtOnce = isAsking && !hasAsked && ranMs >= backoffMs;
      hasAsked ||= isAsking;
      if (isAtOnce) continue;
      const nowMs = clock.monotonicMs();
      crashedAtMs = crashedAtMs.filter((atMs) => nowMs - atMs < crashWindowMs);
      if (!isAsking) crashedAtMs.push(nowMs);
      const crashes = crashedAtMs.length;
      if (crashes >= maxCrashes) {
        tell({ event: 'given-up', child, crashes, withinMs: crashWindowMs });
        this.#become('given-up');
        return;
      }
      this.#become('waiting');
      // Between half and the whole, so that those who died together do not come back together.
      const forMs = Math.round(waitMs * (0.5 + random() / 2));
      waitMs = Math.min(maxBackoffMs, waitMs * 2);
      tell({ event: 'waiting', child, forMs, crashes });
      await clock.sleep(forMs, over).catch(() => undefined);
      if (isAborted(over)) return;
    }
  }

  /** Runs it once, to its end. */
  async #run(over: AbortSignal): Promise<{ readonly end: ChildEnd; readonly ranMs: number }> {
    const { clock, spawn, tell, onLine } = this.#deps;
    const { name: child, args, env = {} } = this.spec;
    const startMs = clock.monotonicMs();
    const isReady = Promise.withResolvers<string | undefined>();
    const gone = new AbortController();
    this.#starts += 1;
    const spawned = spawn({
      ...{ args, env },
      onLine: (line, from) => {
        onLine(child, line, from);
        const ready = from === 'stdout' ? readyUrl(line) : undefined;
        if (ready !== undefined) isReady.resolve(ready.url);
      },
    });
    this.#spawned = spawned;
    const { pid } = spawned;
    if (pid !== undefined) tell({ event: 'started', child, pid, starts: this.#starts });
    void isReady.promise.then((url) => {
      if (gone.signal.aborted || over.aborted || pid === undefined) return;
      this.#url = url;
      tell({ event: 'ready', child, pid, ...(url !== undefined && { url }), tookMs: since(clock, startMs) });
      this.#become('ready');
    });
    const watching = this.#watch(spawned, isReady.promise, gone.signal);
    const onOver = (): void => {
      this.#become('stopping');
      if (pid !== undefined) tell({ event: 'stopping', child });
      spawned.kill('SIGTERM');
    };
    over.addEventListener('abort', onOver, { once: true });
    if (over.aborted) onOver();
    const end = await this.#ended(spawned, over);
    over.removeEventListener('abort', onOver);
    gone.abort(new Error('gone'));
    await watching;
    this.#spawned = undefined;
    this.#url = undefined;
    const ranMs = since(clock, startMs);
    tell({ event: 'ended', child, ...end, asked: over.aborted, ranMs });
    return { end, ranMs };
  }

  /** Its end; after the signal it has a while for it. */
  async #ended(spawned: Spawned, over: AbortSignal): Promise<ChildEnd> {
    const { clock, tell } = this.#deps;
    const { stopTimeoutMs } = this.#rules;
    const late = Promise.withResolvers<ChildEnd>();
    const timers: Disposable[] = [];
    const onOver = (): void => {
      const kill = (): void => {
        tell({ event: 'killed', child: this.spec.name });
        spawned.kill('SIGKILL');
        const stuck = { code: null, signal: null, error: 'still there after SIGKILL' };
        timers.push(
          clock.deadline(GONE_WITHIN_MS, () => {
            late.resolve(stuck);
          }),
        );
      };
      timers.push(clock.deadline(stopTimeoutMs, kill));
    };
    if (over.aborted) onOver();
    else over.addEventListener('abort', onOver, { once: true });
    try {
      return await Promise.race([spawned.ended, late.promise]);
    } finally {
      over.removeEventListener('abort', onOver);
      for (const timer of timers) timer[Symbol.dispose]();
    }
  }

  /** Kills it when it is not ready in time, and when it no longer answers. Until it is gone. */
  async #watch(spawned: Spawned, isReady: Promise<string | undefined>, gone: AbortSignal): Promise<void> {
    const { clock, tell, isAlive } = this.#deps;
    const { readyTimeoutMs, liveEveryMs, liveTimeoutMs, liveFailures } = this.#rules;
    const child = this.spec.name;
    const tooLate = clock.sleep(readyTimeoutMs, gone).then(
      () => 'late' as const,
      () => 'gone' as const,
    );
    const first = await Promise.race([isReady.then((url) => ({ url })), tooLate]);
    if (first === 'gone') return;
    if (first === 'late') {
      tell({ event: 'unresponsive', child, reason: `not ready within ${readyTimeoutMs} ms` });
      spawned.kill('SIGKILL');
      return;
    }
    if (first.url === undefined) return;
    for (let failures = 0; failures < liveFailures;) {
      await clock.sleep(liveEveryMs, gone).catch(() => undefined);
      if (isAborted(gone)) return;
      failures = (await isAlive(first.url, liveTimeoutMs)) ? 0 : failures + 1;
    }
    if (isAborted(gone)) return;
    tell({ event: 'unresponsive', child, reason: `no answer ${liveFailures} times in a row` });
    spawned.kill('SIGKILL');
  }

  #become(state: ChildState): void {
    this.#state = state;
    if (state !== 'ready' && state !== 'stopped' && state !== 'given-up') return;
    for (const tell of this.#waiters.splice(0)) tell(state === 'ready');
  }
}

/** Asked anew after each wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

const since = (clock: Clock, startMs: number): number => Math.round(clock.monotonicMs() - startMs);
