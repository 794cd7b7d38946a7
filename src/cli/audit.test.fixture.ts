/** A session with some work in it, for the tests of the commands that read its log. */
import { createSessionClient, type SessionClient } from "../client/session-client.ts";
import { CONTROL } from "../wire/versions.ts";

/** What a file of the session holds, which is kept beside the log and shown to nobody who reads that. */
export const CONTENT = "what only the file says";

export async function joined(principalId: string, uri: string): Promise<SessionClient> {
  const client = createSessionClient({
    principalId,
    displayName: principalId,
    roles: ["contributor"],
    capabilities: ["intent.broadcast"],
    control: CONTROL,
    locate: () => Promise.resolve({ uri }),
  });
  await client.join();
  return client;
}

/** Two people meet over a file, one of them commits another, and both leave. */
export async function work(uri: string): Promise<void> {
  await using ana = await joined("ana", uri);
  await using bo = await joined("bo", uri);
  const announce = (client: SessionClient, id: string) =>
    client.send("INTENT_ANNOUNCE", {
      intent_id: id,
      objective: `the work of ${id}`,
      scope: { kind: "file_set", resources: ["src/app.ts"] },
      extensions: { signalbox: { on_overlap: "proceed" } },
    });
  await announce(ana, "intent-ana");
  await announce(bo, "intent-bo");
  await ana.send("OP_COMMIT", {
    op_id: "op-ana",
    target: "notes.md",
    op_kind: "insert",
    state_ref_before: null,
    state_ref_after: null,
    file_changes: { "notes.md": { content: CONTENT, state_ref_before: null } },
  });
  await bo.send("INTENT_WITHDRAW", { intent_id: "intent-bo", reason: "yielded" });
}
