/** Which files a scope stands for, and what a scope looks like once it is recorded (SPEC 15.2). */
import type { Scope } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import type { SessionSettings } from "../../wire/session.ts";
import { parseResource, type PathRules, type Resource } from "../scope/resource.ts";
import { refuse } from "./verdict.ts";

/** Patterns are compared with each other pair by pair, so a scope has few and short ones. */
const MAX_GLOBS = 64;
const MAX_GLOB_LENGTH = 512;

export function pathRules(settings: SessionSettings): PathRules {
  return { foldCase: settings.fold_case, roots: settings.root === "" ? [] : [settings.root] };
}

/** The resources of a recorded scope; what does not parse is left out, because a fold never fails. */
export function resourcesOf(scope: Scope, settings: SessionSettings): Resource[] {
  const rules = pathRules(settings);
  return (scope.kind === "file_set" ? (scope.resources ?? []) : []).flatMap((text) => {
    const resource = parseResource(text, rules);
    return "refused" in resource ? [] : [resource];
  });
}

/**
 * A scope as it is recorded: paths normalised, the rest as it came. Kinds other than `file_set` are kept and meet
 * nothing yet.
 */
export function readScope(
  scope: Scope,
  settings: SessionSettings,
): { readonly scope: Scope; readonly resources: readonly Resource[] } | { readonly rejected: Rejection } {
  if (scope.kind !== "file_set") return { scope, resources: [] };
  const rules = pathRules(settings);
  const byKey = new Map<string, Resource>();
  let globs = 0;
  for (const text of scope.resources ?? []) {
    const resource = parseResource(text, rules);
    if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: text });
    if (resource.glob && text.length > MAX_GLOB_LENGTH) {
      return refuse("scope/refused", `a pattern has at most ${MAX_GLOB_LENGTH} characters; name the folder instead`, { resource: text });
    }
    if (resource.glob && !byKey.has(resource.key) && (globs += 1) > MAX_GLOBS) {
      return refuse("scope/refused", `a scope has at most ${MAX_GLOBS} patterns; name their folder instead`, { resource: text });
    }
    if (!byKey.has(resource.key)) byKey.set(resource.key, resource);
  }
  const resources = [...byKey.values()];
  return { scope: { ...scope, resources: resources.map((resource) => resource.path) }, resources };
}
