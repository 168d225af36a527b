import { defineConfig } from 'vitest/config';

/** The tests that stand guard over what is mutated (`npm run mutation`): without servers, files or a second process. */
export default defineConfig({
  test: {
    include: [
      'test/{risk,execution,trading}/**/*.test.ts',
      'test/desk/{zero-bypass,order-desk,order-path,submit}.test.ts',
      'test/property/{risk,trading,execution}-*.test.ts',
    ],
    testTimeout: 60_000,
  },
});
