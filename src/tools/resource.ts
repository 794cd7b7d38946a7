/**
 * What a resource is: something live that a host may read, attach to a conversation or follow, beside the tools. No SDK is
 * known here. Every fact of a resource can be had by a tool as well, because many hosts give their models no resources.
 */
import type { ToolContext } from "./ports.ts";
import type { Profile } from "./selection.ts";

/** As `resources/list` and `resources/templates/list` show it: plain JSON, the same each time. */
export interface ResourceDefinition {
  /** With `{…}` of RFC 6570 in it, it is a template. */
  readonly uri: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
}

export interface ResourceContent {
  readonly uri: string;
  readonly mimeType: string;
  readonly text: string;
}

export interface Resource extends ResourceDefinition {
  /** It is there where a tool of this profile is on. */
  readonly profile: Profile;
  /**
   * One content, or several that belong together. Reading changes nothing.
   *
   * @param values - what stands in the places of the template, decoded; undefined is a resource that is not there
   */
  readonly read: (
    ctx: ToolContext,
    values: Readonly<Record<string, string>>,
    uri: string,
  ) => Promise<ResourceContent | readonly ResourceContent[] | undefined>;
  /** Values that one place of the template may have, the likeliest first: what `begun` begins. */
  readonly complete?: (ctx: ToolContext, place: string, begun: string) => Promise<readonly string[]>;
}
