/** The tools, resources and prompts that there are, as tables: made from the registries, so that none is forgotten. */
import { promptDefinitions, PROMPTS } from "../../../tools/prompts.ts";
import { REGISTRY } from "../../../tools/registry.ts";
import { resourceDefinitions, RESOURCES } from "../../../tools/resources.ts";
import { PROFILES } from "../../../tools/selection.ts";
import { type ToolDefinition, toolDefinitions } from "../../../tools/tool-definitions.ts";
import { type Block, heading, marked, paragraph, table } from "./blocks.ts";
import { argumentRows, resultMembers } from "./schema.ts";

export function catalogueBlocks(): Block[] {
  return [...toolBlocks(), ...resourceBlocks(), ...promptBlocks()];
}

function toolBlocks(): Block[] {
  const definitions = toolDefinitions(REGISTRY);
  const profiles = PROFILES.map((profile) => [
    `\`${profile}\``,
    REGISTRY.filter((tool) => tool.profile === profile)
      .map(({ name }) => `\`${name}\``)
      .join(", "),
  ]);
  return [
    heading(2, "Tools"),
    paragraph(
      "An argument that is not listed is refused. A result has structured content and a text that stands alone and ends with the calls that make sense next; members may be added to results, and none is taken away.",
    ),
    table(["profile", "tools"], profiles),
    ...definitions.flatMap((definition, index) => oneTool(definition, REGISTRY[index]?.profile ?? "")),
  ];
}

function oneTool({ name, title, description, inputSchema, outputSchema, annotations }: ToolDefinition, profile: string): Block[] {
  const { readOnlyHint, destructiveHint, idempotentHint } = annotations;
  const traits = [
    `profile \`${profile}\``,
    readOnlyHint ? "changes nothing" : destructiveHint ? "may take something away" : "changes something",
    ...(idempotentHint && !readOnlyHint ? ["twice is as once"] : []),
  ];
  return [
    heading(3, `\`${name}\``),
    paragraph(`${title} (${traits.join(", ")}). ${marked(description)}`),
    table(["argument", "type", "required", ""], argumentRows(inputSchema)),
    paragraph(`Result: ${resultMembers(outputSchema)}.`),
  ];
}

function resourceBlocks(): Block[] {
  return [
    heading(2, "Resources"),
    paragraph("Read live and never kept; reading changes nothing. Places in braces are completed. Each may be followed."),
    table(
      ["address", "what it says", "type"],
      resourceDefinitions(RESOURCES).map(({ uri, description, mimeType }) => [`\`${uri}\``, marked(description), mimeType]),
    ),
  ];
}

function promptBlocks(): Block[] {
  return [
    heading(2, "Prompts"),
    paragraph("Filled from what stands now; their arguments are completed."),
    table(
      ["prompt", "what it is for", "arguments"],
      promptDefinitions(PROMPTS).map(({ name, description, arguments: args }) => [
        `\`${name}\``,
        description,
        args.map((one) => `\`${one.name}\`${one.required ? " (required)" : ""}: ${one.description}`).join(" "),
      ]),
    ),
  ];
}
