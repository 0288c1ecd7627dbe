// Builds the page assets into ecoissues/static/build: bundled, minified, named by their content,
// compressed beforehand (.br and .gz, served by WhiteNoise), with manifest.json from plain name to
// built name. Twelve hex digits in a name are what WhiteNoise takes for "never changes".
// Run by `make`; fails when an asset would ask another host for anything.

import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { PurgeCSS } from "purgecss";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "ecoissues", "static", "build");
const browsers = ["chrome109", "firefox115", "safari15.6"];

// Scripts: app on every page, charts only on pages with a chart (it is most of the weight).
const scripts = ["app", "charts"];

// Classes that no file of ours spells out: set by htmx or ECharts while the
// page is used, or put together in a template from a code (a light, a phase).
const dynamic = {
  standard: ["show", "showing", "hiding", "fade", "collapse", "collapsed", "collapsing", "active",
    "disabled", "modal-open", "modal-static", "modal-backdrop", "dropdown-menu-end"],
  deep: [/^standing-/, /^htmx-/, /^light-/, /^phase-/, /^state-/, /^chart-/, /^k-/],
};

async function bundleScript(name) {
  const built = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [`frontend/src/${name}.js`],
    bundle: true, minify: true, write: false, format: "iife", target: browsers,
    legalComments: "eof", logLevel: "warning",
  });
  return built.outputFiles[0].text;
}

async function bundleStyle() {
  const whole = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["frontend/src/app.css"],
    bundle: true, write: false, target: browsers, logLevel: "warning",
    loader: { ".woff2": "dataurl", ".svg": "dataurl" },
  });
  const [used] = await new PurgeCSS().purge({
    content: ["templates/**/*.html", "frontend/src/**/*.js", "ecoissues/web/**/*.py"]
      .map((pattern) => join(root, pattern)),
    css: [{ raw: whole.outputFiles[0].text }],
    defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
    safelist: dynamic,
    keyframes: true,
  });
  const small = await esbuild.transform(used.css, { loader: "css", minify: true, target: browsers });
  return small.code;
}

function refuseOtherHosts(name, text) {
  const asks = /url\(\s*["']?(https?:)?\/\/|@import\s/i.exec(text);
  if (name.endsWith(".css") && asks) {
    throw new Error(`${name} would load something from another host: ${asks[0]}`);
  }
}

async function writeAsset(folder, plain, text) {
  refuseOtherHosts(plain, text);
  const bytes = Buffer.from(text, "utf8");
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const name = plain.replace(/(\.\w+)$/, `.${digest}$1`);
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  const gzip = gzipSync(bytes, { level: 9 });
  await writeFile(join(folder, name), bytes);
  await writeFile(join(folder, `${name}.br`), brotli);
  await writeFile(join(folder, `${name}.gz`), gzip);
  return { plain, name, kilobytes: [bytes, brotli].map((part) => Math.ceil(part.length / 1024)) };
}

// A whole new folder takes the old one's place, so a failed build leaves the old assets usable.
const fresh = `${target}.new`;
await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });
const texts = await Promise.all([
  bundleStyle().then((text) => ["app.css", text]),
  ...scripts.map((name) => bundleScript(name).then((text) => [`${name}.js`, text])),
]);
const assets = await Promise.all(texts.map(([plain, text]) => writeAsset(fresh, plain, text)));
const manifest = Object.fromEntries(assets.map(({ plain, name }) => [plain, name]));
await writeFile(join(fresh, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
for (const { name, kilobytes: [raw, brotli] } of assets) {
  console.log(`${name}: ${raw} KB, ${brotli} KB as brotli`);
}
