import { describe, expect, it } from "vitest";
import type { MailCommand } from "../../wire/mail.ts";
import { deliverFrame, MAX_PEER_FRAME_BYTES } from "../../wire/peer/frames.ts";
import type { EngineCommand } from "../aggregate.ts";
import { acknowledge, broadcast, DAY_MS, deliver, leave, play, register, send, START_MS, waitingIn } from "./mail.test.fixture.ts";
import { mayBeKnown } from "./read.ts";
import type { MailFacts } from "./names.ts";

type Said = MailCommand | EngineCommand;

const reopened: Said = { type: "Opened", session: "s", settings: {} };

describe("registering a name", () => {
  const again = register("ana", { connection: "ana-2" });
  const other = register("ana", { token: "two", connection: "ana-2" });

  it.each<{ name: string; given: Said[]; when: Said; facts?: MailFacts; gives: string }>([
    { name: "of nobody", given: [], when: register("ana"), gives: "PeerConnected" },
    { name: "of a connected peer with its token", given: [register("ana")], when: again, gives: "PeerConnected" },
    { name: "of a connected peer with another token", given: [register("ana")], when: other, gives: "mail/name-claimed" },
    { name: "of an absent peer with its token", given: [register("ana"), leave("ana")], when: again, gives: "PeerConnected" },
    { name: "of an absent peer with another token", given: [register("ana"), leave("ana")], when: other, gives: "mail/name-claimed" },
    { name: "of an earlier life with another token", given: [register("ana"), reopened], when: other, gives: "mail/name-claimed" },
    {
      name: "of an absent peer whose token is given out no more",
      given: [register("ana"), leave("ana")],
      when: other,
      facts: { holderStands: false },
      gives: "PeerConnected",
    },
    {
      name: "of a connected peer whose token is given out no more",
      given: [register("ana")],
      when: other,
      facts: { holderStands: false },
      gives: "mail/name-claimed",
    },
    { name: "that is a star, or has spaces and bars", given: [], when: register("* | *"), gives: "PeerConnected" },
  ])("$name: $gives", ({ given, when, facts, gives }) => {
    const mail = play();
    for (const command of given) mail.says(command);

    expect(mail.says(when, facts)).toBe(gives);
  });

  it("leaves by the connection that has the name, and by no other", () => {
    const mail = play();
    mail.says(register("ana"));
    mail.says(again);

    expect([mail.says(leave("ana", "ana-1")), [...mail.state.connected]]).toEqual(["standing", ["ana"]]);
    expect([mail.says(leave("ana", "ana-2")), [...mail.state.connected]]).toEqual(["PeerLeft", []]);
  });

  it("finds nobody connected in a new process", () => {
    const mail = play();
    mail.says(register("ana"));

    mail.says(reopened);

    expect([...mail.state.connected]).toEqual([]);
  });
});

