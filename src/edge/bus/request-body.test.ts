import { expect, it } from "vitest";
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
