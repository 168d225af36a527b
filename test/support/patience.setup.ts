import { vi } from 'vitest';

/**
 * `vi.waitFor` gives up after a second, which on a busy machine says nothing about what is waited for; there is no option
 * for all of them. What has to be quick says so itself.
 */
const PATIENCE_MS = 20_000;

const { waitFor, waitUntil } = vi;
const patient = (options: Parameters<typeof waitFor>[1]) =>
  typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options };
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
