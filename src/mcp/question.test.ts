import { describe, expect, it } from "vitest";
import type { Question, Reply } from "../tools/asking.ts";
import { ERAS, envelope, faceWith, type Message, said, talk } from "./talk.test.fixture.ts";

const question: Question = {
  message: "bo holds a.ts as well. Whose change stays?",
  fields: {
    whose: {
      type: "string",
      title: "Whose",
      oneOf: [
        { const: "mine", title: "Mine" },
        { const: "theirs", title: "Theirs" },
      ],
    },
  },
  required: ["whose"],
  state: { conflict: "c1" },
};

/** A tool that asks where it can and says what it heard. */
function asking() {
  const heard: (Reply | "nobody to ask")[] = [];
  const settled: boolean[] = [];
  const face = faceWith({
    act({ person: { canBeAsked, reply } }) {
      heard.push(...(reply === undefined ? (canBeAsked ? [] : (["nobody to ask"] as const)) : [reply]));
      return reply === undefined && canBeAsked
        ? said("for nobody", { asks: question, settle: (given) => settled.push(given) })
        : said("done");
    },
  });
  return { face, heard, settled };
}

const FORM = { elicitation: { form: {} } };
const act = { name: "act", arguments: { conflict_id: "c1", n: { b: 1, a: 2 } } };
const mine = { action: "accept", content: { whose: "mine" } };
const stateOf = ({ result }: Message) => result?.["requestState"] as string;
const refused = { code: -32602, message: "Invalid or expired requestState", data: { reason: "invalid_request_state" } };

describe.each(ERAS)("whether a person can be asked in the %s era", (era) => {
  it.each([
    { capabilities: { elicitation: {} }, can: true },
    { capabilities: FORM, can: true },
    { capabilities: { elicitation: { form: {}, url: {} } }, can: true },
    { capabilities: { elicitation: { url: {} } }, can: false },
    { capabilities: {}, can: false },
  ])("is $can with $capabilities", async ({ capabilities, can }) => {
    const { face, heard } = asking();
    const host = await talk(era, face, { capabilities });

    await host.ask("tools/call", act);

    expect(heard[0] === "nobody to ask").toBe(!can);
  });

  it("is no where the transport does not carry it", async () => {
    const { face, heard } = asking();
    const host = await talk(era, face, { capabilities: FORM, carriesQuestions: () => false });

    await host.ask("tools/call", act);

    expect(heard).toEqual(["nobody to ask"]);
  });
});

it.each(ERAS)("does as for a client that cannot ask where no page opens for it in the %s era, and says so", async (era) => {
  const { face, heard } = asking();
  const pages = { open: () => Promise.resolve({ unshown: "no page opens" }), at: () => undefined, close: () => undefined };
  const host = await talk(era, face, { capabilities: { elicitation: { url: {} } }, pages });

  const { result } = await host.ask("tools/call", act);

  const notices = [expect.stringMatching(/^no page opens, so nobody was asked/)];
  expect(result).toMatchObject({ structuredContent: { said: "done", notices } });
  expect(heard).toEqual(["nobody to ask"]);
});

