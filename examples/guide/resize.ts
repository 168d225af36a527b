// The total exposure may be 300,000 USD: 5 BTC at 60,000.
import { openDesk } from './support/desk.ts';
import { order, text } from './support/intents.ts';

const { desk } = await openDesk();

const six = await desk.submit(order('c-1', 'buy', '6', '59990'));
console.log('buy 6:', text(six));
console.log('because:', six.kind === 'accepted' ? six.reduced : undefined);

// 5 BTC are held now, filled or not. Nothing more fits.
console.log('buy 1:', text(await desk.submit(order('c-2', 'buy', '1', '59990'))));

// In another account of this kind: 7 BTC are more than one instrument may be, and a denial wins over a reduction.
const fresh = await openDesk();
console.log('buy 7:', text(await fresh.desk.submit(order('c-3', 'buy', '7', '59990'))));
