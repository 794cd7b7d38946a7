/**
 * What may be asked of a session's state from outside: the one door of the core through which an edge reads.
 *
 * Everything here is a pure question. What a session looks like on a wire is the edge's affair; what overlaps, covers or
 * names the same file is decided here, by the same rules that commands are decided by.
 */
import type { IntentId, OpId, PrincipalId } from "../../wire/ids.ts";
import type { Host } from "../../wire/mpac/extension.ts";
import { refsEqual } from "../../wire/references.ts";
import { parseResource, type Resource } from "../scope/resource.ts";
import { createScopeIndex } from "../scope/scope-index.ts";
import { type Meeting, meetings } from "./overlaps.ts";
import { isWithin, targetWithin } from "./scope-relations.ts";
import { pathRules, registryOf } from "./scopes.ts";
import { familyIn, type SessionState } from "./state.ts";
import type { Intent } from "./state/intents.ts";
import { type Operation, type Reference, VIRTUAL_TREE } from "./state/operations.ts";
import { familyOf, isKnown, type Participant } from "./state/participants.ts";

/** Live intents over `paths`, by intent id; what is no path meets nothing. */
export function intentsOver(state: Readonly<SessionState>, paths: readonly string[]): Meeting[] {
  return meetings(state, resourcesIn(state, paths));
}

/** Those of the meetings' tasks that `owner` works under, where together they hold all of `paths`; none where they do not. */
export function ownHolding(
  state: Pick<Readonly<SessionState>, "settings">,
  met: readonly Meeting[],
  paths: readonly string[],
  owner: PrincipalId,
): Intent[] {
  const own = met.flatMap(({ intent }) => (intent.principal === owner && intent.state === "ACTIVE" ? [intent] : []));
  const scopes = own.map(({ scope }) => scope);
  return isWithin(state, { kind: "file_set", resources: [...paths] }, scopes) ? own : [];
}

/** Whether `target`, a file or another name, lies in the intent's scope. */
export function coversTarget(state: Pick<Readonly<SessionState>, "settings">, intent: Pick<Intent, "scope">, target: string): boolean {
  return targetWithin(state, target, intent.scope);
}

export { heardLamport } from "./lamport.ts";
export { rowIn } from "./places.ts";
export { policyOf } from "./policy.ts";
export { arbitersOf } from "./authority.ts";
export { liveIntentsOf, pendingClaims } from "./state.ts";

/** What an operation has written at `path` of the virtual tree, if any has; the path as the session names it. */
export function virtualFile(
  state: Readonly<SessionState>,
  path: string,
): { readonly path: string; readonly written: Reference | undefined } | { readonly refused: string } {
  const resource = parseResource(path, pathRules(state.settings));
  return "refused" in resource ? resource : { path: resource.path, written: state.virtualTree.get(resource.key) };
}

/** A path as the session names it; undefined for one that it refuses. */
export function pathName(state: Readonly<SessionState>, path: string): string | undefined {
  const resource = parseResource(path, pathRules(state.settings));
  return "refused" in resource ? undefined : resource.path;
}

/** Whether two names are of one family: `name`, `name#2`, `name#3`. */
export function isSameFamily(one: string, other: string): boolean {
  return familyOf(one) === familyOf(other);
}

/** Who of the family of a name is that instance and has not left: the same client, perhaps under another name of the family. */
export function memberOf(state: Readonly<SessionState>, name: string, instance: string): Participant | undefined {
  return familyIn(state, name).find(({ instanceId, presence }) => instanceId === instance && presence !== "left");
}

/** Names under `name` that hold something and are that name's own instances: sub-agents of one client, as it had them before. */
export function agentsOf(state: Readonly<SessionState>, name: string, instanceOf: (name: string) => string): string[] {
  const holders = new Set([...state.liveIntents].flatMap((id) => state.intents.get(id)?.principal ?? []));
  return [...holders]
    .filter((id) => id.startsWith(`${name}/`) && state.participants.get(id)?.instanceId === instanceOf(familyOf(id)))
    .map(familyOf);
}

/** Whose an intent is, or was, or will be: one that waits for its turn has an owner as well. */
export function ownerOf(state: Readonly<SessionState>, intentId: string): PrincipalId | undefined {
  const waiting = state.waiting.get(intentId as IntentId);
  return (
    state.intents.get(intentId as IntentId)?.principal ?? (waiting === undefined ? undefined : state.deferrals.get(waiting)?.principal)
  );
}

/** The fingerprint of the credential that the family of a name belongs to, where credentials are wanted. */
export function credentialOf(state: Readonly<SessionState>, principal: string): string | undefined {
  return state.credentials.get(familyOf(principal));
}

/** The programs that run the names of one family, as far as they said so and are remembered. */
export function hostsInFamily(state: Readonly<SessionState>, principal: string): { readonly id: PrincipalId; readonly host: Host }[] {
  return familyIn(state, principal)
    .filter(isKnown)
    .flatMap(({ id, host }) => (host === undefined ? [] : [{ id, host }]));
}

