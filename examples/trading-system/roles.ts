import type { BaseEnterpriseService } from 'portcullis/service';
import type { Role } from './config.ts';
import type { ServiceSeat, TradingParts } from './parts/parts.ts';
import { MarketDataService } from './services/market-data-service.ts';
import { MonitoringService } from './services/monitoring-service.ts';
import { NotificationService } from './services/notification-service.ts';
import { PortfolioService } from './services/portfolio-service.ts';
import { RiskService } from './services/risk-service.ts';
import { SignalsService } from './services/signals-service.ts';
import { TradingService, type TradingServicePorts } from './services/trading-service.ts';

/** Who listens is there before who tells it something; they are stopped the other way round. */
export const START_ORDER: readonly Role[] = [
  'risk',
  'portfolio',
  'notification',
  'monitoring',
  'trading',
  'signals',
  'market-data',
];

type MakeService = (
  seat: ServiceSeat,
  parts: TradingParts,
  ports: TradingServicePorts,
) => BaseEnterpriseService;

const withoutLease = ({ onLeaseLost: _, ...ports }: TradingServicePorts) => ports;

/** The service of each role, not started yet. */
export const SERVICES: Readonly<Record<Role, MakeService>> = {
  'market-data': (seat, parts, ports) => new MarketDataService(seat, parts, withoutLease(ports)),
  signals: (seat, parts, ports) => new SignalsService(seat, parts, withoutLease(ports)),
  trading: (seat, parts, ports) => new TradingService(seat, parts, ports),
  risk: (seat, parts, ports) => new RiskService(seat, parts, withoutLease(ports)),
  portfolio: (seat, parts, ports) => new PortfolioService(seat, parts, withoutLease(ports)),
  notification: (seat, parts, ports) => new NotificationService(seat, parts, withoutLease(ports)),
  monitoring: (seat, parts, ports) => new MonitoringService(seat, parts, withoutLease(ports)),
};
