/**
 * What a text frame is: a message of a participant, a question, or a mistake with a sentence about it.
 *
 * Nothing that is wrong with a frame throws, and nothing about it reaches anybody but its sender.
 */
import { ClientMessage } from "../../wire/mpac/messages.ts";
import { QueryFrame } from "../../wire/query.ts";
import type { RefusalCode } from "../../wire/refusals.ts";
import { type FileList, FileRead, type SessionSummaryRequest } from "../../wire/mpac/sideband.ts";
import { type Shape, shapeOf } from "../../wire/shape.ts";

/** Deepest nesting of a message: deeper ones are made to hurt, not to say something. */
const MAX_DEPTH = 64;

export type Frame =
  | { readonly kind: "message"; readonly message: ClientMessage }
  | { readonly kind: "query"; readonly query: QueryFrame }
  | { readonly kind: "sideband"; readonly ask: FileList | FileRead | SessionSummaryRequest }
  | ({ readonly kind: "ignored" } & Named)
  | ({ readonly kind: "bad"; readonly code: RefusalCode; readonly why: string } & Named);

/** What a frame that is no message calls itself, as far as that can be read. */
interface Named {
  readonly type?: string;
  readonly refersTo?: string;
}

type Members = Readonly<Record<string, unknown>>;

export function readFrame(text: string): Frame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("the frame is not JSON; send one JSON object in each text frame");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return bad("a frame is one JSON object");
  const flaw = flawOf(value, 0, text.includes("\\u"));
  const frame = value as Members;
  if (flaw !== undefined) return bad(flaw, frame);
  return "message_type" in frame ? readMessage(frame) : readSideband(frame);
}

function bad(why: string, frame?: Members, code: RefusalCode = "message/malformed"): Frame {
  return { kind: "bad", code, why, ...namedBy(frame) };
}

function namedBy(frame: Members | undefined): Named {
  const id = frame?.["message_id"] ?? frame?.["query_id"];
  const type = frame?.["message_type"];
  return { ...(typeof type === "string" ? { type } : {}), ...(typeof id === "string" ? { refersTo: id } : {}) };
}

/**
 * Text that is no Unicode cannot be recorded or sent on, and nesting without end would exhaust the stack.
 *
 * @param escaped - whether the frame escapes characters: what was decoded from UTF-8 can hold half a character in no other way
 */
function flawOf(value: unknown, depth: number, escaped: boolean): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "the message holds a number that is too large";
  if (typeof value === "string") return isUnicode(value, escaped) ? undefined : NO_UNICODE;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_DEPTH) return `the message is nested deeper than ${MAX_DEPTH} levels`;
  const members = value as Members;
  for (const name in members) {
    if (!isUnicode(name, escaped)) return NO_UNICODE;
    const flaw = flawOf(members[name], depth + 1, escaped);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

const NO_UNICODE = "the message holds text that is not valid Unicode";

const isUnicode = (text: string, escaped: boolean): boolean => !escaped || text.isWellFormed();

function readMessage(frame: Members): Frame {
  const type = frame["message_type"];
  if (typeof type !== "string") return bad("message_type is a text", frame);
  const shape = SHAPES.get(type);
  // A type that nobody knows is not an error (SPEC 22.1): a newer peer may speak of what we do not have.
  if (shape === undefined) return { kind: "ignored", ...namedBy(frame) };
  // The frame itself goes on, not a parsed copy: it is relayed and recorded member for member as it came.
  if (shape.isOf(frame)) return { kind: "message", message: frame };
  const { error } = shape.schema.safeParse(frame);
  return bad(`${type}: ${error === undefined ? "it does not have the expected shape" : sentenceOf(error)}`, frame);
}

/** What messages of each type look like. */
const SHAPES: ReadonlyMap<string, Shape<ClientMessage>> = new Map(
  ClientMessage.options.map((schema) => [schema.shape.message_type.value, shapeOf<ClientMessage>(schema)]),
);

function readSideband(frame: Members): Frame {
  switch (frame["type"]) {
    case "SIGNALBOX_QUERY": {
      const query = QueryFrame.safeParse(frame);
      return query.success ? { kind: "query", query: query.data } : bad(`SIGNALBOX_QUERY: ${sentenceOf(query.error)}`, frame);
    }
    case "SESSION_SUMMARY":
      return { kind: "sideband", ask: { type: "SESSION_SUMMARY" } };
    case "FILE_LIST":
      return { kind: "sideband", ask: { type: "FILE_LIST" } };
    case "FILE_READ": {
      const ask = FileRead.safeParse(frame);
      return ask.success ? { kind: "sideband", ask: ask.data } : bad(`FILE_READ: ${sentenceOf(ask.error)}`, frame);
    }
    default:
      return bad("a frame has a message_type (MPAC) or one of the types FILE_LIST, FILE_READ, SESSION_SUMMARY, SIGNALBOX_QUERY", frame);
  }
}

/** What a failed parse says, as far as it is told on. */
interface Flawed {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** The first thing that is wrong, with the place where. */
function sentenceOf(error: Flawed): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it does not have the expected shape";
  const place = issue.path.map(String).join(".");
  return place === "" ? issue.message : `${place}: ${issue.message}`;
}
