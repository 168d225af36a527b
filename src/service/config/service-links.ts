/** The forms that Kubernetes gives the variables of a Service, behind the name of it. */
const LINK =
  /^(.+?_)(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|(PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?))$/;

/**
 * Whether Kubernetes has put a variable there for a Service (`QUOTES_SERVICE_HOST`, `QUOTES_PORT=tcp://10.0.0.1:80`), which it
 * does for every Service of a namespace: with a Service that is called as ours, they begin as our variables do.
 */
export function isServiceLink(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): boolean {
  const link = LINK.exec(name);
  if (link === null) return false;
  const [, service = '', port] = link;
  const isThere =
    variables[`${service}SERVICE_HOST`] !== undefined &&
    /^\d+$/.test(variables[`${service}SERVICE_PORT`] ?? '');
  // The port of ours is a number, that of a link is a URL.
  return isThere && (port !== 'PORT' || /^(?:tcp|udp|sctp):\/\//.test(variables[name] ?? ''));
}
