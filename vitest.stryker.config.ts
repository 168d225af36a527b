import { defineConfig } from 'vitest/config';

/**
 * The tests that stand guard over what is mutated (`npm run mutation`): unit tests without servers, files or a second
 * process. The property tests would find more, and take hours.
 */
export default defineConfig({
  test: {
    include: [
      'test/{risk,execution,trading}/**/*.test.ts',
      'test/desk/{zero-bypass,order-desk,order-path,submit}.test.ts',
    ],
    testTimeout: 60_000,
  },
});
