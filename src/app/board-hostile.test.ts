/** Whatever is sent to a bus: it answers with an object, and goes on serving others. */
import { connect } from "node:net";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type BusSidecar, inRepository, shared } from "./board.test.fixture.ts";

let served: BusSidecar;

beforeAll(
  shared(inRepository, (opened) => {
    served = opened;
  }),
);

const name = fc.oneof(
  fc.constantFrom("ana", "bo", "", " ", "constructor", "__proto__", "\u0000", "a/b", "..", "\ud800", "x".repeat(300)),
  fc.string({ unit: "binary", maxLength: 20 }),
);
const value = fc.oneof(name, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant([]), fc.constant({}));
const members = [
  "owner",
  "lease_s",
  "wait_s",
  "ticket",
  "priority",
  "topic",
  "sender",
  "body",
  "action_flag",
  "fencing_token",
  "client_request_id",
  "by",
];
const body = fc.oneof(
  fc.dictionary(fc.constantFrom(...members, "__proto__", "toString"), value).map((object) => JSON.stringify(object)),
  fc.record({ owner: name, topic: name, sender: name, body: name, lease_s: value }).map((object) => JSON.stringify(object)),
  fc.constantFrom("", "{", "null", "[]", '{"owner":"ana","owner":7}', `${"[".repeat(50_000)}`, '{"owner":"\\ud800"}'),
);
const segment = fc.oneof(
  fc.constantFrom("lanes", "message", "messages", "status", "claim", "release", "heartbeat", "check", "ack", "%", "%2F", "%00", "..", "."),
  name.map((text) => encodeURIComponent(text.toWellFormed())),
);
const path = fc.oneof(
  fc.array(segment, { maxLength: 5 }).map((parts) => parts.map((part) => `/${part}`).join("")),
  fc.tuple(segment, fc.constantFrom("claim", "release", "heartbeat", "check")).map(([lane, action]) => `/lanes/${lane}/${action}`),
);
const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH");

/** Dots may lead out of the bus before anything is sent, to where other edges answer. */
const isOfTheBus = (at: string): boolean => new URL(`http://localhost/api/bus${at}`).pathname.startsWith("/api/bus");

describe("whatever is sent to a bus", () => {
  it("is answered by an object, and a refusal says what is wrong", async () => {
    const request = fc.tuple(method, path.filter(isOfTheBus), body, fc.webQueryParameters());
    await fc.assert(
      fc.asyncProperty(request, async ([asked, at, text, query]) => {
        // Waiting is another test's.
        const init = asked === "GET" ? {} : { body: text.replaceAll("wait_s", "waits") };
        const answer = await served.bus.ask(asked, `${at}?${query}`, init);

        expect(answer.status).toBeLessThan(500);
        expect(typeof answer.body).toBe("object");
        expect("detail" in answer.body).toBe(answer.status >= 400);
      }),
      { numRuns: 400 },
    );

    expect((await served.bus.get("/status")).status).toBe(200);
  });

  it("and is cut off in the middle of it harms nobody", async () => {
    const half = "POST /api/bus/message HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n{";
    for (let index = 0; index < 20; index += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(served.sidecar.port, "127.0.0.1", () => socket.write(half, () => socket.destroy()));
        socket.on("close", () => resolve());
      });
    }

    expect((await served.bus.post("/message", { topic: "t", sender: "ana", body: "b" })).status).toBe(200);
  });
});
