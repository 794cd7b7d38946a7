/**
 * What a client says that knows the protocol well enough to hurt: messages of every type over ids that others use, and each of
 * them broken in some way.
 */
import type { Chance } from "../support/chance.ts";

/** A frame as it goes out: text, or bytes that need not be text. */
export type HostileFrame = string | Buffer;

export const PEOPLE = ["ana", "bo", "cy", "dee", "service:coordinator-x", "__proto__"] as const;
const PATHS = [
  "src/a.ts",
  "src/b.ts",
  "lib/",
  "src/**",
  "**/*.ts",
  "../out",
  "/etc/passwd",
  "C:\\x",
  "a\u0000b",
  "",
  "__proto__",
  "é".normalize("NFD"),
] as const;
const REFS = [null, `sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(16)}`, "nonsense", ""] as const;
const KINDS = ["file_set", "resource_path", "entity_set", "task_set", "query", "custom", ""] as const;

/** Without SESSION_CLOSE: an arbiter may end the session, and then there is nothing left to hurt. */
const TYPES = [
  "HELLO",
  "HEARTBEAT",
  "GOODBYE",
  "INTENT_ANNOUNCE",
  "INTENT_UPDATE",
  "INTENT_WITHDRAW",
  "INTENT_DEFERRED",
  "INTENT_CLAIM",
  "OP_PROPOSE",
  "OP_COMMIT",
  "OP_BATCH_COMMIT",
  "OP_REJECT",
  "OP_SUPERSEDE",
  "CONFLICT_REPORT",
  "CONFLICT_ACK",
  "CONFLICT_ESCALATE",
  "RESOLUTION",
  "SESSION_INFO",
  "COORDINATOR_STATUS",
  "INTENT_CLAIM_STATUS",
  "PROTOCOL_ERROR",
  "FUTURE_TYPE",
] as const;

type Members = Record<string, unknown>;

let drawn = 0;

/** The ids are few, so that messages meet; those of the next to last kind are never used up. */
function id(draw: Chance, kind: string): string {
  return draw.below(4) === 0 ? `${kind}-new-${(drawn += 1)}` : `${kind}-${draw.pick(["ana", "bo", "cy"])}-${draw.below(4)}`;
}

function scope(draw: Chance): Members {
  const paths = Array.from({ length: draw.below(4) }, () => draw.pick(PATHS));
  return {
    kind: draw.pick(KINDS),
    resources: paths,
    ...(draw.below(3) === 0 ? { pattern: draw.pick(PATHS) } : {}),
    ...(draw.below(3) === 0 ? { entities: paths, task_ids: paths } : {}),
    ...(draw.below(4) === 0 ? { canonical_uris: paths.map((path) => `resource://x/${path}`) } : {}),
    ...(draw.below(4) === 0
      ? { extensions: { impact: paths, affects_symbols: ["a.b"], depends_on_symbols: ["a.b"], impact_symbols: { "src/a.ts": null } } }
      : {}),
  };
}

/** Every member that any message has, so that each finds its own. */
function payload(draw: Chance): Members {
  const target = draw.pick(PATHS);
  const operation = (): Members => ({
    op_id: id(draw, "op"),
    target,
    op_kind: "replace",
    state_ref_before: draw.pick(REFS),
    state_ref_after: draw.pick(REFS),
  });
  return {
    ...operation(),
    display_name: "x",
    roles: draw.below(2) === 0 ? ["arbiter", "owner"] : ["contributor"],
    capabilities: [],
    status: draw.pick(["idle", "working", "gone"]),
    reason: "fuzz",
    intent_disposition: draw.pick(["withdraw", "transfer", "expire", "?"]),
    intent_id: id(draw, "intent"),
    objective: "o",
    scope: scope(draw),
    ttl_sec: draw.pick([0.001, 1, 300, 86_400, null]),
    priority: draw.pick(["low", "critical", "?"]),
    supersedes_intent_id: draw.below(6) === 0 ? id(draw, "intent") : null,
    deferral_id: id(draw, "deferral"),
    observed_intent_ids: [id(draw, "intent")],
    observed_principals: [draw.pick(PEOPLE)],
    claim_id: id(draw, "claim"),
    original_intent_id: id(draw, "intent"),
    original_principal_id: draw.pick(PEOPLE),
    new_intent_id: id(draw, "intent"),
    batch_id: id(draw, "batch"),
    atomicity: draw.pick(["all_or_nothing", "best_effort", "?"]),
    operations: Array.from({ length: 1 + draw.below(3) }, operation),
    supersedes_op_id: id(draw, "op"),
    file_changes: draw.below(5) === 0 ? { [target]: { content: draw.pick(["x\n", null, 7]), state_ref_before: draw.pick(REFS) } } : null,
    conflict_id: id(draw, "conflict"),
    related_intents: [id(draw, "intent")],
    ack_type: draw.pick(["seen", "accepted", "disputed"]),
    escalate_to: draw.pick(PEOPLE),
    decision: draw.pick(["approved", "rejected", "dismissed", "merged"]),
    outcome: { accepted: [id(draw, "intent")], rejected: [id(draw, "intent"), id(draw, "op")], rollback: "not_required" },
    extensions: {
      signalbox: {
        on_overlap: draw.pick(["block", "proceed", "wait"]),
        ...(draw.below(3) === 0 ? { request_id: `r${draw.below(20)}` } : {}),
        ...(draw.below(6) === 0 ? { fence: draw.below(50) } : {}),
        ...(draw.below(8) === 0 ? { decision: "approved" } : {}),
      },
    },
  };
}

