/**
 * How two scopes of any kinds stand to each other: whether they meet, whether one lies inside others, whether a target
 * lies in one (SPEC 15.2, 13.1, 18.6.2).
 *
 * To meet may be unsure (`possible`), to lie inside never is: what cannot be shown to lie inside does not. So nobody is
 * barred by a guess, and nobody takes over more than there was.
 */
import type { Scope } from "../../wire/mpac/messages.ts";
import { bondOf, entriesOf, type Footprint } from "../scope/footprint.ts";
import { coversFile, holds, parseResource, type Resource } from "../scope/resource.ts";
import { footprintIn, pathRules, registryOf } from "./scopes.ts";
import type { SessionState } from "./state.ts";

type Settings = Pick<Readonly<SessionState>, "settings">;

export function meetsScope({ settings }: Settings, a: Scope, b: Scope): "certain" | "possible" | "none" {
  const bond = bondOf(footprintIn(a, settings), footprintIn(b, settings));
  if (bond === undefined) return "none";
  return bond === "possible" ? "possible" : "certain";
}

/**
 * Whether everything that `inner` stands for belongs to what the others stand for together. Each of its files, entities
 * and tasks is held by one of them, or stands for a canonical URI that is theirs; the URIs that it gives are theirs, too,
 * and speak for what the others name in no way of their own. A scope that stands for nothing lies in another such only.
 */
export function isWithin({ settings }: Settings, inner: Scope, outer: readonly Scope[]): boolean {
  const asked = footprintIn(inner, settings);
  const holding = outer.map((scope) => footprintIn(scope, settings));
  if (isEmpty(asked)) return holding.some(isEmpty);

  const uris = new Set(holding.flatMap((one) => [...one.uris.keys()]));
  const given = inner.canonical_uris ?? [];
  if (!given.every((uri) => uris.has(uri))) return false;

  const registry = registryOf(settings);
  const isTheirs = (own: readonly string[]): boolean => own.some((uri) => uris.has(uri));
  const names = new Set(holding.flatMap((one) => one.names));
  const held = holding.flatMap((one) => one.resources);
  const speak = (nobodyCompares: boolean): boolean => nobodyCompares && given.length > 0;

  const files = asked.resources.every(
    (resource) => held.some((other) => holds(other, resource)) || isTheirs(registry.around(resource, holds)) || speak(held.length === 0),
  );
  const ofKind = holding.some(({ kind }) => kind === asked.kind);
  const registered = new Map(entriesOf(inner).map((value) => [value, registry.named(asked.kind, value)]));
  const named = asked.names.every(
    (name) =>
      names.has(name) ||
      isTheirs(registered.get(asked.opaque ? (inner.expression ?? "") : name.slice(2)) ?? []) ||
      speak(!ofKind || asked.opaque),
  );
  return files && named;
}

const LISTS = ["resources", "task_ids", "entities", "canonical_uris"] as const;
const SINGLE = ["pattern", "expression"] as const;

/** What of the scope does not lie in `held`, entry by entry; nothing where all of it does. */
export function beyond(state: Settings, scope: Scope, held: Scope): Scope | undefined {
  if (isWithin(state, scope, [held])) return undefined;
  // Nobody can tell its entries apart.
  if (footprintIn(scope, state.settings).opaque) return scope;
  const { kind, language } = scope;
  const isBeyond = (part: Partial<Scope>): boolean => !isWithin(state, { kind, language, ...part }, [held]);
  const outside: Scope = { kind, language };
  for (const name of LISTS) {
    const known = new Set(held[name]);
    outside[name] = scope[name]?.filter((entry) => !known.has(entry) && isBeyond({ [name]: [entry] }));
  }
  for (const name of SINGLE) if (isBeyond({ [name]: scope[name] })) outside[name] = scope[name];
  return outside;
}

function isEmpty({ resources, names, uris }: Footprint): boolean {
  return resources.length + names.length + uris.size === 0;
}

/** Whether what an operation is about lies in the scope: a file, or an entity, a task or a URI by its exact name. */
export function targetWithin(state: Settings, target: string, scope: Scope): boolean {
  const { resources, names, uris } = footprintIn(scope, state.settings);
  if (uris.has(target) || names.some((name) => name.slice(2) === target)) return true;
  const file = parseResource(target, pathRules(state.settings));
  if ("refused" in file) return false;
  if (resources.some((held) => coversFile(held, file.key))) return true;
  const isHeld = (alias: Resource): boolean => coversFile(alias, file.key);
  return (
    uris.size > 0 &&
    registryOf(state.settings)
      .around(file, isHeld)
      .some((uri) => uris.has(uri))
  );
}
