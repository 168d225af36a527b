/** Orders that are named after the moment, not after their signal: the same signal is another order each time. */
import { SignalTrader } from '../../../../examples/trading-system/trading/signal-trader.ts';

const take = Reflect.get(SignalTrader.prototype, 'take');
let count = 0;
SignalTrader.prototype.take = function (this: SignalTrader, signal) {
  count += 1;
  return take.call(this, { ...signal, signalId: `${signal.signalId}-${process.pid}-${count}` });
};
