/** Everything that is served over MCP, for programs (`docs.json`) and for people: both made from the registries alone. */
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/server";
import { REVISION } from "../../../mcp/revision.ts";
import { promptDefinitions, PROMPTS } from "../../../tools/prompts.ts";
import { REGISTRY } from "../../../tools/registry.ts";
import { resourceDefinitions, RESOURCES } from "../../../tools/resources.ts";
import { toolDefinitions } from "../../../tools/tool-definitions.ts";
import { VERSION } from "../../../version.ts";
import type { Block } from "./blocks.ts";
import { catalogueBlocks } from "./catalogue.ts";
import { errorBlocks } from "./errors.ts";
import { guideBlocks } from "./guide.ts";

/** The newest first. The SDK's own list ends with the last revision that had sessions. */
export const PROTOCOL_VERSIONS: readonly string[] = [REVISION, ...SUPPORTED_PROTOCOL_VERSIONS];

/** @param endpoint - its path */
export function reference(endpoint: string): object {
  const resources = resourceDefinitions(RESOURCES).map((definition, index) => ({ ...definition, profile: RESOURCES[index]?.profile }));
  const isTemplate = ({ uri }: { readonly uri: string }): boolean => uri.includes("{");
  return {
    server: {
      name: "signalbox",
      title: "Signalbox",
      version: VERSION,
      protocolVersion: PROTOCOL_VERSIONS[0],
      protocolVersions: PROTOCOL_VERSIONS,
      endpoint,
      docsUrl: `${endpoint}/docs`,
    },
    tools: toolDefinitions(REGISTRY).map((definition, index) => ({ ...definition, profile: REGISTRY[index]?.profile })),
    resources: resources.filter((resource) => !isTemplate(resource)),
    resourceTemplates: resources.filter(isTemplate).map(({ uri, ...rest }) => ({ uriTemplate: uri, ...rest })),
    prompts: promptDefinitions(PROMPTS),
  };
}

/** @param url - the whole address of the endpoint */
export function referenceBlocks(url: string): Block[] {
  return [...guideBlocks(url, { version: VERSION, protocolVersions: PROTOCOL_VERSIONS }), ...catalogueBlocks(), ...errorBlocks()];
}
