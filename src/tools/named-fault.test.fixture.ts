/** An error of a face, which the tools know by its name alone. */
export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
