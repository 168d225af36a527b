export { first, second } from './schemas.ts';
