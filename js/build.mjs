// Bundles src/host/jupyter.ts into rnnwidgets/static/widget.js, one ES module, and src/host/exported.ts into page.js, the
// script of an exported page: the same view, everything inside, and src/host/relay.ts into relay.js, what ties a figure of
// bqplot to the views; their sizes on show.
//
// UTF-8: modules are read as such, widget state is saved as ASCII by its JSON, and an exported page names its encoding.
// `define.amd` is false because some hosts have a global `define` that would otherwise take modules away. The module
// travels with every widget and a slow one leaves a widget deaf, so a bundle above the limit is an error. So is a bundle
// that holds files of others: the wheel says of itself that there are none, and carries no licences but its own.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { arrows } from "./arrows.mjs";
import { privateNames } from "./private.mjs";

const LIMIT = 120_000;
const FOREIGN = /(^|\/)(\.\.|node_modules)\//;

/** Digits in base 88, from "#" to "{" without the backslash: none of them has to be escaped in a string. */
const [MARK, FIRST, BASE, SHORTEST] = ["|", 35, 88, 5];
const digit = (number) => String.fromCharCode(FIRST + number + Number(FIRST + number > 91));
const UNPACK = `let o="";for(let i=0;i<t.length;i++)if(t[i]!="${MARK}")o+=t[i];else{
  const[a,b,c]=[1,2,3].map(k=>(k=t.charCodeAt(i+k))-${FIRST}-(k>91)),s=o.length-1-a*${BASE}-b;
  o+=o.slice(s,s+c+${SHORTEST});i+=3}`;

/** How long a part of the text, from `at` on, stood there before, and where: the longest and latest. */
function before(text, at) {
  let [length, from] = [0, 0];
  for (let start = Math.max(0, at - BASE * BASE); start < at; start++) {
    let same = 0;
    while (same < BASE + SHORTEST - 1 && start + same < at && text[start + same] === text[at + same]) same++;
    if (same >= length) [length, from] = [same, start];
  }
  return [length, from];
}

/** A text in which what was there before is named by how far back it began and how long it is (J. Ziv, A. Lempel, 1977). */
function pack(text) {
  if (text.includes(MARK)) throw new Error(`The style sheet must not hold ${MARK}, which marks what was there before`);
  let packed = "";
  for (let at = 0; at < text.length; ) {
    const [length, from] = before(text, at);
    const plain = length < SHORTEST || before(text, at + 1)[0] > length;
    const back = at - from - 1;
    packed += plain ? text[at] : MARK + digit(Math.floor(back / BASE)) + digit(back % BASE) + digit(length - SHORTEST);
    at += plain ? 1 : length;
  }
  return packed;
}

/** Style sheets as modules that unpack them: they repeat themselves more than code does. */
const styleAsText = {
  name: "style-as-text",
  setup(bundler) {
    bundler.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
    }));
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      const body = `const t=${JSON.stringify(pack(code))};${UNPACK}`;
      if (new Function(`${body}return o`)() !== code) throw new Error(`${path} was not packed as it is`);
      return { contents: `${body}export default o`, loader: "js" };
    });
  },
};

const functionsAsArrows = {
  name: "functions-as-arrows",
  setup(bundler) {
    bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: arrows(await readFile(path, "utf8"), path),
      loader: "ts",
    }));
  },
};

const names = await privateNames(fileURLToPath(new URL("src", import.meta.url)));

/** Short names that fields have, the same in each bundle: those of one page share the cursors. */
let short = {};

async function bundle(entry, outfile, format) {
  const { metafile, mangleCache } = await build({
    entryPoints: [fileURLToPath(new URL(`src/host/${entry}`, import.meta.url))],
    outfile: fileURLToPath(new URL(`../rnnwidgets/static/${outfile}`, import.meta.url)),
    bundle: true,
    format,
    target: "es2022",
    charset: "utf8",
    minify: true,
    legalComments: "none",
    define: {
      "define.amd": "false",
      "Number.NaN": "NaN",
      "Number.POSITIVE_INFINITY": "Infinity",
    },
    inject: [fileURLToPath(new URL("globals.mjs", import.meta.url))],
    mangleProps: new RegExp(`^(${names.join("|")})$`),
    mangleCache: short,
    plugins: [styleAsText, functionsAsArrows],
    metafile: true,
  });
  short = mangleCache;
  const foreign = Object.keys(metafile.inputs).filter((path) => FOREIGN.test(path));
  if (foreign.length > 0) {
    throw new Error(
      `The bundle must hold no files of others, found ${foreign}: write it here, or name it and its licence`,
    );
  }
  for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
    process.stdout.write(`${path}: ${bytes.toLocaleString("en")} bytes of at most ${LIMIT.toLocaleString("en")}\n`);
    if (bytes > LIMIT) {
      throw new Error(`The bundle must stay within ${LIMIT} bytes, found ${bytes}: remove what it does not need`);
    }
  }
}

await bundle("jupyter.ts", "widget.js", "esm");
await bundle("exported.ts", "page.js", "iife");
await bundle("relay.ts", "relay.js", "esm");
