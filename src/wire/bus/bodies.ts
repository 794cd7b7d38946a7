/**
 * What the bus takes: bodies and queries as bus-mcp's clients send them, and what we take beside. Members that nobody knows
 * are passed over, and everything else is held to its type: `"300"` is no number.
 */
import * as z from "zod";
import { MAX_BODY_BYTES, MAX_LEASE_MS, MAX_NAME_LENGTH, MAX_WAIT_MS } from "../board.ts";
import { PRIORITIES } from "../priorities.ts";
import { DEFAULT_LEASE_S } from "./requests.ts";

/** Messages in one answer. */
export const MAX_MESSAGES_ASKED = 500;

/** C0 and C1 controls would break a line or drive a terminal. */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/; // oxlint-disable-line no-control-regex
/** What shows nothing or turns the direction, so that two names look like one; joiners belong to scripts and emoji. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;
/** Half of a pair cannot be written down as UTF-8. */
const isWhole = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** Of a lane, an owner, a sender, a topic. */
const name = () =>
  z
    .string()
    .max(MAX_NAME_LENGTH, `at most ${MAX_NAME_LENGTH} characters`)
    .refine((text) => text.trim() !== "", "it is empty")
    .refine((text) => !CONTROLS.test(text), "it holds a control character")
    .refine(isWhole, "it is not valid Unicode");

function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/**
 * A lane as the path names it, once percent-decoded. Names that are written alike are the same lane however their
 * characters are composed (Unicode NFC).
 */
export const LaneName = name()
  .refine((text) => !text.includes("/"), "the name of a lane holds no slash")
  .refine((text) => !UNSEEN.test(text), "it holds a character that cannot be seen")
  .refine((text) => text !== "." && text !== "..", "a lane is not called like that: an address would lose it")
  .transform((text) => text.normalize("NFC"));

const requestId = z.string().min(1).max(MAX_NAME_LENGTH).refine(isWhole, "it is not valid Unicode").optional();

const lease = z
  .number()
  .positive("a lease is longer than 0 seconds")
  .max(MAX_LEASE_MS / 1000, `a lease is at most ${MAX_LEASE_MS / 1000} seconds`)
  .transform((seconds) => Math.max(1, Math.round(seconds * 1000)))
  .prefault(DEFAULT_LEASE_S);

export const MessageBody = z.object({
  topic: name(),
  sender: name(),
  body: z
    .string()
    .refine((text) => bytesOf(text) <= MAX_BODY_BYTES, `at most ${MAX_BODY_BYTES / 1024} KiB of UTF-8`)
    .refine(isWhole, "it is not valid Unicode"),
  action_flag: z.boolean().default(false),
  client_request_id: requestId,
});

export const ClaimBody = z.object({
  owner: name(),
  lease_s: lease,
  /** Longer than 0: it takes a place where the lane is held, and the answer waits as long for its turn. */
  wait_s: z
    .number()
    .min(0)
    .max(MAX_WAIT_MS / 1000, `a call waits at most ${MAX_WAIT_MS / 1000} seconds; make it again with the ticket`)
    .optional(),
  ticket: z.string().min(1).max(MAX_NAME_LENGTH).optional(),
  priority: z.enum(PRIORITIES).optional(),
  client_request_id: requestId,
});

export const HeartbeatBody = z.object({ owner: name(), lease_s: lease, client_request_id: requestId });

export const ReleaseBody = z.object({
  owner: name(),
  /** Gives up a place in the row, and no lane that is held. */
  place_only: z.boolean().optional(),
  client_request_id: requestId,
});

export const CheckBody = z.object({ fencing_token: z.int().min(0) });

export const AcknowledgeBody = z.object({ by: name(), client_request_id: requestId });

const wholeNumber = (text: string): number | string => (/^\d{1,16}$/.test(text) ? Number(text) : text);

export const MessagesQuery = z.object({
  topic: z.string().optional(),
  q: z.string().max(1_000).optional(),
  limit: z.string().default("50").transform(wholeNumber).pipe(z.int("a whole number").min(1).max(MAX_MESSAGES_ASKED)),
  /** The `before` of an answer, or the id of a message. */
  before: z
    .string()
    .regex(/^(msg-)?\d{1,15}(-|$)/, "the before of an answer, or the id of a message")
    .transform((text) => Number(/\d+/.exec(text)?.[0]))
    .optional(),
});

export const EventsQuery = z.object({ after: z.string().transform(wholeNumber).pipe(z.int("a whole number").min(0)).optional() });

export interface Flaw {
  /** Where it is: `body` or `query`, and the member. */
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** The value as the schema has it, or a line for each mistake, as bus-mcp's own server says it. */
export function read<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  at: readonly string[],
): { readonly data: z.infer<Schema> } | { readonly flaws: readonly Flaw[] } {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return { data: parsed.data };
  return { flaws: parsed.error.issues.map((issue) => flawOf(issue, at)) };
}

function flawOf({ path, message, code, input }: z.core.$ZodIssue, at: readonly string[]): Flaw {
  const loc = [...at, ...path.map((part) => (typeof part === "number" ? part : String(part)))];
  const isMissing = code === "invalid_type" && input === undefined && path.length > 0;
  return isMissing ? { loc, msg: "Field required", type: "missing" } : { loc, msg: message, type: code };
}
