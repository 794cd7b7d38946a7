/** A bus of peers for tests of the tools: in memory, with what a test puts into the mail. */
import type { Json } from "../wire/json.ts";
import { named } from "./named-fault.test.fixture.ts";
import type { Drained, PeerMessage, Peers } from "./ports/mail.ts";

export class TestPeers implements Peers {
  readonly sent: { readonly to: string; readonly body: Json }[] = [];
  readonly acknowledged: PeerMessage[] = [];
  readonly others: string[] = [];
  mail: PeerMessage[] = [];
  isDown = false;
  readonly #self: string;

  constructor(self: string) {
    this.#self = self;
  }

  unread(): number {
    return this.mail.length;
  }

  async send(to: string, body: Json): Promise<void> {
    this.#look();
    this.sent.push({ to, body });
  }

  async broadcast(body: Json): Promise<void> {
    this.#look();
    this.sent.push({ to: "*", body });
  }

  async names() {
    this.#look();
    return { self: this.#self, others: this.others };
  }

  async waiting() {
    return { messages: this.mail.slice(0, 2), remaining: Math.max(0, this.mail.length - 2) };
  }

  async drain(): Promise<Drained> {
    this.#look();
    const messages = this.mail.splice(0, 2);
    return {
      messages,
      remaining: this.mail.length,
      settle: (given) => {
        if (given) this.acknowledged.push(...messages);
        else this.mail.unshift(...messages);
        return given ? () => void this.mail.unshift(...messages) : undefined;
      },
    };
  }

  #look(): void {
    if (this.isDown) throw named("PeersUnavailable", "not connected to broker");
  }
}
