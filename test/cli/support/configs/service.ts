import { z } from 'zod';
import { type ConfigDefinition, secret } from '../../../../src/service/index.ts';

const schema = z.strictObject({
  http: z
    .strictObject({ port: z.int().max(65_535).default(80), host: z.string().default('::1') })
    .prefault({}),
  key: secret().optional(),
  symbols: z.array(z.string()).default([]),
});

/** As a service has it. */
export class Quotes {
  readonly isService = true;
  static readonly config: ConfigDefinition<typeof schema> = {
    schema,
    name: 'quotes',
    profiles: { loud: { symbols: ['A', 'B'] } },
  };
}
