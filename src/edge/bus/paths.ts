/**
 * Which route of the bus a path and a method name, and which session, if any.
 *
 * Names are decoded once, and a slash at the end changes nothing.
 */
import { LaneName, read } from "../../wire/bus/bodies.ts";
import { type Answer, failed, invalid } from "./answers.ts";

type LaneAction = "claim" | "release" | "heartbeat" | "check";

export type Route =
  | { readonly name: "message" | "messages" | "status" }
  | { readonly name: "events" }
  | { readonly name: LaneAction; readonly lane: string }
  | { readonly name: "ack"; readonly id: string };

const SIMPLE = { message: "POST", messages: "GET", status: "GET", events: "GET" } as const;
const OF_A_LANE: readonly string[] = ["claim", "release", "heartbeat", "check"];

/** An address loses a dot or two that stand for a name, before anybody sees it. */
const HOW = "it is /lanes/<lane>/claim, release, heartbeat or check, and the name of a lane holds no slash, nor is it . or ..";

/** The parts of a path behind `/api/bus`, and the session before it, as they stand in the URL. */
export function partsOf(path: string): { readonly session: string | undefined; readonly parts: readonly string[] } {
  const [, session, rest = ""] = /^(?:\/session\/([^/]+))?\/api\/bus(\/.*)?$/.exec(path) ?? [];
  return { session, parts: rest.replace(/\/+$/, "").split("/").slice(1) };
}

export interface Found {
  /** Whether it is one of bus-mcp's four writes, which the secret is for. */
  readonly isWrite: boolean;
  /** Or what is wrong with a name in it: that is told when it is known that its sender may ask. */
  readonly route: Route | Answer;
}

export function routeOf(method: string, parts: readonly string[]): Found | Answer {
  const [first = "", second = "", third = ""] = parts;
  const only = (wanted: "GET" | "POST", isWrite: boolean, route: () => Route | Answer): Found | Answer =>
    (method === "HEAD" && first !== "events" ? "GET" : method) === wanted
      ? { isWrite, route: route() }
      : failed(405, `${method} is not for this path; use ${wanted}`, { allow: wanted });

  if (parts.length === 1 && Object.hasOwn(SIMPLE, first)) {
    const name = first as keyof typeof SIMPLE;
    return only(SIMPLE[name], name === "message", () => ({ name }));
  }
  if (parts.length === 3 && first === "messages" && third === "ack") return only("POST", false, () => acknowledgement(second));
  if (parts.length === 3 && first === "lanes" && OF_A_LANE.includes(third)) {
    return only("POST", third !== "check", () => ofLane(second, third as LaneAction));
  }
  const hint = first === "lanes" || OF_A_LANE.includes(first) ? `; ${HOW}` : "";
  return failed(404, `there is nothing at /api/bus/${parts.join("/")}${hint}`);
}

function ofLane(encoded: string, name: LaneAction): Route | Answer {
  const decoded = decode(encoded);
  if (decoded === undefined) return failed(422, "the name of the lane is not percent-encoded UTF-8");
  const lane = read(LaneName, decoded, ["path", "lane"]);
  return "flaws" in lane ? invalid(lane.flaws) : { name, lane: lane.data };
}

function acknowledgement(encoded: string): Route | Answer {
  const id = decode(encoded);
  return id === undefined ? failed(422, "the id of the message is not percent-encoded UTF-8") : { name: "ack", id };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
