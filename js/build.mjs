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

const LIMIT = 240_000;
const FOREIGN = /(^|\/)(\.\.|node_modules)\//;

/** Style sheets as modules: their minified text. */
const styleAsText = {
  name: "style-as-text",
  setup(bundler) {
    bundler.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
    }));
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text" };
    });
  },
};

async function bundle(entry, outfile, format) {
  const { metafile } = await build({
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
    plugins: [styleAsText],
    metafile: true,
  });
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
