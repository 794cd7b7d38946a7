/**
 * Longer campaigns than a test may take: `npm run soak -- [--campaign NAME] [--rounds N] [--seed S]`, all of them without a name.
 *
 * The seed is printed and gives the same campaign again. Each campaign prints a line now and then and stops at the first
 * round that does not hold, with exit code 1.
 */
import { type Chance, chance, seedFrom } from "../support/chance.ts";
import { runSmoke, type Smoke } from "../support/steps.ts";
import type { Campaign } from "./campaign.ts";
import { CAMPAIGNS } from "./campaigns.ts";

async function carry(smoke: Smoke, { sentence, rounds: usual, every, start }: Campaign, draw: Chance): Promise<void> {
  const rounds = smoke.options["rounds"] ? Number(smoke.options["rounds"]) : usual;
  const campaign = smoke.own(await start(draw, smoke.options));
  await smoke.step(`${rounds} rounds: ${sentence}`, async () => {
    let seen = "";
    for (let round = 1; round <= rounds; round += 1) {
      const held: AsyncDisposable[] = [];
      seen = await campaign.round((thing) => {
        held.push(smoke.own(thing));
        return thing;
      });
      for (const thing of held.toReversed()) await thing[Symbol.asyncDispose]();
      if (round % every === 0 && round < rounds) smoke.say(`${round} of ${rounds}: ${seen}`);
    }
    return (await campaign.finish?.()) ?? seen;
  });
}

await runSmoke(
  async (smoke) => {
    const asked = smoke.options["campaign"];
    const names = asked ? [asked] : Object.keys(CAMPAIGNS);
    const seed = seedFrom(smoke.options["seed"]);
    smoke.say(`seed ${seed}`);
    for (const name of names) {
      const campaign = (CAMPAIGNS as Readonly<Record<string, Campaign>>)[name];
      if (campaign === undefined) throw new Error(`there is no campaign ${name}; there are ${Object.keys(CAMPAIGNS).join(", ")}`);
      await carry(smoke, campaign, chance(seed));
    }
  },
  { options: { rounds: "", seed: "", campaign: "", awake: "7", asleep: "10" } },
);
