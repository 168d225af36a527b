/**
 * What has been earned and lost, read from the Book: the {@link statement} of an account, and its {@link EquityCurve};
 * and told by {@link PortfolioPublisher}.
 *
 * @packageDocumentation
 */
export { type Drawdown, EquityCurve, type EquityCurveOptions } from './equity-curve.ts';
export {
  PortfolioPublisher,
  type PortfolioPublisherDeps,
  type PortfolioPublisherOptions,
} from './portfolio-publisher.ts';
export {
  type AccountStatement,
  type CurrencyStatement,
  type PositionStatement,
  type ShareStatement,
  statement,
} from './statement.ts';