/** What was in the log's place, a number or a depth that a parser must bear. */
function oddity(draw: Chance): unknown {
  return draw.pick<unknown>([
    null,
    true,
    -1,
    1e308,
    2 ** 53,
    "",
    "x".repeat(5_000),
    [],
    {},
    [[[[]]]],
    { __proto__: null, constructor: 1 },
    "\ud800",
    Array.from({ length: 300 }, (_, index) => index),
  ]);
}

/** Another value somewhere, one member less, or one more. */
function broken(draw: Chance, value: unknown): unknown {
  if (typeof value !== "object" || value === null || draw.below(4) === 0) return oddity(draw);
  if (Array.isArray(value)) return value.map((item: unknown, index) => (index === 0 ? broken(draw, item) : item));
  const entries = Object.entries(value);
  const [name, inner] = entries.length === 0 ? ["x", 1] : draw.pick(entries);
  const changed = { ...value, [name]: draw.below(2) === 0 ? broken(draw, inner) : oddity(draw) };
  if (draw.below(5) === 0) return Object.fromEntries(Object.entries(changed).filter(([member]) => member !== name));
  return draw.below(5) === 0 ? { ...changed, [draw.pick(["type", "credential", "__proto__", "toJSON", "x"])]: oddity(draw) } : changed;
}

export interface Voice {
  readonly principal: string;
  readonly instance: string;
  readonly session: string;
}

/** A message in order, of the voice's own name for the most part. */
export function sensible(draw: Chance, voice: Voice, type: string = draw.pick(TYPES)): Members {
  const principal = draw.below(12) === 0 ? draw.pick(PEOPLE) : voice.principal;
  return {
    protocol: "MPAC",
    version: "0.1.15",
    message_type: type,
    message_id: `m-${(drawn += 1)}`,
    session_id: voice.session,
    sender: { principal_id: principal, principal_type: "agent", sender_instance_id: voice.instance },
    ts: new Date().toISOString(),
    watermark: { kind: "lamport_clock", value: draw.below(1_000) },
    payload: payload(draw),
  };
}

const SIDEBAND = ["SESSION_SUMMARY", "FILE_LIST", "FILE_READ", "SIGNALBOX_QUERY", "x"] as const;

function sideband(draw: Chance): Members {
  const query = {
    kind: draw.pick(["summary", "overlap", "intent", "behind", "work"]),
    paths: [draw.pick(PATHS)],
    intent_id: id(draw, "intent"),
  };
  return { type: draw.pick(SIDEBAND), path: draw.pick(PATHS), query_id: "q", query };
}

/** Mostly sensible, often broken, sometimes no JSON, rarely no text. */
export function hostileFrame(draw: Chance, voice: Voice): HostileFrame {
  const kind = draw.below(20);
  if (kind === 0) return JSON.stringify(broken(draw, sideband(draw))) ?? "null";
  if (kind === 1) return JSON.stringify(sideband(draw));
  const message = sensible(draw, voice);
  if (kind < 10) return JSON.stringify(message);
  const text = JSON.stringify(broken(draw, message)) ?? "null";
  if (kind < 16) return text;
  if (kind === 16) return text.slice(0, draw.below(text.length));
  if (kind === 17) return Buffer.from(text);
  if (kind === 18) return `${"[".repeat(draw.below(2_000))}${text}`;
  return Buffer.from(Array.from({ length: draw.below(64) }, () => draw.below(256)));
}
