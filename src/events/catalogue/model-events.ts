import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';
import { eventType } from '../event-type.ts';
import { sha256Field, textField, timeField } from './event-fields.ts';

const stage = z.enum(['candidate', 'shadow', 'canary', 'production', 'archived']);

const model = z.strictObject({
  modelId: idSchema,
  version: z.string().min(1).max(64),
  stage,
  /** Missing for a version that is new. */
  previousStage: stage.optional(),
  /** By name, as they were at its validation. */
  metrics: z.record(z.string(), z.number()),
  /** Of the data that it was trained on, wall time; inclusive. */
  trainedFromMs: timeField,
  /** Exclusive. */
  trainedToMs: timeField,
  /** SHA-256 of the file of the model. */
  artifactHash: sha256Field.optional(),
  reason: textField.optional(),
});

/** @interface */
export type ModelUpdated = z.output<typeof model>;

/** There is a new version of a model, or a version has another stage. */
export const MODEL_UPDATED = eventType({
  type: 'model.updated',
  schema: model,
  subject: ({ modelId }) => modelId,
});
