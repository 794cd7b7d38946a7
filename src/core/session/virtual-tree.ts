/**
 * When an operation rests on something that is no longer so, and what it leaves behind.
 *
 * A client that names its worktree works on its own disk, and the disk is the truth: it sends the reference it has just
 * read. Clients that name none share the session's virtual tree, where the last recorded reference decides.
 */
import { isStateRef, refsEqual } from "../../wire/references.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { parseResource, type Resource } from "../scope/resource.ts";
import { refuse } from "../verdict.ts";
import type { Refusal, Said } from "./grounds.ts";
import { pathRules } from "./scopes.ts";
import type { SessionState } from "./state.ts";
import { type Reference, VIRTUAL_TREE } from "./state/operations.ts";
import type { Participant } from "./state/participants.ts";
import type { SessionMoment } from "./verdict.ts";

export type WrittenFile = SessionEventOf<"OperationCommitted">["files"][number];

/** What stands at a path of the virtual tree, by comparison key. */
export type Standing = Pick<Reference, "stateRef" | "blob">;

/** One path that an operation on the virtual tree is about. */
interface Change {
  readonly resource: Resource;
  /** The reference that the sender built on, where it names one. */
  readonly expected: string | null;
  /** What it leaves there; nothing when it says nothing of it. */
  readonly written: WrittenFile | undefined;
}

/** The tree that a participant's operations are about: its worktree, or the one that all without a worktree share. */
export function treeOf({ worktree }: Pick<Participant, "worktree">): string {
  return worktree?.id ?? VIRTUAL_TREE;
}

/**
 * The files that the operation writes on the virtual tree, when nothing that it rests on is stale.
 *
 * @param earlier - what other operations of the same message leave on that tree, by comparison key; its own come to it
 */
export function filesOf(
  state: Readonly<SessionState>,
  said: Said,
  target: Resource,
  sender: Participant,
  at: SessionMoment,
  earlier?: Map<string, Standing>,
): { readonly files: WrittenFile[] } | Refusal {
  if (treeOf(sender) !== VIRTUAL_TREE) return staleOnDisk(said) ?? { files: [] };
  const read = readChanges(state, said, target);
  if ("rejected" in read) return read;
  const stale = staleOnVirtualTree(state, read.changes, at, earlier);
  if (stale !== undefined) return stale;

  for (const { resource, written } of read.changes) {
    if (written !== undefined) earlier?.set(resource.key, { stateRef: written.stateRef, blob: written.blob });
  }
  return { files: read.changes.flatMap(({ written }) => written ?? []) };
}

function staleOnDisk(said: Said): Refusal | undefined {
  const observed = said.extensions?.signalbox?.observed;
  const before = said.state_ref_before;
  if (observed === undefined || before === undefined || before === null) return undefined;
  return refsEqual(before, observed) ? undefined : staleRefusal(said.target, before, observed);
}

/** An operation names its files one by one in `file_changes`, or is about its target alone; its own references are the target's. */
function readChanges(state: Readonly<SessionState>, said: Said, target: Resource): { readonly changes: readonly Change[] } | Refusal {
  const rules = pathRules(state.settings);
  const before = said.state_ref_before ?? null;
  const changes: Change[] = [];
  for (const [path, change] of Object.entries(said.file_changes ?? {})) {
    const resource = parseResource(path, rules);
    if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: path });
    const written = {
      path: resource.path,
      stateRef: change.state_ref ?? null,
      ...(change.blob === undefined ? {} : { blob: change.blob }),
    };
    if (changes.some((known) => known.resource.key === resource.key)) {
      return refuse("message/malformed", `file_changes names ${resource.path} twice, in two spellings`);
    }
    changes.push({ resource, expected: change.state_ref_before ?? (resource.key === target.key ? before : null), written });
  }
  if (changes.length === 0) return { changes: [targetChange(said, target)] };
  // In the order of their names: the log keeps members sorted, and the same record must be decided the same again.
  changes.sort((a, b) => (a.resource.key < b.resource.key ? -1 : 1));
  if (changes.some(({ resource }) => resource.key === target.key)) return { changes };

  return { changes: [...changes, { resource: target, expected: before, written: undefined }] };
}

/** Of an operation that is about its target alone. */
function targetChange(said: Said, target: Resource): Change {
  const after = said.state_ref_after ?? null;
  const written = after !== null || said.op_kind === "delete" ? { path: target.path, stateRef: after } : undefined;
  return { resource: target, expected: said.state_ref_before ?? null, written };
}

function staleOnVirtualTree(
  state: Readonly<SessionState>,
  changes: readonly Change[],
  at: SessionMoment,
  earlier: ReadonlyMap<string, Standing> | undefined,
): Refusal | undefined {
  const { bases } = at.facts;
  for (const { resource, expected, written } of changes) {
    const own = earlier?.get(resource.key);
    const recorded = own ?? state.virtualTree.get(resource.key);
    const onDisk = (bases !== undefined && Object.hasOwn(bases, resource.path) ? bases[resource.path] : undefined) ?? null;
    const current = recorded === undefined ? onDisk : recorded.stateRef;
    // A commit that brought no content left the file itself as it is, so that its readers build on the disk's.
    const isShown = own === undefined && recorded?.blob === undefined && onDisk !== null && refsEqual(expected, onDisk);
    // In another format it says nothing about the disk, and what cannot be compared is not stale (SPEC 16.3); but no content goes over a file unseen, and none goes away.
    const leavesIt = written?.blob === undefined && written?.stateRef !== null;
    const isForeign = recorded === undefined && leavesIt && !isStateRef(expected);
    const passes = expected === null || current === null || refsEqual(expected, current) || isShown || isForeign;
    if (!passes) return staleRefusal(resource.path, expected, current);
  }
  return undefined;
}

function staleRefusal(path: string, expected: string, current: string | null): Refusal {
  const found = current === null ? "missing" : current;
  return refuse("operation/stale", `${path} is ${found}, not ${expected}; read it again and build on what it says now`, {
    path,
    current_state_ref: current,
  });
}

/** Whether what a proposal was built on is known to be no more, without a look at a disk. */
export function isOutdated(state: Readonly<SessionState>, tree: string, target: Resource, before: string | null): boolean {
  const recorded = tree === VIRTUAL_TREE && before !== null ? state.virtualTree.get(target.key) : undefined;
  if (recorded?.blob === undefined || recorded.stateRef === null) return false;
  return !refsEqual(before, recorded.stateRef);
}