describe("in 2026-07-28", () => {
  it("ends the call with the question, and gives the tool the reply with what it wanted to know again", async () => {
    const { face, heard, settled } = asking();
    const host = await talk("modern", face, { capabilities: FORM });

    const first = await host.ask("tools/call", act);
    const second = await host.ask("tools/call", { ...act, requestState: stateOf(first), inputResponses: { answer: mine } });

    expect(first.result).toMatchObject({
      resultType: "input_required",
      inputRequests: {
        answer: {
          method: "elicitation/create",
          params: {
            mode: "form",
            message: question.message,
            requestedSchema: { type: "object", properties: question.fields, required: ["whose"] },
          },
        },
      },
    });
    expect(stateOf(first)).not.toContain(Buffer.from("c1").toString("base64url"));
    expect(second.result).toMatchObject({ resultType: "complete", structuredContent: { said: "done" } });
    expect(heard).toEqual([{ action: "accept", content: { whose: "mine" }, state: { conflict: "c1" } }]);
    expect(settled).toEqual([false]);
  });

  it.each(["decline", "cancel"] as const)("gives the tool that the person chose to %s", async (action) => {
    const { face, heard } = asking();
    const host = await talk("modern", face, { capabilities: FORM });
    const first = await host.ask("tools/call", act);

    await host.ask("tools/call", { ...act, requestState: stateOf(first), inputResponses: { answer: { action } } });

    expect(heard).toEqual([{ action, state: { conflict: "c1" } }]);
  });

  it("asks again when the call comes without an answer, and hears none without a question", async () => {
    const { face, heard } = asking();
    const host = await talk("modern", face, { capabilities: FORM });
    const first = await host.ask("tools/call", act);

    const unanswered = await host.ask("tools/call", { ...act, requestState: stateOf(first), inputResponses: {} });
    const unasked = await host.ask("tools/call", { ...act, inputResponses: { answer: mine } });

    expect([unanswered, unasked].map(({ result }) => result?.["resultType"])).toEqual(["input_required", "input_required"]);
    expect(heard).toEqual([]);
  });

  it("lets a state in once, for the call it was made for", async () => {
    const { face, heard } = asking();
    const host = await talk("modern", face, { capabilities: FORM });
    const again = async (change: object = {}) => {
      const requestState = stateOf(await host.ask("tools/call", act));
      return host.ask("tools/call", { ...act, requestState, inputResponses: { answer: mine }, ...change });
    };
    const used = stateOf(await host.ask("tools/call", act));
    const answered = { ...act, requestState: used, inputResponses: { answer: mine } };

    const answers = [
      await host.ask("tools/call", answered),
      await host.ask("tools/call", answered),
      await again({ arguments: { conflict_id: "c2", n: { b: 1, a: 2 } } }),
      await again({ requestState: "AAAA" }),
      await again({ arguments: { n: { a: 2, b: 1 }, conflict_id: "c1" } }),
    ];

    expect(answers.map(({ error }) => error)).toEqual([undefined, refused, refused, refused, undefined]);
    expect(heard).toHaveLength(2);
  });

  it("lets nobody answer what somebody else was asked", async () => {
    const { face, heard } = asking();
    const callerOf = ({ clientName = "" }: { readonly clientName: string | undefined }) => clientName;
    const host = await talk("modern", face, { capabilities: FORM, callerOf });
    const first = await host.ask("tools/call", act);

    const _meta = envelope(FORM, "another");
    const { error } = await host.ask("tools/call", { ...act, _meta, requestState: stateOf(first), inputResponses: { answer: mine } });

    expect(error).toEqual(refused);
    expect(heard).toEqual([]);
  });
});

describe("before 2026-07-28", () => {
  it("asks over the open connection while the call waits", async () => {
    const { face, heard } = asking();
    const asked: Message[] = [];
    const person = (message: Message) => (asked.push(message), mine);
    const host = await talk("legacy", face, { capabilities: FORM, person });

    const { result } = await host.ask("tools/call", act);

    expect(asked).toMatchObject([{ params: { message: question.message, requestedSchema: { properties: question.fields } } }]);
    expect(result).toMatchObject({ structuredContent: { said: "done" } });
    expect(heard).toEqual([{ action: "accept", content: { whose: "mine" }, state: { conflict: "c1" } }]);
  });

  it("puts the words of a choice beside its value only for a client that knows this", async () => {
    const { face } = asking();
    const asked: Message[] = [];
    const person = (message: Message) => (asked.push(message), mine);
    const host = await talk("legacy", face, { capabilities: FORM, person, version: "2025-06-18" });

    await host.ask("tools/call", act);

    const whose = { type: "string", title: "Whose", enum: ["mine", "theirs"], enumNames: ["Mine", "Theirs"] };
    expect(asked).toMatchObject([{ params: { requestedSchema: { properties: { whose } } } }]);
    expect(JSON.stringify(asked)).not.toContain("oneOf");
  });

  it.each([
    { name: "does not know the question", error: { code: -32601, message: "Method not found" }, says: "Method not found, -32601" },
    { name: "cannot show it", error: { code: -32000, message: "no\nterminal\u001b[2J" }, says: "no terminal [2J, -32000" },
  ])("does as for a client that cannot ask where one that said it can $name, and says so", async ({ error, says }) => {
    const { face, heard } = asking();
    const host = await talk("legacy", face, { capabilities: FORM, person: () => ({ error }) });

    const { result } = await host.ask("tools/call", act);

    const why = expect.stringMatching(/^your client answered the question to your user with an error .*so nobody was asked/) as string;
    const [content] = (result?.["content"] ?? []) as { readonly text: string }[];
    expect(heard).toEqual(["nobody to ask"]);
    expect(result).toMatchObject({ structuredContent: { said: "done", notices: [why] } });
    expect(result).not.toHaveProperty("isError");
    expect(content?.text).toMatch(/^done\nNote: your client answered/);
    expect(content?.text).toContain(`(${says})`);
  });
});
