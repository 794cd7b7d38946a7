/**
 * A coding client as MPAC knows it, in a process of its own: joins, announces files, says on stdout what it hears, a JSON
 * line each, and leaves when its stdin closes. Of our extensions it uses `on_overlap` alone.
 *
 * `demo-client --uri ws://… --principal ana --files src/a.ts,src/b.ts [--on-overlap proceed]`
 */
import { parseArgs } from "node:util";
import { connectMpac, type Members } from "./support/mpac-client.ts";

const { values } = parseArgs({
  options: { uri: { type: "string" }, principal: { type: "string" }, files: { type: "string" }, "on-overlap": { type: "string" } },
});
const { uri = "", principal = "ana", files = "" } = values;
const onOverlap = values["on-overlap"];

const say = (what: string, facts: Members): void => void process.stdout.write(`${JSON.stringify({ what, ...facts })}\n`);

await using client = await connectMpac(uri, principal);
client.socket.on("message", (bytes: Buffer) => {
  const { message_type: type, payload } = JSON.parse(bytes.toString()) as { message_type?: string; payload?: Members };
  if (type === "CONFLICT_REPORT") say("conflict", payload ?? {});
});
client.socket.on("close", (code) => say("closed", { code }));
const welcome = await client.join();
say("joined", { session_id: welcome.payload?.["session_id"] });

const announced = client.send("INTENT_ANNOUNCE", {
  intent_id: `intent-${principal}`,
  objective: `${principal} works`,
  scope: { kind: "file_set", resources: files.split(",") },
  ...(onOverlap === undefined ? {} : { extensions: { signalbox: { on_overlap: onOverlap } } }),
});
const { message_type: answer, payload = {} } = await client.outcome(announced);
if (answer === "PROTOCOL_ERROR") say("refused", payload);
else say("announced", { intent_id: payload["intent_id"] });

for await (const chunk of process.stdin) void chunk;
if (client.socket.readyState === client.socket.OPEN) {
  const goodbye = client.send("GOODBYE", { reason: "user_exit", intent_disposition: "withdraw" });
  say("left", { message_id: goodbye });
}
