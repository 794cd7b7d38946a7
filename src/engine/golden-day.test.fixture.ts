/**
 * What a golden stream plays: a day in which everything happens that a log can tell of, and everything is refused that a
 * session refuses. A new event, a new member of one, or a new refusal gets its line here; then `npm run golden`.
 */
import type { Json, JsonObject } from "../wire/json.ts";
import type { ClientMessage } from "../wire/mpac/messages.ts";
import { advising } from "./golden-advice.test.fixture.ts";
import { governing } from "./golden-governance.test.fixture.ts";
import { provingThemselves } from "./golden-identity.test.fixture.ts";
import { batchTheDayBefore, proposing } from "./golden-operations.test.fixture.ts";
import { claimingTheDayBefore, ending, takingTurns } from "./golden-turns.test.fixture.ts";

type Type = ClientMessage["message_type"];

/** The surroundings that a script runs in: a session on a clock of its own. */
export interface Stage {
  /** Says something and gives back how it was refused, or `ok`. The facts are what an edge would find. */
  readonly says: (principal: string, type: Type, payload: JsonObject, facts?: JsonObject) => Promise<string>;
  /** The same of another instance of that name. */
  readonly saysAs: (instance: string, principal: string, type: Type, payload: JsonObject, facts?: JsonObject) => Promise<string>;
  /** The connection of somebody is gone, who has not said that it leaves. */
  readonly loses: (principal: string) => Promise<void>;
  /** The conflicts that are open or acknowledged, the oldest first. */
  readonly conflicts: () => Promise<readonly string[]>;
  /** The fencing token of an intent. */
  readonly fenceOf: (intent: string) => Promise<number>;
  /** The instant that the next decision is made at, about. */
  readonly nowMs: () => number;
  readonly pass: (ms: number) => Promise<void>;
  /** The machine sleeps: both clocks move, and nothing runs. */
  readonly sleep: (ms: number) => Promise<void>;
  /** The process ends, and another one opens the log, with these settings beside those that it has. */
  readonly restart: (settings?: JsonObject) => Promise<void>;
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const REF = (digit: string): string => `sha256:${digit.repeat(64)}`;

const files = (...resources: string[]): JsonObject => ({ kind: "file_set", resources });
const ours = (extension: JsonObject): JsonObject => ({ extensions: { signalbox: extension } });
const tree = (digit: string, more: JsonObject = {}): JsonObject => ({ id: digit.repeat(16), path: `/trees/${digit}`, ...more });
const intent = (id: string, scope: Json, more: JsonObject = {}): JsonObject => ({ intent_id: id, objective: `do ${id}`, scope, ...more });

export async function playGoldenDay(stage: Stage): Promise<void> {
  await theDayBefore(stage);
  await joining(stage);
  await announcing(stage);
  await arguing(stage);
  await otherKinds(stage);
  await advising(stage);
  await changing(stage);
  await goingAway(stage);
  await governing(stage);
  await takingTurns(stage);
  await proposing(stage);
  await provingThemselves(stage);
  await ending(stage);
}

/** What has ended and who has gone leaves the state a day later, so nothing of this is in it at the end. */
async function theDayBefore(stage: Stage): Promise<void> {
  const { says, pass } = stage;
  await claimingTheDayBefore(stage);
  for (const principal of ["ana", "bo", "dee"]) await says(principal, "HELLO", {});
  await says("ana", "INTENT_ANNOUNCE", intent("a0", files("src/old.ts")));
  await says("bo", "INTENT_ANNOUNCE", intent("b0", files("src/old.ts"), ours({ on_overlap: "proceed" })));
  await says("ana", "OP_COMMIT", { op_id: "o0", target: "src/old.ts", intent_id: "a0", state_ref_after: REF("0") });
  await says("bo", "OP_COMMIT", { op_id: "p0", target: "src/other.ts", state_ref_after: REF("0") });
  await batchTheDayBefore(stage);
  await says("bo", "INTENT_WITHDRAW", { intent_id: "b0" });
  await says("dee", "GOODBYE", {});
  await pass(25 * HOUR);
}

async function joining({ says, saysAs }: Stage): Promise<void> {
  const host = { pid: 7, started_at: "100" };
  await says("ana", "HELLO", {
    display_name: "Ana",
    roles: ["owner"],
    ...ours({ worktree: tree("a", { branch: "main", head: "0".repeat(40) }), host }),
  });
  await says("bo", "HELLO", { roles: ["contributor"], ...ours({ worktree: tree("b") }) });
  await says("cy", "HELLO", {});
  await says("service:coordinator:1", "HELLO", {});
  await saysAs("2", "bo", "HELLO", ours({}), { connected: ["bo"] });
  await saysAs("2", "bo#2", "HELLO", ours({ host: { pid: 8 } }), { connected: ["bo"] });
  await saysAs("3", "cy", "HELLO", {}, { living: ["cy"] });
  await says("dee", "INTENT_WITHDRAW", { intent_id: "d" });
  await says("ana", "HEARTBEAT", {
    status: "working",
    summary: "reads",
    active_intent_id: "a1",
    ...ours({ worktree: tree("a", { branch: "topic", head: "1".repeat(40) }) }),
  });
  await says("ana", "HEARTBEAT", { status: "working" });
}

async function announcing({ says }: Stage): Promise<void> {
  const first = intent("a1", files("src/a.ts", "src/lib/"), { ttl_sec: 900, ...ours({ request_id: "r1", renews: true }) });
  await says("ana", "INTENT_ANNOUNCE", first);
  await says("ana", "INTENT_ANNOUNCE", first);
  await says("ana", "INTENT_ANNOUNCE", { ...first, objective: "other" });
  await says("bo", "INTENT_ANNOUNCE", intent("b1", files("src/a.ts")));
  await says("bo", "INTENT_ANNOUNCE", intent("b1", files("src/a.ts", "docs/**"), ours({ on_overlap: "proceed" })));
  await says("bo", "INTENT_ANNOUNCE", intent("a1", files("x.ts")));
  await says("bo", "INTENT_ANNOUNCE", intent("b2", files("../out.ts")));
  await says("ana", "INTENT_UPDATE", {
    intent_id: "a1",
    objective: "do more",
    ttl_sec: 1_200,
    scope: files("src/a.ts", "src/lib/", "README.md"),
  });
  await says("ana", "INTENT_UPDATE", { intent_id: "a1", scope: files("src/a.ts", "docs/guide.md") });
  await says("ana", "INTENT_UPDATE", { intent_id: "a1", scope: files("docs/guide.md"), ...ours({ on_overlap: "block" }) });
  await says("bo", "INTENT_UPDATE", { intent_id: "a1" });
  await says("bo", "INTENT_UPDATE", { intent_id: "b1", ...ours({ renews: true }) });
  await says("bo", "INTENT_UPDATE", { intent_id: "nobody's" });
  await says("cy", "INTENT_ANNOUNCE", intent("c1", files("styles/**/*.css"), { ttl_sec: 60 }));
}

async function arguing({ says, conflicts }: Stage): Promise<void> {
  const [found = ""] = await conflicts();
  await says("bo", "CONFLICT_ACK", { conflict_id: found });
  await says("ana", "CONFLICT_ACK", { conflict_id: found, ack_type: "disputed" });
  await says("cy", "CONFLICT_ACK", { conflict_id: found });
  await says("cy", "CONFLICT_ACK", { conflict_id: "nobody's" });
  const report = { conflict_id: "k1", category: "semantic", severity: "high", description: "same idea", related_intents: ["b1", "c1"] };
  await says("cy", "CONFLICT_REPORT", report);
  await says("cy", "CONFLICT_REPORT", { ...report, severity: "low" });
  await says("cy", "CONFLICT_REPORT", { conflict_id: "k2", related_intents: ["nobody's"] });
}

/** Scopes that are no files: what may meet is warned of, one name is a conflict, one URI is held. */
async function otherKinds({ says }: Stage): Promise<void> {
  const entities = (names: readonly string[], more: JsonObject = {}): JsonObject => ({ kind: "entity_set", entities: names, ...more });
  await says("cy", "INTENT_ANNOUNCE", intent("c5", entities(["src/a.ts::parse", "session.expiry"], { canonical_uris: ["urn:x:parse"] })));
  await says("bo", "INTENT_ANNOUNCE", intent("b5", entities(["session.expiry"])));
  await says("bo", "INTENT_ANNOUNCE", intent("b6", { kind: "task_set", task_ids: ["T-1"], canonical_uris: ["urn:x:parse"] }));
  await says("bo", "INTENT_ANNOUNCE", intent("b6", { kind: "resource_path", pattern: "../**" }));
  await says("bo", "INTENT_ANNOUNCE", intent("b6", { kind: "resource_path", pattern: "/build/**" }));
}

async function changing({ says, fenceOf }: Stage): Promise<void> {
  const fence = await fenceOf("a1");
  const commit = {
    op_id: "o1",
    target: "src/a.ts",
    intent_id: "a1",
    op_kind: "replace",
    summary: "a change",
    state_ref_before: REF("1"),
    state_ref_after: REF("2"),
  };
  await says("ana", "OP_COMMIT", { ...commit, ...ours({ observed: REF("9") }) });
  await says("ana", "OP_COMMIT", { ...commit, ...ours({ observed: REF("1"), fence: fence + 1 }) });
  await says("ana", "OP_COMMIT", { ...commit, ...ours({ observed: REF("1"), fence }) });
  await says("ana", "OP_COMMIT", { op_id: "o2", target: "src/a.ts", ...ours({ fence }) });
  await says("bo", "OP_COMMIT", { op_id: "o1", target: "src/a.ts" });
  await says("bo", "OP_COMMIT", { op_id: "o2", target: "/etc/passwd" });
  await says("bo", "OP_COMMIT", { op_id: "o2", target: "unannounced.ts", state_ref_after: REF("3") });
  const onTree = {
    op_id: "o3",
    target: "x.css",
    file_changes: { "x.css": { state_ref_before: REF("4"), state_ref: REF("5"), blob: "5".repeat(64) }, "y.css": { state_ref: null } },
  };
  await says("cy", "OP_COMMIT", onTree, { bases: { "x.css": REF("6") } });
  await says("cy", "OP_COMMIT", onTree, { bases: { "x.css": REF("4"), "y.css": REF("7") } });
  await says("ana", "OP_SUPERSEDE", { op_id: "s1", supersedes_op_id: "o2", target: "unannounced.ts" });
  await says("ana", "OP_SUPERSEDE", { op_id: "s1", supersedes_op_id: "nobody's", target: "src/a.ts" });
  await says("ana", "OP_SUPERSEDE", {
    op_id: "s1",
    supersedes_op_id: "o1",
    target: "src/a.ts",
    intent_id: "a1",
    reason: "taken back",
    state_ref_after: REF("1"),
  });
  await says("ana", "OP_SUPERSEDE", { op_id: "s2", supersedes_op_id: "o1", target: "src/a.ts" });
  await says("cy", "CONFLICT_REPORT", { conflict_id: "k3", related_ops: ["o2"], related_intents: ["b1"] });
  await says("bo", "INTENT_WITHDRAW", { intent_id: "b1", reason: "done" });
  await says("bo", "INTENT_WITHDRAW", { intent_id: "b1" });
  await says("bo", "OP_SUPERSEDE", { op_id: "s3", supersedes_op_id: "o2", target: "unannounced.ts", state_ref_after: null });
  await says("bo", "CONFLICT_ACK", { conflict_id: "k3" });
  await says("ana", "INTENT_ANNOUNCE", intent("a2", files("src/a.ts", "src/b.ts")));
}

/** `a2` stands when it begins. */
async function goingAway({ says, saysAs, pass, sleep, restart }: Stage): Promise<void> {
  await pass(61 * SECOND); // c1 ends
  await pass(60 * SECOND); // everybody has been silent for too long
  await says("ana", "OP_COMMIT", { op_id: "o4", target: "src/b.ts", intent_id: "a2" });
  await says("ana", "HEARTBEAT", { status: "working" });
  await says("bo", "HELLO", ours({ worktree: tree("b", { branch: "main" }) }));
  await says("bo", "INTENT_ANNOUNCE", intent("b3", files("lib/b.ts"), { ttl_sec: 7_200 }));
  await saysAs("2", "bo#2", "HELLO", ours({}));
  await saysAs("2", "bo#2", "INTENT_ANNOUNCE", intent("b4", files("lib/c.ts")));
  await says("cy", "HELLO", {});
  await says("cy", "INTENT_ANNOUNCE", intent("c2", files("lib/d.ts"), { ttl_sec: 7_200 }));
  await says("bo", "GOODBYE", { reason: "home", intent_disposition: "transfer" });
  await saysAs("2", "bo#2", "GOODBYE", {});
  await says("cy", "GOODBYE", { intent_disposition: "expire" });
  await says("cy", "HEARTBEAT", {});
  await sleep(600 * SECOND);
  await says("ana", "HEARTBEAT", { status: "idle" });
  await restart();
  await says("ana", "HELLO", ours({ worktree: tree("a"), host: { pid: 9, started_at: "200" } }));
  await says("ana", "INTENT_ANNOUNCE", intent("a3", files("src/z.ts"), { supersedes_intent_id: "a2", ...ours({ request_id: "r2" }) }));
  await says("eve", "HELLO", {});
  await says("eve", "INTENT_ANNOUNCE", intent("e1", files("src/"), ours({ on_overlap: "proceed" })));
}
