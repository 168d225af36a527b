import { randomUUID } from 'node:crypto';
import { currentCorrelationId, runCorrelated } from './tracing-scope.ts';

/** What is safe in a log line, a header and a shell: 1 to 128 of letters, digits and `. _ : -`. */
const SAFE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The id that ties together everything done on behalf of one request or one piece of background work. */
export const correlation = {
  /** Runs `fn` under `id`: it and all it awaits see the id, and every log line carries it as `correlationId`. */
  run<T>(id: string, fn: () => T): T {
    return runCorrelated(id, fn);
  },

  /** The id this code runs under, if any. */
  id(): string | undefined {
    return currentCorrelationId();
  },

  /** A fresh id: a random UUID. */
  create(): string {
    return randomUUID();
  },

  /** Whether an id from outside may be taken over: 1 to 128 letters, digits and `. _ : -`. */
  isValid(id: unknown): id is string {
    return typeof id === 'string' && SAFE_ID.test(id);
  },
} as const;
