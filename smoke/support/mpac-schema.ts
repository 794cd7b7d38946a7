/** The JSON Schemas of MPAC as an oracle: what a coordinator says is held against them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { MpacFrame } from "./mpac-client.ts";

const FOLDER = fileURLToPath(new URL("../mpac-schema/", import.meta.url));
const ENVELOPE = "https://mpac-protocol.org/schema/envelope.schema.json";
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** Codes that servers of 0.1.15 send and its schemas, of 0.1.13, do not list. */
const NEWER_CODES = ["STALE_INTENT", "STALE_STATE_REF", "STORE_UNAVAILABLE"];

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

type Schema = { properties?: { error_code?: { enum?: string[] } } } & Record<string, unknown>;

/** Gives what is wrong with a message of the coordinator, a line each. */
export function schemaOracle(): (frame: MpacFrame) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": RFC_3339 } });
  for (const path of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"))) {
    const schema = JSON.parse(readFileSync(`${FOLDER}${path}`, "utf8")) as Schema;
    if (path.endsWith("protocol_error.schema.json")) schema.properties?.error_code?.enum?.push(...NEWER_CODES);
    ajv.addSchema(schema);
  }
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
