// Indicators alone: the same numbers from a column, from a stream, and from a stream that was interrupted.
import { Atr, BollingerBands, Ema, ema, rsi } from 'portcullis/indicators';

// Forty closed bars of a market that swings. NaN means "no bar": a hole in the data does no harm.
const close = Float64Array.from({ length: 40 }, (_, i) => 100 + 5 * Math.sin(i / 4) + i / 20);
close[25] = NaN;

// Over a column: as long as the input, NaN until warm.
const column = ema(close, { period: 10 });
console.log('EMA   ', column.subarray(8, 12));
console.log('RSI   ', rsi(close, { period: 14 }).at(-1)?.toFixed(2));

// Bar by bar: the same bits. A peek answers for the bar still forming, and commits nothing.
const stream = new Ema({ period: 10 });
for (const price of close) stream.update(price);
console.log('equal ', stream.value === column.at(-1), ' if it closed at 120:', stream.peek(120).toFixed(2));

// Saved, and resumed elsewhere: to the bit.
const resumed = new Ema({ period: 10 });
resumed.load(stream.save());
console.log('equal ', resumed.update(104) === stream.update(104));

const bands = new BollingerBands({ period: 20, deviations: 2 });
for (const price of close) bands.update(price);
console.log('bands ', bands.lower.toFixed(2), bands.middle.toFixed(2), bands.upper.toFixed(2));

const atr = new Atr({ period: 14 });
for (const price of close) atr.update(price + 0.5, price - 0.5, price);
console.log('ATR   ', atr.value.toFixed(3), 'after a lookback of', atr.lookback, 'bars');
