import { z } from 'zod';
import { EventCatalogue } from '../../events/event-catalogue.ts';
import { type EventType, eventType } from '../../events/event-type.ts';

/** Something that happened to an instrument, counted from 1 for each. */
export interface Counted {
  readonly instrument: string;
  readonly n: number;
}

const counted = z.object({ instrument: z.string().min(1), n: z.int().min(0), note: z.string().optional() });

/** On the topic `tick`, in order by instrument. */
export const tickSeen = eventType({
  type: 'tick.seen',
  schema: counted,
  subject: ({ instrument }) => instrument,
});

/** A second type on the topic `tick`, in order with the first. */
export const tickRevised = eventType({
  type: 'tick.revised',
  schema: counted,
  subject: ({ instrument }) => instrument,
});

/** On a topic of its own; the first version had no instrument and another name for the number. */
export const fillBooked = eventType({
  type: 'fill.booked',
  version: 3,
  schema: counted,
  subject: ({ instrument }) => instrument,
  previous: [
    {
      version: 1,
      schema: z.object({ lots: z.int() }),
      upgrade: ({ lots }: { lots: number }) => ({ n: lots }),
    },
    {
      version: 2,
      schema: z.object({ n: z.int() }),
      upgrade: ({ n }: { n: number }) => ({ instrument: 'upgraded', n }),
    },
  ],
});

/** What the bus under test knows. */
export const contractCatalogue: EventCatalogue = new EventCatalogue([tickSeen, tickRevised, fillBooked]);

/** Has the name of a type of the catalogue, and is another one. */
export const lookAlike: EventType<Counted> = eventType({ type: 'tick.seen', schema: counted });
