import { defineInstrument } from 'portcullis/trading';
import { type ExchangeConfigInput } from '../../toy-exchange/config.ts';

/** What is traded with the toy exchange, under the names that the two sides have for it. */
export const ACCOUNT = { accountId: 'main', key: 'key-of-main', secret: 'secret-of-main' } as const;
export const BALANCE = '100000';
export const SYMBOL = 'BTCUSDT';

const terms = { base: 'BTC', quote: 'USDT', tick: '0.01', step: '0.0001', minNotional: '10' } as const;

export const instrument = defineInstrument({ instrumentId: 'BTC-USDT', ...terms });

export const SYMBOLS = { [instrument.instrumentId]: SYMBOL };

export const exchangeConfig: ExchangeConfigInput = {
  instruments: [{ symbol: SYMBOL, minQuantity: '0.0001', startPrice: '50000', ...terms }],
  accounts: [{ ...ACCOUNT, balances: { USDT: BALANCE } }],
};