describe("sending", () => {
  const both: Said[] = [register("ana"), register("bo")];
  const large = "x".repeat(MAX_PEER_FRAME_BYTES - 300);
  const nested = (depth: number) => ({ body: `${"[".repeat(depth)}${"]".repeat(depth)}` });

  it.each<{ name: string; given: Said[]; when: Said; gives: string }>([
    { name: "to a connected peer", given: both, when: send("ana", "bo", "1"), gives: "MailSent" },
    { name: "to an absent peer", given: [...both, leave("bo")], when: send("ana", "bo", "1"), gives: "MailSent" },
    { name: "to a peer of an earlier life", given: [...both, reopened], when: send("ana", "bo", "1"), gives: "MailSent" },
    { name: "to oneself", given: both, when: send("ana", "ana", "1"), gives: "MailSent" },
    { name: "to a name that nobody ever had", given: both, when: send("ana", "cy", "1"), gives: "mail/unknown-peer" },
    { name: "of an unknown kind", given: both, when: send("ana", "bo", "1", { kind: "shout" }), gives: "MailSent" },
    { name: "without an id", given: both, when: send("ana", "bo", ""), gives: "mail/malformed" },
    { name: "to no name", given: both, when: send("ana", "", "1"), gives: "mail/malformed" },
    { name: "a broadcast to one", given: both, when: send("ana", "bo", "1", { kind: "broadcast" }), gives: "mail/malformed" },
    { name: "a message to all", given: both, when: send("ana", "*", "1"), gives: "mail/malformed" },
    { name: "in another's name", given: both, when: send("ana", "bo", "1", { from: "bo" }), gives: "mail/other-sender" },
    { name: "in nobody's name", given: both, when: send("ana", "bo", "1", { from: "" }), gives: "mail/other-sender" },
    { name: "before registering", given: both, when: send("cy", "bo", "1"), gives: "mail/not-registered" },
    { name: "the same again", given: [...both, send("ana", "bo", "1")], when: send("ana", "bo", "1"), gives: "standing" },
    { name: "under another's id", given: [...both, send("ana", "bo", "1")], when: send("bo", "ana", "1"), gives: "standing" },
    {
      name: "the same again after it was acknowledged",
      given: [...both, send("ana", "bo", "1"), acknowledge("bo", "1")],
      when: send("ana", "bo", "1"),
      gives: "standing",
    },
    {
      name: "an id that was refused before",
      given: [...both, send("ana", "cy", "1"), register("cy")],
      when: send("ana", "cy", "1"),
      gives: "MailSent",
    },
    { name: "as deep as a frame is read", given: both, when: send("ana", "bo", "1", nested(9_998)), gives: "MailSent" },
    { name: "deeper than a frame is read", given: both, when: send("ana", "bo", "1", nested(9_999)), gives: "mail/too-large" },
    {
      name: "under the key of a copy that waits",
      given: [...both, broadcast("ana", "1")],
      when: send("ana", "bo", "1|bo"),
      gives: "standing",
    },
    { name: "much", given: both, when: send("ana", "bo", "1", { body: `"${large}"` }), gives: "MailSent" },
    {
      name: "more than a frame holds",
      given: both,
      when: send("ana", "bo", "1", { body: `"${large}${"x".repeat(300)}"` }),
      gives: "mail/too-large",
    },
  ])("$name: $gives", ({ given, when, gives }) => {
    const mail = play();
    for (const command of given) mail.says(command);

    expect(mail.says(when)).toBe(gives);
  });

  it("takes a frame of the last byte that its recipient reads, and none of one more", () => {
    const ofBytes = (body: string): MailCommand => send("ana", "bo", body, { body: `"${body}"` });
    const overhead = Buffer.byteLength(deliverFrame("", (ofBytes("") as { envelope: string }).envelope));
    // The id stands twice in the frame, and once more as its body.
    const most = Math.floor((MAX_PEER_FRAME_BYTES - overhead) / 3);
    const mail = play();
    mail.says(register("ana"));
    mail.says(register("bo"));

    expect([mail.says(ofBytes("x".repeat(most))), mail.says(ofBytes("x".repeat(most + 1)))]).toEqual(["MailSent", "mail/too-large"]);
  });
});

