/** Names that peers give themselves: an adjective, a noun, and three characters that nobody else is likely to draw. */
import { randomInt } from "node:crypto";

const ADJECTIVES = words(`
able airy alert ample apt ardent avid bonny brainy broad burly canny chatty chummy civil clear close coastal
comfy cordial cozy crafty curly dainty dear decent deep direct distant docile downy driven early earthy
eastern even exact famous far fast fine firm first fit flat fond formal frank free full gaunt genial glad good
great green handy hasty high hilly hushed ideal inland inner jazzy jumbo just large lasting late level lofty
long loud lush main major many meek merry moist muted native near new nice novel odd open oval pale plain
plush polite prime proven pure rare real rich rough round royal safe sage sandy sane simple sleepy slim slow
small snug social soft spare stable still strong stylish sunlit supple sure sweet tall tame tart tiny tough
true upbeat upper urban useful usual valiant vital wide windy wintry woody worthy young
`);

const NOUNS = words(`
adder agate anvil apple arch arena atlas atom bagel barge basin bay bean bear bee berry bloom boat bolt bonsai
brick bridge broom brush bucket cable canoe cape carp carrot cart castle cave chalk cliff cloud colt cork cove
crab crane creek crown cube cup dale deer desk dingo dome door dove drum duck dune eagle easel eel elk elm
ember fern field finch fir fjord flute fog fox frog gale garden gecko glacier glade goat goose grape grove
gull hare harp hawk hedge heron hill hive horn island ivy jay jetty kelp kite kiwi koala ladder lake lamp lark
leaf lemon lily lime linen lion loom lotus lynx magpie mango maple marsh meadow melon mill mint mole moon
moose moss moth nest newt oak oasis oat ocean okra onion orchid otter owl oyster panda path peach pear pebble
pepper pier pine plain plaza pond poppy prism quail quartz quill rabbit raft rain reed reef ridge robin rock
rose rudder saddle sage sail salmon seal shell shore shrew sky slate sloth snail spruce squid stone stork
storm stream swan table thistle tide tiger toad tower trail trout tulip tuna valley vine violin vole wagon
walnut wave well whale willow wolf wren yak zebra
`);

const CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** @param draw - gives a whole number from 0 up to its argument */
export function mintName(draw: (below: number) => number = randomInt): string {
  const one = (from: readonly string[] | string): string => from[draw(from.length)] ?? "";
  return `${one(ADJECTIVES)}-${one(NOUNS)}-${one(CHARACTERS)}${one(CHARACTERS)}${one(CHARACTERS)}`;
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
