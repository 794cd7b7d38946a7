/**
 * When a change counts as done (SPEC 16, post-commit) and when it rests on something that is no longer so.
 *
 * A client that names its worktree works on its own disk, and the disk is the truth: it sends the reference it has just
 * read. Clients that name none share the session's virtual tree, where the last recorded reference decides.
 */
import type { Message } from "../../wire/mpac/messages.ts";
import type { Rejection } from "../../wire/refusals.ts";
import { refsEqual } from "../../wire/references.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { coversFile, parseResource, type Resource } from "../scope/resource.ts";
import { dismissalsAfter } from "./dismissal.ts";
import { ownLiveIntent, suspendedRefusal } from "./intents.ts";
import { meetings } from "./overlaps.ts";
import { pathRules } from "./scopes.ts";
import { VIRTUAL_TREE, type Participant, type SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

type Commit = Message<"OP_COMMIT">["payload"];
type WrittenFile = SessionEventOf<"OperationCommitted">["files"][number];

export function decideCommit(
  state: Readonly<SessionState>,
  message: Message<"OP_COMMIT">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const contentHash = at.facts.contentHash ?? "";
  const standing = state.operations.get(payload.op_id);
  if (standing !== undefined) {
    const same = standing.principal === sender.id && standing.contentHash === contentHash;
    return same
      ? { standing: { revision: standing.committedAt } }
      : refuse("id/taken", `operation id ${payload.op_id} is in use; choose another`);
  }

  const target = parseResource(payload.target, pathRules(state.settings));
  if ("refused" in target) return refuse("scope/refused", target.refused, { resource: payload.target });
  const barred = fenceBars(state, payload, sender) ?? suspensionBars(state, payload);
  if (barred !== undefined) return barred;

  const tree = sender.worktree?.id ?? VIRTUAL_TREE;
  const read = tree === VIRTUAL_TREE ? readChanges(state, payload, target) : { changes: [] };
  if ("rejected" in read) return read;
  const stale = tree === VIRTUAL_TREE ? staleOnVirtualTree(state, read.changes, at) : staleOnDisk(payload);
  if (stale !== undefined) return stale;

  const covered = meetings(state, [target]).some(
    ({ intent }) =>
      intent.principal === sender.id && intent.state === "ACTIVE" && intent.resources.some((resource) => coversFile(resource, target.key)),
  );
  const committed: SessionEventOf<"OperationCommitted"> = {
    type: "OperationCommitted",
    opId: payload.op_id,
    principalId: sender.id,
    ...(payload.intent_id === undefined || payload.intent_id === null ? {} : { intentId: payload.intent_id }),
    target: target.path,
    opKind: payload.op_kind ?? "replace",
    tree,
    ...(sender.worktree?.branch === undefined ? {} : { branch: sender.worktree.branch }),
    stateRefBefore: payload.state_ref_before ?? null,
    stateRefAfter: payload.state_ref_after ?? null,
    observed: payload.extensions?.signalbox?.observed ?? null,
    uncoordinated: !covered,
    files: read.changes.flatMap((change) => change.written ?? []),
    contentHash,
  };
  return { events: [committed] };
}

type NamesIntent = Pick<Commit, "intent_id" | "extensions">;

/**
 * Whether the fencing token, or the intent's owner, forbids the operation. A sender that presents a token is held to it;
 * one that presents none may name an intent that has ended, as real clients do, and its operation is marked
 * uncoordinated.
 */
function fenceBars(state: Readonly<SessionState>, named: NamesIntent, sender: Participant): { readonly rejected: Rejection } | undefined {
  const fence = named.extensions?.signalbox?.fence;
  const { intent_id: id } = named;
  if (id === undefined || id === null) {
    return fence === undefined ? undefined : refuse("message/malformed", "a fence goes with the intent_id it belongs to");
  }

  const own = ownLiveIntent(state, id, sender);
  if ("rejected" in own) {
    const tolerated = fence === undefined && own.rejected.code !== "intent/not-owner";
    return tolerated ? undefined : own;
  }
  if (fence === undefined) return undefined;
  if (own.intent.state === "SUSPENDED") return suspendedRefusal(id);
  if (fence === own.intent.fence) return undefined;
  return refuse("intent/fence-passed", `intent ${id} is at fence ${own.intent.fence}, not ${fence}; read it again`, {
    fence: own.intent.fence,
  });
}

/** Nothing new is done under a suspended intent (SPEC 14.7.2). */
function suspensionBars(state: Readonly<SessionState>, { intent_id: id }: NamesIntent): { readonly rejected: Rejection } | undefined {
  if (id === undefined || id === null || state.intents.get(id)?.state !== "SUSPENDED") return undefined;
  return suspendedRefusal(id);
}

function staleOnDisk(payload: Commit): { readonly rejected: Rejection } | undefined {
  const observed = payload.extensions?.signalbox?.observed;
  const before = payload.state_ref_before;
  if (observed === undefined || before === undefined || before === null) return undefined;
  return refsEqual(before, observed) ? undefined : staleRefusal(payload.target, before, observed);
}

/** One path that a commit on the virtual tree is about. */
interface Change {
  readonly resource: Resource;
  /** The reference that the sender built on, where it names one. */
  readonly expected: string | null;
  /** What it left there; nothing when the commit says nothing of it. */
  readonly written: WrittenFile | undefined;
}

/** A commit names its files one by one in `file_changes`, or is about its target alone; its own references are the target's. */
function readChanges(
  state: Readonly<SessionState>,
  payload: Commit,
  target: Resource,
): { readonly changes: readonly Change[] } | { readonly rejected: Rejection } {
  const rules = pathRules(state.settings);
  const before = payload.state_ref_before ?? null;
  const changes: Change[] = [];
  for (const [path, change] of Object.entries(payload.file_changes ?? {})) {
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
  // In the order of their names: the log keeps members sorted, and the same record must be decided the same again.
  changes.sort((a, b) => (a.resource.key < b.resource.key ? -1 : 1));
  if (changes.some(({ resource }) => resource.key === target.key)) return { changes };

  const after = payload.state_ref_after ?? null;
  const says = changes.length === 0 && (after !== null || payload.op_kind === "delete");
  const written = says ? { path: target.path, stateRef: after } : undefined;
  return { changes: [...changes, { resource: target, expected: before, written }] };
}

function staleOnVirtualTree(
  state: Readonly<SessionState>,
  changes: readonly Change[],
  at: SessionMoment,
): { readonly rejected: Rejection } | undefined {
  const bases = new Map(Object.entries(at.facts.bases ?? {}));
  for (const { resource, expected } of changes) {
    const recorded = state.virtualTree.get(resource.key);
    const onDisk = bases.get(resource.path) ?? null;
    const current = recorded === undefined ? onDisk : recorded.stateRef;
    // A commit that brought no content left the file itself as it is, so that its readers build on the disk's.
    const isShown = recorded?.blob === undefined && onDisk !== null && refsEqual(expected, onDisk);
    const passes = expected === null || current === null || refsEqual(expected, current) || isShown;
    if (!passes) return staleRefusal(resource.path, expected, current);
  }
  return undefined;
}

function staleRefusal(path: string, expected: string, current: string | null): { readonly rejected: Rejection } {
  const found = current === null ? "missing" : current;
  return refuse("operation/stale", `${path} is ${found}, not ${expected}; read it again and build on what it says now`, {
    path,
    current_state_ref: current,
  });
}

/**
 * An author replaces its own committed operation; the reference read from disk comes as `state_ref_after` (SPEC 16.5).
 * Without a token it may do so after its intent was suspended or ended: that is how a change that never reached the disk
 * is taken back.
 */
export function decideSupersede(
  state: Readonly<SessionState>,
  message: Message<"OP_SUPERSEDE">,
  sender: Participant,
  at: SessionMoment,
): Verdict {
  const { payload } = message;
  const contentHash = at.facts.contentHash ?? "";
  const standing = state.operations.get(payload.op_id);
  if (standing !== undefined) {
    const same = standing.principal === sender.id && standing.contentHash === contentHash;
    return same
      ? { standing: { revision: standing.committedAt } }
      : refuse("id/taken", `operation id ${payload.op_id} is in use; choose another`);
  }

  const earlier = state.operations.get(payload.supersedes_op_id);
  if (earlier === undefined) return refuse("operation/unknown", `there is no operation ${payload.supersedes_op_id}`);
  if (earlier.principal !== sender.id) return refuse("operation/not-owner", `operation ${earlier.id} belongs to ${earlier.principal}`);
  if (earlier.state !== "COMMITTED") return refuse("operation/not-committed", `operation ${earlier.id} is ${earlier.state}`);
  const barred = fenceBars(state, payload, sender);
  if (barred !== undefined) return barred;
  const target = parseResource(payload.target, pathRules(state.settings));
  if ("refused" in target) return refuse("scope/refused", target.refused, { resource: payload.target });
  if (target.path !== earlier.target) {
    return refuse("message/malformed", `operation ${earlier.id} is about ${earlier.target}; a superseding one has the same target`);
  }

  const superseded: SessionEventOf<"OperationSuperseded"> = {
    type: "OperationSuperseded",
    opId: earlier.id,
    supersededBy: payload.op_id,
    principalId: sender.id,
    target: earlier.target,
    tree: earlier.tree,
    stateRefAfter: payload.state_ref_after ?? null,
    ...(payload.reason === undefined || payload.reason === null ? {} : { reason: payload.reason }),
    contentHash,
  };
  return { events: [superseded, ...dismissalsAfter(state, new Set(), new Set([earlier.id]))] };
}
