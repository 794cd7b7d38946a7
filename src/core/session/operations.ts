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
import { coversFile, parseResource } from "../scope/resource.ts";
import { dismissalsAfter } from "./dismissal.ts";
import { ownLiveIntent } from "./intents.ts";
import { pathRules } from "./scopes.ts";
import { VIRTUAL_TREE, type Participant, type SessionState } from "./state.ts";
import { refuse, type SessionMoment, type Verdict } from "./verdict.ts";

type Commit = Message<"OP_COMMIT">["payload"];
type WrittenFile = SessionEventOf<"OperationCommitted">["files"][number];

export function decideCommit(state: Readonly<SessionState>, message: Message<"OP_COMMIT">, sender: Participant, at: SessionMoment): Verdict {
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
  const barred = intentBars(state, payload, sender);
  if (barred !== undefined) return barred;

  const tree = sender.worktree?.id ?? VIRTUAL_TREE;
  const files = tree === VIRTUAL_TREE ? virtualFiles(payload) : [];
  const stale = tree === VIRTUAL_TREE ? staleOnVirtualTree(state, payload, files, at) : staleOnDisk(payload);
  if (stale !== undefined) return stale;

  const covered = [...sender.intents].some((id) => {
    const intent = state.intents.get(id);
    return intent?.state === "ACTIVE" && intent.resources.some((resource) => coversFile(resource, target.key));
  });
  const committed: SessionEventOf<"OperationCommitted"> = {
    type: "OperationCommitted",
    opId: payload.op_id,
    principalId: sender.id,
    ...(payload.intent_id === undefined || payload.intent_id === null ? {} : { intentId: payload.intent_id }),
    target: target.path,
    opKind: payload.op_kind ?? "replace",
    tree,
    stateRefBefore: payload.state_ref_before ?? null,
    stateRefAfter: payload.state_ref_after ?? null,
    observed: payload.extensions?.signalbox?.observed ?? null,
    uncoordinated: !covered,
    files,
    contentHash,
  };
  return { events: [committed] };
}

/**
 * Whether the named intent forbids the operation. A sender that presents a fencing token is held to it; one that
 * presents none may name an intent that has ended, as real clients do, and its operation is marked uncoordinated.
 */
function intentBars(state: Readonly<SessionState>, payload: Commit, sender: Participant): { readonly rejected: Rejection } | undefined {
  const fence = payload.extensions?.signalbox?.fence;
  const { intent_id: id } = payload;
  if (id === undefined || id === null) {
    return fence === undefined ? undefined : refuse("message/malformed", "a fence goes with the intent_id it belongs to");
  }

  const own = ownLiveIntent(state, id, sender);
  if ("rejected" in own) {
    const tolerated = fence === undefined && own.rejected.code !== "intent/not-owner";
    return tolerated ? undefined : own;
  }
  if (own.intent.state === "SUSPENDED") {
    return refuse("intent/suspended", `intent ${id} is suspended; send HELLO or HEARTBEAT to take it up again`);
  }
  if (fence !== undefined && fence !== own.intent.fence) {
    return refuse("intent/fence-passed", `intent ${id} is at fence ${own.intent.fence}, not ${fence}; read it again`, { fence: own.intent.fence });
  }
  return undefined;
}

function staleOnDisk(payload: Commit): { readonly rejected: Rejection } | undefined {
  const observed = payload.extensions?.signalbox?.observed;
  const before = payload.state_ref_before;
  if (observed === undefined || before === undefined || before === null) return undefined;
  return refsEqual(before, observed) ? undefined : staleRefusal(payload.target, before, observed);
}

function virtualFiles(payload: Commit): WrittenFile[] {
  const changes = Object.entries(payload.file_changes ?? {});
  if (changes.length === 0) return [{ path: payload.target, stateRef: payload.state_ref_after ?? null }];
  return changes.map(([path, change]) => ({
    path,
    stateRef: change.state_ref ?? null,
    ...(change.blob === undefined ? {} : { blob: change.blob }),
  }));
}

function staleOnVirtualTree(
  state: Readonly<SessionState>,
  payload: Commit,
  files: readonly WrittenFile[],
  at: SessionMoment,
): { readonly rejected: Rejection } | undefined {
  const rules = pathRules(state.settings);
  for (const { path } of files) {
    const resource = parseResource(path, rules);
    if ("refused" in resource) return refuse("scope/refused", resource.refused, { resource: path });
    const expected = payload.file_changes?.[path]?.state_ref_before ?? payload.state_ref_before ?? null;
    const recorded = state.virtualTree.get(resource.key);
    const current = recorded === undefined ? (at.facts.bases?.[resource.path] ?? null) : recorded.stateRef;
    const passes = expected === null || current === null || refsEqual(expected, current);
    if (!passes) return staleRefusal(path, expected, current);
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

/** An author replaces its own committed operation; the reference read from disk comes as `state_ref_after` (SPEC 16.5). */
export function decideSupersede(state: Readonly<SessionState>, message: Message<"OP_SUPERSEDE">, sender: Participant, at: SessionMoment): Verdict {
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
