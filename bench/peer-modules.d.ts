/*
 * What the suites use of peers that are installed for the bench alone: types can be checked before they are. opossum has
 * none of its own.
 */

declare module 'opossum' {
  interface Options {
    timeout?: number | false;
    resetTimeout?: number;
    errorThresholdPercentage?: number;
    volumeThreshold?: number;
    rollingCountTimeout?: number;
    rollingPercentilesEnabled?: boolean;
    enableSnapshots?: boolean;
  }

  export default class CircuitBreaker<A extends unknown[], R> {
    constructor(action: (...args: A) => Promise<R>, options?: Options);
    readonly opened: boolean;
    readonly closed: boolean;
    fire(...args: A): Promise<R>;
    open(): void;
    shutdown(): void;
  }
}

declare module 'cockatiel' {
  interface Breaker {
    readonly state: unknown;
  }

  export class SamplingBreaker implements Breaker {
    constructor(options: { threshold: number; duration: number; minimumRps?: number });
    readonly state: unknown;
  }

  export enum CircuitState {
    Closed,
    Open,
    HalfOpen,
    Isolated,
  }

  export interface CircuitBreakerPolicy {
    readonly state: CircuitState;
    execute<T>(task: () => Promise<T>): Promise<T>;
  }

  export const handleAll: unique symbol;

  export function circuitBreaker(
    policy: typeof handleAll,
    options: { halfOpenAfter: number; breaker: Breaker },
  ): CircuitBreakerPolicy;
}

declare module 'got' {
  import type { Agent } from 'node:http';

  interface Options {
    agent?: { http: Agent };
    retry?: { limit: number };
    followRedirect?: boolean;
    timeout?: { request: number };
    responseType?: 'json';
  }

  interface Got {
    (url: string): Promise<{ readonly statusCode: number; readonly body: unknown }>;
    extend(options: Options): Got;
  }

  const got: Got;
  export default got;
}

declare module 'bullmq' {
  interface Connection {
    readonly host: string;
    readonly port: number;
    /** `null`: tries for ever, which a worker has to. */
    readonly maxRetriesPerRequest: null;
  }

  export class Queue {
    constructor(
      name: string,
      options: {
        connection: Connection;
        streams: { events: { maxLen: number } };
        defaultJobOptions: { removeOnComplete: boolean; removeOnFail: boolean };
      },
    );
    addBulk(jobs: readonly { name: string; data: object }[]): Promise<unknown>;
    close(): Promise<void>;
  }

  export class Worker {
    constructor(
      name: string,
      processor: (job: { readonly data: unknown }) => Promise<void>,
      options: { connection: Connection; concurrency: number },
    );
    close(force: boolean): Promise<void>;
  }
}
