import type { Clock } from 'portcullis/core';
import { PaperVenue, Venue } from 'portcullis/desk';
import type { BookReader, BookSnapshot, Instrument } from 'portcullis/trading';
import { paperOpening } from '../../demo/paper-opening.ts';
import { ToyExchangeDriver } from '../../toy-exchange/driver/toy-exchange-driver.ts';
import { type SystemConfig, symbolsOf } from '../config.ts';

/** A venue, and what belongs to it. */
export interface OpenVenue {
  readonly venue: Venue;
  /** What one on paper has to be told of the market. */
  readonly onMarket: (book: BookSnapshot) => void;
  close(): Promise<void>;
}

export const venueNameOf = ({ venue }: Pick<SystemConfig, 'venue'>): string =>
  venue.kind === 'paper' ? 'paper' : 'toy';

/** @param book as it was recovered: a venue on paper ends with its process, and is told what it had */
export function openVenue(
  config: Pick<SystemConfig, 'venue' | 'account' | 'instruments'>,
  deps: { readonly clock: Clock; readonly instruments: readonly Instrument[]; readonly book: BookReader },
): OpenVenue {
  const { venue, account } = config;
  const name = venueNameOf(config);
  if (venue.kind === 'paper') {
    const paper = new PaperVenue(
      { name, latencyMs: venue.latencyMs, opening: paperOpening(deps.book) },
      deps,
    );
    return {
      venue: new Venue(paper),
      onMarket: (book) => {
        paper.onMarket(book);
      },
      close: () => Promise.resolve(),
    };
  }
  const { url, key, secret } = venue;
  const driver = new ToyExchangeDriver(
    { name, url, accounts: [{ accountId: account.accountId, key, secret }], symbols: symbolsOf(config) },
    deps,
  );
  return { venue: new Venue(driver), onMarket: () => undefined, close: () => driver.close() };
}
