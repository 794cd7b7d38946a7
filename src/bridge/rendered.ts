/**
 * What a host is told before any tool is called: run once when the bundle is made, and carried in it as what it gave.
 *
 * Everything exported here must be sayable in JSON.
 */
import { REGISTRY } from "../tools/registry.ts";
import { toolDefinitions } from "../tools/tool-definitions.ts";

export const renderedTools = toolDefinitions(REGISTRY).map((definition, index) => ({
  ...definition,
  profile: REGISTRY[index]?.profile ?? "core",
}));
