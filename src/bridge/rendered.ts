/**
 * What a host is told before any tool is called: run once when the bundle is made, and carried in it as what it gave.
 *
 * Everything exported here must be sayable in JSON.
 */
import { PROFILE_OF_PROMPTS } from "../mcp/face-of-tools.ts";
import { promptDefinitions, PROMPTS } from "../tools/prompts.ts";
import { REGISTRY } from "../tools/registry.ts";
import { resourceDefinitions, RESOURCES } from "../tools/resources.ts";
import { toolDefinitions } from "../tools/tool-definitions.ts";

export const renderedTools = withProfiles(toolDefinitions(REGISTRY), REGISTRY);
export const renderedResources = withProfiles(resourceDefinitions(RESOURCES), RESOURCES);
export const renderedPrompts = promptDefinitions(PROMPTS).map((definition) => ({ ...definition, profile: PROFILE_OF_PROMPTS }));

function withProfiles<Definition extends object, Profile>(
  definitions: readonly Definition[],
  whole: readonly { readonly profile: Profile }[],
): (Definition & { readonly profile: Profile })[] {
  return definitions.map((definition, index) => {
    const one = whole[index];
    if (one === undefined) throw new Error("there is a definition of each");
    return { ...definition, profile: one.profile };
  });
}
