// Starts npm's telegram-test-api, a Bot API that others wrote, on a free port and prints its address.
import http from "node:http";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const TelegramServer = require("telegram-test-api");

const probe = http.createServer().listen(0, "127.0.0.1", () => {
  const { port } = probe.address();
  probe.close(async () => {
    const server = new TelegramServer({ host: "127.0.0.1", port, storeTimeout: 3600 });
    await server.start();
    console.log(`http://127.0.0.1:${port}`);
  });
});
process.stdin.on("end", () => process.exit(0)).resume();