describe("a broadcast", () => {
  it("goes to everybody who is here but its sender, and to nobody who comes later", () => {
    const mail = play();
    for (const name of ["ana", "bo", "cy", "gone"]) mail.says(register(name));
    mail.says(leave("gone"));

    mail.says(broadcast("ana", "1"));
    mail.says(register("late"));

    expect(waitingIn(mail.state)).toEqual({ ana: [], bo: ["1|bo"], cy: ["1|cy"], gone: [], late: [] });
  });

  it("says nothing when nobody hears it, so that its id may be used again", () => {
    const mail = play();
    mail.says(register("ana"));

    const alone = mail.says(broadcast("ana", "1"));
    mail.says(register("bo"));

    expect([alone, mail.says(broadcast("ana", "1"))]).toEqual(["standing", "MailSent"]);
  });

  it("takes the place of no message that waits under the key of one of its copies", () => {
    const mail = play();
    for (const name of ["ana", "bo", "cy"]) mail.says(register(name));
    mail.says(send("cy", "bo", "1|bo"));

    mail.says(broadcast("ana", "1"));

    const kept = [...(mail.state.peers.get("bo")?.waiting.values() ?? [])];
    expect(kept.map(({ key, sender }) => [key, sender])).toEqual([["1|bo", "cy"]]);
    expect([waitingIn(mail.state)["cy"], mail.state.waiting]).toEqual([["1|cy"], 2]);
  });

  it("leaves out whom its frame would not fit, and is refused when it would fit nobody", () => {
    const long = "n".repeat(1_000);
    const body = `"${"x".repeat(MAX_PEER_FRAME_BYTES - 1_000)}"`;
    const mail = play();
    for (const name of ["ana", "bo", long]) mail.says(register(name));

    const some = mail.says(broadcast("ana", "1", { body }));
    mail.says(leave("bo"));

    expect([some, mail.says(broadcast("ana", "2", { body }))]).toEqual(["MailSent", "mail/too-large"]);
    expect(mail.events.find(({ type }) => type === "MailSent")).toMatchObject({ recipients: ["bo"], unfit: [long] });
  });
});

describe("acknowledging", () => {
  const given: Said[] = [register("ana"), register("bo"), register("cy"), send("ana", "bo", "1"), broadcast("ana", "2")];

  it.each([
    { name: "its own copy", when: acknowledge("bo", "1"), gives: "MailAcknowledged", waits: ["2|bo"] },
    { name: "its own copy of a broadcast", when: acknowledge("bo", "2|bo"), gives: "MailAcknowledged", waits: ["1"] },
    { name: "a broadcast by its id", when: acknowledge("bo", "2"), gives: "AckPassedOver", waits: ["1", "2|bo"] },
    { name: "another's copy", when: acknowledge("cy", "1"), gives: "AckPassedOver", waits: ["1", "2|bo"] },
    { name: "another's copy of a broadcast", when: acknowledge("cy", "2|bo"), gives: "AckPassedOver", waits: ["1", "2|bo"] },
    { name: "what nobody sent", when: acknowledge("bo", "7"), gives: "AckPassedOver", waits: ["1", "2|bo"] },
    { name: "nothing", when: acknowledge("bo", ""), gives: "standing", waits: ["1", "2|bo"] },
  ])("$name: $gives", ({ when, gives, waits }) => {
    const mail = play();
    for (const command of given) mail.says(command);

    expect(mail.says(when)).toBe(gives);
    expect(waitingIn(mail.state)["bo"]).toEqual(waits);
  });

  it("is done once", () => {
    const mail = play();
    for (const command of given) mail.says(command);

    expect([mail.says(acknowledge("bo", "1")), mail.says(acknowledge("bo", "1"))]).toEqual(["MailAcknowledged", "AckPassedOver"]);
    expect(mail.state.waiting).toBe(2);
  });
});

describe("what waits", () => {
  it("keeps its order over acknowledgements, departures and restarts, and counts how often it was handed over", () => {
    const mail = play();
    for (const command of [register("ana"), register("bo"), register("cy")]) mail.says(command);
    for (const id of ["1", "2", "3"]) mail.says(send("ana", "bo", id));
    mail.says(send("cy", "bo", "4"));

    mail.says(deliver("bo", "1", "2"));
    mail.says(acknowledge("bo", "2"));
    mail.says(leave("bo"));
    mail.says(reopened);
    mail.says(register("bo", { connection: "bo-2" }));
    mail.says(deliver("bo", "1", "2", "3"));

    const waiting = [...(mail.state.peers.get("bo")?.waiting.values() ?? [])];
    expect(waiting.map(({ key, attempts }) => [key, attempts])).toEqual([
      ["1", 2],
      ["3", 1],
      ["4", 0],
    ]);
    expect(mail.says(deliver("bo", "2"))).toBe("standing");
  });
});