/**
 * The last committed operation of each other tree on each file of `paths`, newest first; those that an operation of the
 * asker's own tree has taken up since are left out.
 */
export function writtenElsewhere(state: Readonly<SessionState>, paths: readonly string[], tree: string): Operation[] {
  const last = new Map<string, Operation>();
  const own = new Map<string, Operation[]>();
  for (const id of state.written.overlapping(resourcesIn(state, paths)).keys()) {
    const operation = state.operations.get(id as OpId);
    if (operation === undefined) continue;
    if (operation.tree === tree) {
      own.set(operation.target, [...(own.get(operation.target) ?? []), operation]);
      continue;
    }
    const place = `${operation.tree} ${operation.target}`;
    if (operation.committedAt > (last.get(place)?.committedAt ?? 0)) last.set(place, operation);
  }
  const isTakenUp = ({ target, stateRefAfter, committedAt }: Operation): boolean =>
    (own.get(target) ?? []).some(
      (mine) =>
        mine.committedAt > committedAt && (refsEqual(mine.stateRefBefore, stateRefAfter) || refsEqual(mine.stateRefAfter, stateRefAfter)),
    );
  return [...last.values()].filter((operation) => !isTakenUp(operation)).sort((a, b) => b.committedAt - a.committedAt);
}

/** Those of `paths` that no scope may name, each with a sentence. */
export function refusedPaths(state: Readonly<SessionState>, paths: readonly string[]): { readonly path: string; readonly why: string }[] {
  const rules = pathRules(state.settings);
  return paths.flatMap((path) => {
    const resource = parseResource(path, rules);
    return "refused" in resource ? [{ path, why: resource.refused }] : [];
  });
}

/** Files of one worktree that are compared with scopes in one question: a glob is compared with each. */
export const MAX_COMPARED = 1_000;

/** Those of the plain paths that meet `within`; what is no path meets nothing. */
export function pathsWithin(state: Readonly<SessionState>, paths: readonly string[], within: readonly string[]): string[] {
  const asked = createScopeIndex();
  asked.add("asked", resourcesIn(state, within));
  return parsed(state, paths)
    .filter((file) => asked.overlapping([file], 1).size > 0)
    .map(({ path }) => path);
}

/**
 * Which of the changed files of a worktree no live intent of anybody who works in it declares, of the first 1,000. The
 * session's own index is asked for each file, so the answer costs the files and whoever is over them.
 */
export function undeclaredIn(state: Readonly<SessionState>, tree: string, changed: readonly string[]): string[] {
  const worksThere = (id: string): boolean => {
    const owner = state.intents.get(id as IntentId)?.principal;
    return owner !== undefined && state.participants.get(owner)?.worktree?.id === tree;
  };
  const isRegistered = (file: Resource): boolean => {
    const { whole, part } = registryOf(state.settings).over([file]);
    return whole.size + part.size > 0;
  };
  return parsed(state, changed)
    .slice(0, MAX_COMPARED)
    .filter((file) => ![...state.index.overlapping([file]).keys()].some(worksThere))
    .filter((file) => !isRegistered(file) || !meetings(state, [file]).some(({ intent }) => worksThere(intent.id)))
    .map(({ path }) => path);
}

/** A list of changed files is asked about again and again until the next look at its worktree. */
const parsedLists = new WeakMap<readonly string[], { readonly settings: object; readonly resources: Resource[] }>();

function parsed(state: Readonly<SessionState>, paths: readonly string[]): Resource[] {
  const known = parsedLists.get(paths);
  if (known?.settings === state.settings) return known.resources;
  const resources = resourcesIn(state, paths);
  parsedLists.set(paths, { settings: state.settings, resources });
  return resources;
}

function resourcesIn(state: Readonly<SessionState>, paths: readonly string[]): Resource[] {
  const rules = pathRules(state.settings);
  return paths.map((text) => parseResource(text, rules)).filter((resource): resource is Resource => !("refused" in resource));
}

/** When an operation in this tree last changed the file, milliseconds since 1970; undefined when none is remembered. */
export function lastWrittenMs(state: Readonly<SessionState>, tree: string, path: string): number | undefined {
  const times = [...state.written.overlapping(resourcesIn(state, [path])).keys()]
    .flatMap((id) => state.operations.get(id as OpId) ?? [])
    .filter((operation) => operation.tree === tree && operation.target === path)
    .map(({ committedAtMs }) => committedAtMs);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Everybody who works in a worktree now. */
export function workersIn(state: Readonly<SessionState>, tree: string): PrincipalId[] {
  return [...state.participants.values()]
    .filter(({ presence, worktree }) => presence === "available" && worktree?.id === tree)
    .map(({ id }) => id);
}

export { treeOf } from "./virtual-tree.ts";

export function isVirtual(tree: string): boolean {
  return tree === VIRTUAL_TREE;
}

/** Whether it is an intent of the principal that may be worked under now. */
export function ownActiveIntent(state: Readonly<SessionState>, principal: PrincipalId, intentId: string): boolean {
  const intent = state.intents.get(intentId as IntentId);
  return intent?.principal === principal && intent.state === "ACTIVE";
}
