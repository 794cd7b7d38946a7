/**
 * Which entries of scopes are one resource, by the session's resource registry (SPEC 15.2.3).
 *
 * A scope stands for a registered resource as a whole when it names one of its aliases or covers it, and for a part of it
 * when it only meets a folder or a pattern that is an alias. Two parts are compared as files: that `src/auth.*` is one
 * resource does not make `src/auth.ts` and `src/auth.css` one file.
 */
import type { SessionSettings } from "../../wire/session/settings.ts";
import { holds, parseResource, type PathRules, type Resource } from "./resource.ts";
import { createScopeIndex } from "./scope-index.ts";

/** What stands for a URI, as the scope writes it. */
export type Words = ReadonlyMap<string, readonly string[]>;

export interface Registry {
  /** URIs of an entry that is not a file, by its exact text. */
  named(kind: string, value: string): readonly string[];
  /** URIs of what these files are all of, and of what they are a part of, each with the files. */
  over(resources: readonly Resource[]): { readonly whole: Words; readonly part: Words };
  /** URIs of the aliases that hold the resource by this rule: what it is all or a part of. */
  around(resource: Resource, isHeld: (alias: Resource, resource: Resource) => boolean): readonly string[];
}

const NONE = { whole: new Map(), part: new Map() };

export function compileRegistry(settings: SessionSettings, rules: PathRules): Registry {
  const byName = new Map<string, string[]>();
  const aliases = new Map<string, { readonly resource: Resource; readonly uri: string }>();
  const index = createScopeIndex();
  for (const { canonical_uri: uri, aliases: all } of settings.resource_registry?.mappings ?? []) {
    for (const { kind, value } of all) {
      if (kind !== "file_set" && kind !== "resource_path") {
        byName.set(nameOf(kind, value), [...(byName.get(nameOf(kind, value)) ?? []), uri]);
        continue;
      }
      const resource = parseResource(value, rules);
      if ("refused" in resource) continue;
      const id = String(aliases.size);
      aliases.set(id, { resource, uri });
      index.add(id, [resource]);
    }
  }

  return {
    named: (kind, value) => byName.get(nameOf(kind, value)) ?? [],
    over(resources) {
      if (aliases.size === 0) return NONE;
      const whole = new Map<string, string[]>();
      const part = new Map<string, string[]>();
      const byPath = new Map(resources.map((resource) => [resource.path, resource]));
      for (const [id, pairs] of index.overlapping(resources)) {
        const alias = aliases.get(id);
        if (alias === undefined) continue;
        const entries = pairs.flatMap(({ asked }) => byPath.get(asked) ?? []);
        const uris = entries.some((entry) => holds(entry, alias.resource)) ? whole : part;
        const words = uris.get(alias.uri) ?? [];
        uris.set(alias.uri, words);
        for (const { path } of entries) words.push(path);
      }
      return { whole, part };
    },
    around: (resource, isHeld) =>
      [...index.overlapping([resource]).keys()]
        .flatMap((id) => aliases.get(id) ?? [])
        .filter((alias) => isHeld(alias.resource, resource))
        .map(({ uri }) => uri),
  };
}

function nameOf(kind: string, value: string): string {
  return `${kind}\0${value}`;
}
