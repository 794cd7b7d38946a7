/**
 * How the six tools of the bus answer, as users of bus-mcp know it: `ok` and what the bus gave, or `ok: false` and an
 * `error`. A bus that says no, or is not there, is an ordinary result.
 */
import * as z from "zod";
import { type BusAnswer, type BusFault, REUSED_REQUEST } from "../wire/bus/answer.ts";
import { type BusRequest, DEFAULT_LEASE_S } from "../wire/bus/requests.ts";
import { isObject, type JsonObject } from "../wire/json.ts";
import { cleaned, type Most } from "./cleaned.ts";
import type { ToolContext } from "./ports.ts";
import { codeOf } from "./failure.ts";
import { plain, quoted } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

/** Members that are lists, whichever bus answers. */
const LISTS: ReadonlySet<string> = new Set(["active_lanes", "orphaned_claims", "recent_messages", "pending_action_flags", "messages"]);

/**
 * The output schema of each: the members that our own bus gives. Those that are no lists are of whatever type, because another
 * one's answer is handed on as it is and a client checks it against this.
 */
export const busOutput = (...members: string[]) => ({
  ok: z.boolean(),
  error: z.looseObject({}).optional(),
  ...Object.fromEntries(members.map((member) => [member, (LISTS.has(member) ? z.array(z.unknown()) : z.unknown()).optional()])),
});

/** The arguments that name a lane and its holder. */
export const laneInput = () => ({
  lane: z.string().min(1).max(256),
  owner: z.string().min(1).max(256).optional().describe("Default: you."),
});

export const leaseInput = () => z.number().default(DEFAULT_LEASE_S).describe("Seconds.");

/** Most characters of a failure that the text shows. */
const SHOWN_FAULT = 600;

/** Most characters of one text in `structured`, but for what a tool measures itself. */
const MOST_TEXT = 4_000;
const MOST: Most = { characters: (member) => (member === "body" ? Number.POSITIVE_INFINITY : MOST_TEXT), items: 500 };

export interface Asking {
  readonly tool: string;
  readonly request: BusRequest;
  /** What to do about an answer with this HTTP status. */
  readonly advice?: Readonly<Record<number, readonly Next[]>>;
  /** What the answer means. `structured` is the answer itself where it names none. */
  readonly render: (body: JsonObject) => Omit<Answer, "structured"> & { readonly structured?: JsonObject };
}

export async function askBoard({ board, signal }: ToolContext, { tool, request, advice = {}, render }: Asking): Promise<Answer> {
  const answer: BusAnswer = await board.ask(request, signal);
  if (!answer.ok) return faulty(tool, answer.fault, advice);
  const body = fitting(cleaned(answer.body, MOST) as JsonObject);
  const rendered = render(body);
  return Object.assign({}, rendered, { structured: Object.assign({}, rendered.structured ?? body, { ok: true }) });
}

/** What another bus says under the name of a list, or of an error, and is none, no client would take. */
function fitting(body: JsonObject): JsonObject {
  const isUnfit = (member: string): boolean =>
    LISTS.has(member) ? !Array.isArray(body[member]) : member === "error" && !isObject(body[member]);
  const members = Object.keys(body);
  return members.some(isUnfit) ? Object.fromEntries(Object.entries(body).filter(([member]) => !isUnfit(member))) : body;
}

function faulty(tool: string, { type, message, statusCode, reason }: BusFault, advice: NonNullable<Asking["advice"]>): Answer {
  const said = plain(`[${tool}] ${message}`, MOST_TEXT);
  const isReused = message.includes(REUSED_REQUEST);
  const because = reason === undefined ? [] : [`Why: ${sentence(reason)}`];
  return {
    structured: {
      ok: false,
      error: {
        type,
        message: said,
        tool,
        ...(isReused ? { code: codeOf("request/other-content") } : {}),
        ...(statusCode === undefined ? {} : { status_code: statusCode }),
        ...(reason === undefined ? {} : { reason: plain(reason, MOST_TEXT) }),
      },
    },
    lines: [`${type}: ${quoted(said, SHOWN_FAULT)}`, ...because],
    next: isReused
      ? [{ tool, why: "with a client_request_id of its own; nothing was done" }]
      : ((statusCode === undefined ? undefined : advice[statusCode]) ?? nextFor(tool, statusCode)),
  };
}

/** What to do when a tool knows nothing better. */
function nextFor(tool: string, statusCode: number | undefined): readonly Next[] {
  const again: Next = { tool, why: "again with the same arguments" };
  if (statusCode === undefined)
    return [{ why: "run `signalbox doctor` in a terminal, or see that the bus of BUS_MCP_BASE_URL runs" }, again];
  switch (statusCode) {
    case 401:
      return [
        { why: "ask the user to set BUS_WRITE_SECRET for this MCP server to the secret of the bus, or MPAC_COORDINATOR_TOKEN elsewhere" },
      ];
    case 403:
      return [{ tool, why: "without owner or sender, which are then your own name" }];
    case 404:
      return [{ why: "correct the names, or, if the sidecar is of an older release, run `signalbox stop`" }, again];
    case 422:
      return [{ tool, why: "with the arguments corrected; nothing was done" }];
    default:
      return [again];
  }
}

function sentence(reason: string): string {
  const text = quoted(reason, SHOWN_FAULT).slice(1, -1);
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
