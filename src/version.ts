/**
 * The version of the package, as a constant: it is the same from source, from `dist` and inside the bundle, where
 * `package.json` lies in three different places. A test holds the two together.
 */
export const VERSION = "0.1.0";
