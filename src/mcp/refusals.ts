/** What a client is told when it names what is not there, in the protocol's own form for it. */
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import type { Lists } from "./face.ts";

/** Characters of a name that is not known here, in the sentence about it. */
const MAX_SHOWN = 200;

export function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

export function noTool(name: string, { tools }: Lists): ProtocolError {
  return invalid(`there is no tool ${shown(name)}; the tools are ${tools.map((tool) => tool.name).join(", ")}`);
}

export function noResource(uri: string): ProtocolError {
  return new ResourceNotFoundError(uri, `there is no resource ${shown(uri)}; resources/list and resources/templates/list name them`);
}

export function noPrompt(name: string, { prompts }: Lists): ProtocolError {
  return invalid(`there is no prompt ${shown(name)}; the prompts are ${prompts.map((prompt) => prompt.name).join(", ")}`);
}

/** As much of it as says which one is meant. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, MAX_SHOWN));
}
