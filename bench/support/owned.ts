/** What a measurement has opened, closed in the opposite order. */
export interface Owned extends AsyncDisposable {
  use<Thing extends AsyncDisposable>(thing: Thing): Thing;
}

export function createOwned(): Owned {
  const things: AsyncDisposable[] = [];
  return {
    use(thing) {
      things.push(thing);
      return thing;
    },
    async [Symbol.asyncDispose]() {
      for (let thing = things.pop(); thing !== undefined; thing = things.pop()) await thing[Symbol.asyncDispose]();
    },
  };
}
