/** What a client is told when it names what is not there, in the protocol's own form for it. */
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from "@modelcontextprotocol/server";
import type { Lists } from "./face.ts";

/** Characters of a name that is not known here, in the sentence about it. */
const MAX_SHOWN = 200;

export function invalid(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

/** A list, which is one page: no cursor was ever given out. An empty one may be how a host says that it has none. */
export function onePage<List>(list: List, params: { readonly cursor?: string | undefined } | undefined): List {
  const { cursor = "" } = params ?? {};
  if (cursor !== "") throw invalid(`there is no cursor ${shown(cursor)}: the list is given whole where none is sent`);
  return list;
}

export function noTool(name: string, { tools }: Lists): ProtocolError {
  return invalid(`there is no tool ${shown(name)}; the tools are ${tools.map((tool) => tool.name).join(", ")}`);
}

export function noResource(uri: string): ProtocolError {
  return new ResourceNotFoundError(uri, absent(uri));
}

/** The same where it is no resource that was asked for. */
export function noReference(uri: string): ProtocolError {
  return invalid(absent(uri));
}

const absent = (uri: string): string => `there is no resource ${shown(uri)}; resources/list and resources/templates/list name them`;

export function noPrompt(name: string, { prompts }: Lists): ProtocolError {
  return invalid(`there is no prompt ${shown(name)}; the prompts are ${prompts.map((prompt) => prompt.name).join(", ")}`);
}

/** As much of it as says which one is meant. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, MAX_SHOWN));
}
