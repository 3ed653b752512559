// Names of fields that only this code uses, which the bundle can therefore write shortly.
//
// Such a name is declared in an interface of src/, and stands neither in the interfaces of hosts and of the protocol, nor
// in those of the browser and the language, nor as a string, by which it could be looked up.

import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { transform } from "esbuild";

const SHORTEST = 3;
const FIELD = /\breadonly (\w+)\??:/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const STRING = /"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g;

export async function privateNames(source) {
  const files = (await readdir(source, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const texts = new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(join(source, file), "utf8")])),
  );
  const shared = new Set(await browserNames());
  const fields = new Set();
  for (const [file, text] of texts) {
    const own = !file.startsWith("host") && !file.startsWith("protocol");
    for (const [, name] of text.matchAll(FIELD)) (own ? fields : shared).add(name);
    // What only types of this code name, such as a Pick, looks nothing up.
    const looked = own ? (await transform(text, { loader: "ts" })).code : text.replace(COMMENT, "");
    for (const [string] of looked.matchAll(STRING)) shared.add(string.slice(1, -1));
  }
  return [...fields].filter((name) => name.length >= SHORTEST && !shared.has(name)).sort();
}

async function browserNames() {
  const library = dirname(createRequire(import.meta.url).resolve("typescript"));
  const files = (await readdir(library)).filter((file) => /^lib\.(dom|es).*\.d\.ts$/.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(library, file), "utf8")));
  return texts.flatMap((text) => [...text.matchAll(/^\s+(?:readonly )?(\w+)[?(:<]/gm)].map(([, name]) => name));
}
