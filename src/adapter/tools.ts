/** The tools of the peer bus: their names, what they take, and what they answer. */
import { PeerFault } from "../client/peer/fault.ts";
import type { Delivery } from "../client/peer/frames.ts";
import type { PeerClient } from "../client/peer/peer-client.ts";
import { compact, quoted } from "../wire/peer/canonical.ts";
import { membersOf, rawOf, stringsOf } from "../wire/peer/json-members.ts";

/** What is declared; any JSON is taken. */
const BODY = { type: "object", description: "opaque application JSON payload" };
const TO = { type: "string", description: "recipient peer name" };

export const TOOLS = [
  {
    name: "bus.send",
    description: "Send a direct message to one peer on the bus.",
    inputSchema: { type: "object", properties: { to: TO, body: BODY }, required: ["to", "body"] },
  },
  {
    name: "bus.broadcast",
    description: "Broadcast a message to every currently-registered peer except yourself.",
    inputSchema: { type: "object", properties: { body: BODY }, required: ["body"] },
  },
  {
    name: "bus.peers",
    description: "Return {self, peers}: this adapter's own bus name (self) and the names of other peers currently registered on the bus.",
    inputSchema: { type: "object", properties: {} },
  },
] as const;

export const DRAIN = {
  name: "bus.drain",
  description: "Return and acknowledge all messages received since the last drain.",
  inputSchema: { type: "object", properties: {} },
} as const;

/** How a call ended. `done` is called once the answer has left. */
export type Outcome = { readonly result: string; readonly done?: () => void } | { readonly invalid: string } | { readonly unknown: string };

export type Tool = (bus: PeerClient, args: string) => Promise<Outcome>;

const TOOL_CALLS: ReadonlyMap<string, Tool> = new Map([
  ["bus.send", send],
  ["bus.broadcast", broadcast],
  ["bus.peers", peers],
]);

/**
 * @param params - JSON text of the call
 * @param drain - what `bus.drain` does here
 */
export async function callTool(bus: PeerClient, params: string | undefined, drain: Tool): Promise<Outcome> {
  const members = membersOf(params ?? "");
  const strings = members && stringsOf(members, ["name"]);
  if (members === undefined || strings === undefined) return { invalid: "tools/call: params are an object with a name" };
  if (strings.name === "") return { invalid: "tools/call: missing tool name" };
  const args = rawOf(members, "arguments") ?? "null";
  if (args !== "null" && !args.startsWith("{")) return { invalid: "tools/call: arguments must be an object" };
  const tool = strings.name === DRAIN.name ? drain : TOOL_CALLS.get(strings.name);
  if (tool === undefined) return { unknown: strings.name };
  try {
    return await tool(bus, args);
  } catch (fault) {
    if (!(fault instanceof PeerFault)) throw fault;
    return { result: `{"content":[{"type":"text","text":${quoted(fault.message)}}],"isError":true}` };
  }
}

async function send(bus: PeerClient, args: string): Promise<Outcome> {
  const members = membersOf(args) ?? [];
  const strings = stringsOf(members, ["to"]);
  const body = rawOf(members, "body");
  if (strings === undefined) return { invalid: 'invalid tool arguments: "to" is a string' };
  if (strings.to === "") return { invalid: 'bus.send: "to" is required' };
  if (strings.to === "*") return { invalid: 'bus.send: "to" is one peer; bus.broadcast reaches all of them' };
  if (body === undefined) return { invalid: 'bus.send: "body" is required' };
  await bus.send(strings.to, compact(body));
  return said(`{"sent":true,"to":${quoted(strings.to)}}`);
}

async function broadcast(bus: PeerClient, args: string): Promise<Outcome> {
  const body = rawOf(membersOf(args) ?? [], "body");
  if (body === undefined) return { invalid: 'bus.broadcast: "body" is required' };
  await bus.broadcast(compact(body));
  return said('{"broadcast":true}');
}

async function peers(bus: PeerClient): Promise<Outcome> {
  const others = await bus.peers();
  return said(`{"self":${quoted(bus.name)},"peers":[${others.map(quoted).join(",")}]}`);
}

/** Gives what came since the last time, or says that nothing will ever come. It is acknowledged when the answer has left, because then the agent has it. */
export async function drain(bus: PeerClient): Promise<Outcome> {
  const taken = bus.take();
  if (taken.length === 0 && bus.ended !== undefined) throw bus.ended;
  return { ...said(`{"messages":[${taken.map(shownAs).join(",")}]}`), done: () => bus.shown(taken) };
}

/** Where messages come by themselves there is nothing to drain. */
export const drainNothing: Tool = () => Promise.resolve(said('{"messages":[]}'));

function shownAs({ envelope: { id, from, source, body }, redelivered }: Delivery): string {
  const mark = redelivered ? ',"redelivered":true' : "";
  return `{"id":${quoted(id)},"from":${quoted(from)},"source":${quoted(source)},"body":${body}${mark}}`;
}

/** @param json - the structured result, as JSON text */
function said(json: string): { readonly result: string } {
  return { result: `{"content":[{"type":"text","text":${quoted(json)}}],"structuredContent":${json},"isError":false}` };
}
