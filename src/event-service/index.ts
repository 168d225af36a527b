/**
 * The event bus over HTTP: CloudEvents in, Server-Sent Events out, groups and dead letters for operators. Start with
 * {@link EventService}, or with {@link eventRoutes} in a service of your own.
 *
 * @packageDocumentation
 */
export { eventApi } from './event-api.ts';
export { type EventRoutesDeps, type EventRoutesOptions, eventRoutes } from './event-routes.ts';
export { EventService, type EventServiceOptions, type EventServicePorts } from './event-service.ts';
