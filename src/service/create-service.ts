import type { z } from 'zod';
import type { NoConfig } from './service-config.ts';
import type { ServiceDefinition } from './service-definition.ts';
import type { ServicePorts } from './service-ports.ts';
import { Service } from './service.ts';

/** A service without a class: the hooks stand in its definition. @throws {PortcullisError} `OPTION_INVALID` */
export const createService = <S extends z.ZodObject = NoConfig>(
  definition: ServiceDefinition<S>,
  ports?: ServicePorts,
): Service<S> => new Service(definition, ports);
