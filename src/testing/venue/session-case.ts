import { type ContractCase, contractCase } from '../contract-case.ts';
import { DeskSession } from './desk-session.ts';
import { VenueSession } from './venue-session.ts';
import type { VenueUnderTest } from './venue-under-test.ts';

/** A case over a desk on the venue. In the end the venue's records and the Book have to agree. */
export const deskCase = (
  name: string,
  run: (session: DeskSession) => Promise<void>,
): ContractCase<VenueUnderTest> =>
  contractCase(name, async (subject) => {
    await closing(await DeskSession.open(subject), async (session) => {
      await run(session);
      await session.agrees();
    });
  });

/** A case over the driver alone. */
export const driverCase = (
  name: string,
  run: (session: VenueSession) => Promise<void>,
): ContractCase<VenueUnderTest> =>
  contractCase(name, async (subject) => {
    await closing(new VenueSession(subject), run);
  });

async function closing<T extends VenueSession>(
  session: T,
  run: (session: T) => Promise<void>,
): Promise<void> {
  try {
    await run(session);
  } catch (error) {
    await session.close().catch(() => undefined);
    throw error;
  }
  await session.close();
}
