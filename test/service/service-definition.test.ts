import { expect, test } from 'vitest';
import { z } from 'zod';
import { createService } from '../../src/service/index.ts';

test('a configuration of its own cannot have a section that is called service', () => {
  expect(() => createService({ name: 'quotes', config: z.strictObject({ service: z.string() }) })).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: 'service: config.service: expected another name: this section is that of the chassis',
    }),
  );
});
