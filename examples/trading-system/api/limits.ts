import { z } from 'zod';
import { reason } from './fields.ts';

/** Limits of one engine as they stand in a file, money as text. */
const limitText = z.record(z.string(), z.json());

export const limits = z.object({
  risk: z.record(z.string(), z.unknown()),
  execution: z.record(z.string(), z.unknown()),
  /** `settled`: what is in force is on disk. Otherwise `error` says why not. */
  status: z.enum(['settled', 'changing', 'unsettled', 'unreadable']),
  /** SHA-256 of the limits in force. */
  hash: z.string(),
  error: z.string().optional(),
});

/** All limits of the engines that are named: what is left out is at its default. */
export const limitChange = z
  .strictObject({ risk: limitText.optional(), execution: limitText.optional(), reason })
  .refine(
    ({ risk, execution }) => risk !== undefined || execution !== undefined,
    'expected risk or execution',
  );

export const limitsChanged = z.object({
  kind: z.enum(['changed', 'unchanged']),
  differences: z.array(z.record(z.string(), z.unknown())).readonly(),
  /** SHA-256 of the limits in force before and after. */
  before: z.string(),
  after: z.string(),
});
