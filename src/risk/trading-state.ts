/** What the kill switch lets through: everything, exits only, nothing but cancels. */
export type TradingState = 'active' | 'reducing' | 'halted';

const SEVERITY: Readonly<Record<TradingState, number>> = { active: 0, reducing: 1, halted: 2 };

export const stricter = (a: TradingState, b: TradingState): TradingState =>
  SEVERITY[a] >= SEVERITY[b] ? a : b;

/** What a trip, a release or a limit is about. */
export type Scope =
  | { readonly kind: 'firm' }
  | { readonly kind: 'venue' | 'account' | 'strategy' | 'instrument'; readonly id: string };

export const FIRM: Scope = { kind: 'firm' };

export const scopeKey = (scope: Scope): string =>
  scope.kind === 'firm' ? 'firm' : `${scope.kind}:${scope.id}`;

/** What an order belongs to. */
export interface Scoped {
  readonly clientOrderId?: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly instrument: { readonly instrumentId: string };
}

/** Whether an order is inside a scope. Where nobody says which venue it goes to, it may be any. */
export function inScope(scope: Scope, order: Scoped, venue?: string): boolean {
  switch (scope.kind) {
    case 'firm':
      return true;
    case 'venue':
      return venue === undefined || scope.id === venue;
    case 'account':
      return scope.id === order.accountId;
    case 'strategy':
      return scope.id === order.strategyId;
    case 'instrument':
      return scope.id === order.instrument.instrumentId;
  }
}
