/** The JSON Schemas of MPAC as an oracle: what a coordinator says is held against them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { MpacFrame } from "./mpac-client.ts";

const FOLDER = fileURLToPath(new URL("../mpac-schema/", import.meta.url));
const ENVELOPE = "https://mpac-protocol.org/schema/envelope.schema.json";
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

type Schema = { properties?: Record<string, { enum?: string[] }>; allOf?: object[] } & Record<string, unknown>;

/** Where the schemas, of 0.1.13, and the specification differ (reference mpac 7.1), the specification is followed. */
export interface Disagreement {
  /** The row of the reference's table, or that it is ours. */
  readonly row: string;
  readonly what: string;
  /** Makes the schemas say what the specification says. */
  readonly amend: (schemaOf: (path: string) => Schema) => void;
}

const code = (name: string) => (schemaOf: (path: string) => Schema) => {
  schemaOf("messages/protocol_error.schema.json").properties?.["error_code"]?.enum?.push(name);
};

/** SPEC 13.1 and 15.5.1: the active form as the coordinator says it on, and the form that ends one. */
const DEFERRED = {
  type: "object",
  required: ["deferral_id", "principal_id"],
  oneOf: [
    {
      required: ["scope", "expires_at"],
      properties: {
        scope: { $ref: "objects/scope.schema.json" },
        expires_at: { type: "string", format: "date-time" },
        reason: { type: "string" },
        category: { enum: ["queue", "duplicate_yield"] },
        observed_intent_ids: { type: "array", items: { type: "string" } },
        observed_principals: { type: "array", items: { type: "string" } },
        status: false,
      },
    },
    { required: ["status"], properties: { status: { enum: ["resolved", "expired"] }, reason: { type: "string" }, scope: false } },
  ],
};

export const DISAGREEMENTS: readonly Disagreement[] = [
  { row: "2", what: "STALE_INTENT is an error code of the specification and missing in the schema", amend: code("STALE_INTENT") },
  {
    row: "3",
    what: "INTENT_DEFERRED is a message of the specification and missing in the schema",
    amend: (schemaOf) => {
      const envelope = schemaOf("envelope.schema.json");
      envelope.properties?.["message_type"]?.enum?.push("INTENT_DEFERRED");
      const isCoordinators = { properties: { message_type: { const: "INTENT_DEFERRED" } }, required: ["coordinator_epoch"] };
      envelope.allOf?.push({ anyOf: [{ not: isCoordinators }, { properties: { payload: DEFERRED } }] });
    },
  },
  { row: "4", what: "STALE_STATE_REF is what clients react to, and stands in neither", amend: code("STALE_STATE_REF") },
  {
    row: "ours",
    what: "STORE_UNAVAILABLE says that nothing could be recorded, for which MPAC has no code",
    amend: code("STORE_UNAVAILABLE"),
  },
];

/** The envelope members that the original's own parser takes; any other ends its connection. */
const MEMBERS = [
  "protocol",
  "version",
  "message_type",
  "message_id",
  "session_id",
  "sender",
  "ts",
  "payload",
  "watermark",
  "coordinator_epoch",
];

/**
 * Gives what is wrong with a message, a line each.
 *
 * @param disagreements - in which the schemas do not count
 */
export function schemaOracle(disagreements: readonly Disagreement[] = DISAGREEMENTS): (frame: MpacFrame) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": RFC_3339 } });
  const schemas = new Map<string, Schema>();
  for (const path of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json")))
    schemas.set(path.replaceAll("\\", "/"), JSON.parse(readFileSync(`${FOLDER}${path}`, "utf8")) as Schema);
  for (const { amend } of disagreements) amend((path) => schemas.get(path) ?? {});
  for (const schema of schemas.values()) ajv.addSchema(schema);
  const validate = ajv.getSchema(ENVELOPE);
  if (validate === undefined) throw new Error(`there is no envelope schema in ${FOLDER}`);
  return (frame) => {
    const type = frame.message_type ?? "(none)";
    const wrong =
      validate(frame) === true
        ? []
        : (validate.errors ?? []).map(({ instancePath, message }) => `${type}${instancePath}: ${message ?? ""}`);
    const strange = Object.keys(frame).filter((name) => !MEMBERS.includes(name));
    return [...wrong, ...strange.map((name) => `${type}: has a member ${name}`)];
  };
}

/** Whether a frame is the coordinator's own and not relayed. */
export function isCoordinators(frame: MpacFrame): boolean {
  return frame.sender?.principal_id.startsWith("service:coordinator-") === true;
}
