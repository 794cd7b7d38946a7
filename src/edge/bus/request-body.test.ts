import { expect, it } from "vitest";
import { createReadingRoom } from "../http/reading-room.ts";
import { readJson } from "./request-body.ts";

it("takes a body that breaks off for its client's own affair", async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.error(new Error("aborted"));
    },
  });

  const read = await readJson(new Request("http://127.0.0.1/", { method: "POST", body, duplex: "half" } as RequestInit));

  expect(read).toEqual({ status: 400, body: { detail: "the request broke off before its end" } });
});

it("is read as far as there is room for it, and says when to send it again", async () => {
  const claim = createReadingRoom({ maxOfOne: 20, maxOfAll: 20, shortBytes: 10 }).claim("ana");
  const body = [Buffer.from('{"a": '), Buffer.from(" ".repeat(14)), Buffer.from("1}")];

  const read = await readJson({ headers: new Headers(), body }, claim);

  expect(read).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
});
