/** The resources there are, in the order in which they are listed, and how one is read. */
import type { ToolContext } from "./ports.ts";
import type { Resource, ResourceContent, ResourceDefinition } from "./resource.ts";
import { board, boardTopic } from "./resources/board.ts";
import { conflicts } from "./resources/conflicts.ts";
import { file } from "./resources/file.ts";
import { inbox } from "./resources/inbox.ts";
import { intents } from "./resources/intents.ts";
import { lanes } from "./resources/lanes.ts";
import { session } from "./resources/session.ts";
import { resourceAt } from "./resources/uri.ts";

export const RESOURCES: readonly Resource[] = [session, intents, conflicts, inbox, lanes, board, boardTopic, file];

/** As the lists show them: plain JSON, the same each time, so that the bridge can carry it ready-made. */
export function resourceDefinitions(resources: readonly Resource[]): ResourceDefinition[] {
  return resources.map(({ uri, name, title, description, mimeType }) => ({ uri, name, title, description, mimeType }));
}

/**
 * What stands at an address; undefined where there is nothing.
 *
 * Faults rise as they do from the ports.
 */
export async function readResource(
  resources: readonly Resource[],
  ctx: ToolContext,
  uri: string,
): Promise<readonly ResourceContent[] | undefined> {
  const found = resourceAt(resources, uri);
  const read = await found?.resource.read(ctx, found.values, uri);
  if (read === undefined) return undefined;
  return "uri" in read ? [read] : read;
}

/** Values that a place of a template may have; `name` is the template's address. */
export async function completeResource(
  resources: readonly Resource[],
  ctx: ToolContext,
  name: string,
  place: string,
  begun: string,
): Promise<readonly string[]> {
  const template = resources.find(({ uri }) => uri === name && uri.includes(`${place}}`));
  return (await template?.complete?.(ctx, place, begun)) ?? [];
}