it("doubts what a process had not told of when it died, for those who were connected", () => {
  const mail = play();
  for (const command of [register("ana"), register("bo"), register("cy"), leave("cy")]) mail.says(command);
  for (const to of ["bo", "cy"]) mail.says(send("ana", to, to));

  mail.says(reopened);

  const doubtful = [...mail.state.peers.values()].flatMap(({ waiting }) =>
    [...waiting.values()].map((copy) => [copy.key, mayBeKnown(copy)]),
  );
  expect(doubtful).toEqual([
    ["bo", true],
    ["cy", false],
  ]);
});

describe("time", () => {
  it("frees the name of a peer that has been away for long with nothing waiting", () => {
    const mail = play({ release_after_sec: 7 * 24 * 60 * 60 });
    mail.says(register("ana"));
    mail.pass(20 * DAY_MS);
    mail.says(leave("ana"));

    expect([mail.pass(7 * DAY_MS - 1), mail.pass(1)]).toEqual([[], ["PeerForgotten"]]);
    expect(mail.says(register("ana", { token: "two" }))).toBe("PeerConnected");
  });

  it("frees no name that something waits for", () => {
    const mail = play();
    for (const command of [register("ana"), register("bo"), leave("bo"), send("ana", "bo", "1")]) mail.says(command);

    expect(mail.pass(400 * DAY_MS).filter((type) => type === "PeerForgotten")).toEqual([]);
    mail.says(register("bo", { connection: "bo-2" }));
    mail.says(acknowledge("bo", "1"));
    mail.says(leave("bo", "bo-2"));
    expect(mail.pass(30 * DAY_MS)).toContain("PeerForgotten");
  });

  it("counts no absence in which nobody could be here", () => {
    const mail = play();
    for (const name of ["ana", "bo"]) mail.says(register(name));
    mail.says(leave("bo"));
    mail.pass(10 * DAY_MS);
    const fromMs = mail.nowMs;
    mail.nowMs += 100 * DAY_MS;
    mail.says(reopened);
    mail.says({ type: "Resumed", fromMs });

    expect(mail.pass(20 * DAY_MS - 1)).toEqual([]);
    expect(mail.pass(1)).toEqual(["PeerForgotten"]);
    expect([...mail.state.peers.keys()]).toEqual(["ana"]);
    expect(mail.pass(10 * DAY_MS)).toEqual(["PeerForgotten"]);
  });

  it("forgets an id thirty days after it was taken, within the hour", () => {
    const mail = play();
    for (const command of [register("ana"), register("bo"), send("ana", "bo", "1"), acknowledge("bo", "1")]) mail.says(command);

    mail.pass(30 * DAY_MS);
    const before = mail.says(send("ana", "bo", "1"));
    const happened = mail.pass(60 * 60 * 1000);

    expect([before, happened, mail.says(send("ana", "bo", "1"))]).toEqual(["standing", ["IdsForgotten"], "MailSent"]);
  });

  it("forgets no id that something waits under", () => {
    const mail = play();
    for (const command of [register("ana"), register("bo"), register("cy"), broadcast("ana", "1"), acknowledge("bo", "1|bo")])
      mail.says(command);

    const happened = mail.pass(95 * DAY_MS);

    expect(happened).toEqual(["IdsForgotten", "IdsForgotten", "IdsForgotten"]);
    expect(mail.says(broadcast("ana", "1"))).toBe("standing");
  });

  it("writes a record for the ids of an hour, not for each", () => {
    const mail = play();
    for (const command of [register("ana"), register("bo")]) mail.says(command);
    mail.nowMs = START_MS - (START_MS % (60 * 60 * 1000));
    for (let id = 0; id < 100; id += 1) {
      mail.says(send("ana", "bo", `${id}`));
      mail.says(acknowledge("bo", `${id}`));
      mail.nowMs += 1_000;
    }

    expect(mail.pass(31 * DAY_MS)).toEqual(["IdsForgotten"]);
    expect(mail.state.ids.size).toBe(0);
  });
});
