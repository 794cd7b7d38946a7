/** What becomes of operations, and of the virtual tree that some of them write. */
import type { IntentId } from "../../../wire/ids.ts";
import type { SessionEventOf } from "../../../wire/session.ts";
import type { Place } from "../../aggregate.ts";
import { parseResource } from "../../scope/resource.ts";
import { pathRules } from "../scopes.ts";
import { isLive, type Operation, type Reference, type SessionState, VIRTUAL_TREE } from "../state.ts";
import { scheduleOperation } from "./forgetting.ts";

export function commit(state: SessionState, event: SessionEventOf<"OperationCommitted">, at: Place): void {
  add(state, { ...event, id: event.opId, intent: event.intentId }, at);
  if (event.tree !== VIRTUAL_TREE) return;
  for (const { path, stateRef, blob } of event.files) write(state, path, { stateRef, blob, by: event.principalId });
}

export function supersede(state: SessionState, event: SessionEventOf<"OperationSuperseded">, at: Place): void {
  const earlier = state.operations.get(event.opId);
  if (earlier === undefined) return;
  earlier.state = "SUPERSEDED";
  state.written.remove(earlier.id);
  add(
    state,
    { ...event, id: event.supersededBy, intent: earlier.intent, branch: earlier.branch, stateRefBefore: earlier.stateRefAfter },
    at,
  );
  if (event.tree !== VIRTUAL_TREE || event.stateRefAfter === null) return;
  write(state, event.target, { stateRef: event.stateRefAfter, blob: undefined, by: event.principalId });
}

interface Birth extends Pick<Operation, "id" | "target" | "tree" | "stateRefBefore" | "stateRefAfter" | "contentHash"> {
  readonly principalId: Operation["principal"];
  readonly intent: IntentId | undefined;
  readonly branch?: string | undefined;
}

/** An operation belongs to its intent while that is live; under an ended one it stands, and is forgotten, by itself. */
function add(state: SessionState, birth: Birth, at: Place): void {
  const { id, principalId: principal, target, tree, branch, stateRefBefore, stateRefAfter, contentHash } = birth;
  const named = birth.intent === undefined ? undefined : state.intents.get(birth.intent);
  const intent = named !== undefined && isLive(named) ? named : undefined;
  const facts = { id, principal, intent: intent?.id, target, tree, branch, stateRefBefore, stateRefAfter, contentHash };
  const committed = { state: "COMMITTED" as const, committedAt: at.revision, committedAtMs: at.atMs };
  const operation: Operation = { ...facts, ...committed, conflicts: new Set() };
  state.operations.set(id, operation);
  const resource = parseResource(target, pathRules(state.settings));
  if (!("refused" in resource)) state.written.add(id, [resource]);
  intent?.operations.push(id);
  scheduleOperation(state, operation, at.atMs);
}

function write(state: SessionState, path: string, reference: Reference): void {
  const resource = parseResource(path, pathRules(state.settings));
  if (!("refused" in resource)) state.virtualTree.set(resource.key, reference);
}
