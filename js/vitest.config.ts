// Pure modules are tested in Node; what draws and listens, in the Chromium of this machine (never a downloaded one).

import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const executablePath = process.env["RNNWIDGETS_CHROMIUM"] ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  throw new Error(`Expected Chromium at ${executablePath}, found nothing: install it or set RNNWIDGETS_CHROMIUM.`);
}
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "node", environment: "node", include: ["test/*.test.ts"] } },
      {
        test: {
          name: "browser",
          include: ["test/browser/*.test.ts"],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            viewport: { width: 1200, height: 1400 },
            // The page is as large as the frame of the tests, which would else be scaled down in screenshots.
            provider: playwright({
              launchOptions: { executablePath, args },
              contextOptions: { viewport: { width: 1280, height: 3300 } },
            }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
