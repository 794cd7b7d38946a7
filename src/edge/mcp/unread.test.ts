/** Who has gone is told apart from who has read, however close to the answer it went. */
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { request, toolCall } from "../../app/mcp.test.fixture.ts";
import type { HttpVisit } from "./http-visit.ts";
import { mount, type Mounted } from "./mcp-edge.test.fixture.ts";
import type { Serving, Visit } from "./serving.ts";
import { toy } from "./toy.test.fixture.ts";

function say({ url }: Mounted, client: Socket, message: object, accept = "application/json"): void {
  const body = JSON.stringify(message);
  const { host } = new URL(url);
  const head = [`host: ${host}`, "content-type: application/json", `accept: ${accept}`, `content-length: ${Buffer.byteLength(body)}`];
  client.write(`POST /mcp HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${body}`);
}

const dial = ({ url }: Mounted): Socket => connect(Number(new URL(url).port), "127.0.0.1").pause();

/** Its answer to each call leaves behind what `before` does. */
function answering(before: (visit: HttpVisit) => void) {
  const seen: string[] = [];
  const plainly: Serving["plainly"] = async ({ id }, _client, { visit }) => {
    (visit as Visit).onLeft((given) => {
      seen.push(`given ${given}`);
      return (isSure) => seen.push(isSure ? "not read" : "perhaps not read");
    });
    before(visit as HttpVisit);
    return { jsonrpc: "2.0", id, result: { content: [] } };
  };
  return { ...toy({ plainly }), seen };
}

describe("an answer", () => {
  it("that was on its way when its client had closed, unseen as yet, was not read", async () => {
    let client: Socket | undefined;
    const { serve, seen } = answering(() => client?.destroy());
    await using mounted = await mount({ serve });
    client = dial(mounted);

    say(mounted, client, toolCall("hello"));

    await expect.poll(() => seen).toEqual(["given true", "not read"]);
  });

  it("is not given where its connection is about to be closed", async () => {
    const { serve, seen } = answering(({ outgoing }) => void outgoing.req.socket.destroy());
    await using mounted = await mount({ serve });
    const client = dial(mounted);

    say(mounted, client, toolCall("hello"));

    await expect.poll(() => seen).toEqual(["given false"]);
    client.destroy();
  });

  it("is read where its client closes behind it", async () => {
    const { serve, seen } = answering(() => undefined);
    await using mounted = await mount({ serve });
    const client = dial(mounted).resume();
    const closed = new Promise((resolve) => client.once("close", resolve));

    say(mounted, client, toolCall("hello"));
    client.once("data", () => client.end());
    await closed;
    await fetch(mounted.url, { method: "POST", body: JSON.stringify(request("ping")), headers: { "content-type": "application/json" } });

    expect(seen).toEqual(["given true"]);
  });

  it("is read where its client asks for more, and may be unread behind that", async () => {
    const { serve, seen } = answering(() => undefined);
    await using mounted = await mount({ serve });
    const client = dial(mounted);

    for (let asked = 1; asked <= 12; asked += 1) {
      say(mounted, client, toolCall("hello"));
      await expect.poll(() => seen.length).toBe(asked);
    }
    client.destroy();

    await expect.poll(() => seen).toEqual([...Array<string>(12).fill("given true"), "not read"]);
  });

  it("in a stream may have been read where the connection is reset behind it", async () => {
    const { serve, seen } = answering(() => undefined);
    await using mounted = await mount({ serve });
    const client = dial(mounted);

    say(mounted, client, toolCall("hello"), "text/event-stream");
    await expect.poll(() => seen).toHaveLength(1);
    client.destroy();

    await expect.poll(() => seen).toEqual(["given true", "perhaps not read"]);
  });
});
