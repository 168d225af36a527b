export { type Drawdown, EquityCurve, type EquityCurveOptions } from './equity-curve.ts';
export { type AccountStatement, type PositionStatement, statement } from './statement.ts';
