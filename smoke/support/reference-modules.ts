/** What a checkout of the TypeScript reference needs beside itself: the one package that it imports, which is two lines. */
import { register } from "node:module";

const UUID = `export const v4 = () => crypto.randomUUID();`;
const HOOKS = `export function resolve(name, context, next) {
  return name === "uuid" ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(UUID)}`)}, shortCircuit: true } : next(name, context);
}`;

/** Lets the modules that are imported from now on have `uuid`. */
export function withUuid(): void {
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
}
