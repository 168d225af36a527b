/**
 * What has been earned and lost, read from the Book: the {@link statement} of an account, and its {@link EquityCurve}.
 *
 * @packageDocumentation
 */
export { type Drawdown, EquityCurve, type EquityCurveOptions } from './equity-curve.ts';
export {
  type AccountStatement,
  type CurrencyStatement,
  type PositionStatement,
  type ShareStatement,
  statement,
} from './statement.ts';
