/**
 * Which resource an address means, and what stands in its places.
 *
 * Of RFC 6570 there are the two forms that our templates have: `{path}` at the end takes the rest, with its slashes as they are or
 * encoded, because clients expand it in both ways; `{?topic}` takes one member of a query, or nothing.
 */
import type { Resource } from "../resource.ts";

/** Longest address that is looked at, in UTF-16 units: a path with every character encoded. */
export const LONGEST_URI = 16_384;

export type Values = Readonly<Record<string, string>>;

/** The resource of this address; undefined where there is none. */
export function resourceAt(
  resources: readonly Resource[],
  uri: string,
): { readonly resource: Resource; readonly values: Values } | undefined {
  if (uri.length > LONGEST_URI) return undefined;
  for (const resource of resources) {
    const values = valuesIn(resource.uri, uri);
    if (values !== undefined) return { resource, values };
  }
  return undefined;
}

/** What stands in the places of a template, decoded; undefined where the address is none of it. */
function valuesIn(template: string, uri: string): Values | undefined {
  const [, before = template, operator, place = ""] = /^([^{]*)\{(\??)(\w+)\}$/.exec(template) ?? [];
  const start = operator === "?" ? `${before}?${place}=` : before;
  const isBare = uri === before || uri === start;
  if (operator === undefined || isBare) return isBare && operator !== "" ? {} : undefined;
  const value = uri.startsWith(start) ? decoded(uri.slice(start.length)) : undefined;
  return value === undefined ? undefined : { [place]: value };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The one spelling of an address that has several, so that two can be compared; as it is where it is none of ours. */
export function canonicalUri(uri: string): string {
  const path = valuesIn(FILE_TEMPLATE, uri)?.["path"];
  if (path !== undefined) return fileUri(path);
  const topic = valuesIn(BOARD_TEMPLATE, uri)?.["topic"];
  return topic === undefined ? uri : boardUri(topic);
}

export const FILE_TEMPLATE = "signalbox://file/{path}";
export const BOARD_TEMPLATE = "signalbox://board{?topic}";

/** @param path - relative to the repository, with `/` between its names */
export function fileUri(path: string): string {
  return `signalbox://file/${path.split("/").map(encoded).join("/")}`;
}

export function boardUri(topic: string): string {
  return `signalbox://board?topic=${encoded(topic)}`;
}

/** Halves of characters have no encoding. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
