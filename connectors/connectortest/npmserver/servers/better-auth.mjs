// better-auth with its own store in memory: node better-auth.mjs PORT TOKEN [legacygroup]
// With port 0 it takes a free one. It prints its port once it listens.
import http from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";
const TOKEN = process.argv[3] || "tok1-0123456789abcdef0123456789abcdef", LEGACY = process.argv[4] === "legacygroup";
const server = http.createServer();
await new Promise((listens) => server.listen(+(process.argv[2] ?? 0), "127.0.0.1", listens));
const { port } = server.address(); // which the base URL has to name
const db = {};
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`, secret: "k3JqQm9x-v82LpZrT7wYcB1nD6sHf0uA", telemetry: { enabled: false }, rateLimit: { enabled: false },
  database: memoryAdapter(db),
  plugins: [scim({
    connections: [{ id: "entra", credentials: [{ type: "bearer", id: "c1", token: TOKEN }] }],
    ...(LEGACY ? { compatibility: { microsoftEntra: { acceptLegacyGroupSchema: true } } } : {}),
  })],
});
const ctx = await auth.$context;
for (const [k, t] of Object.entries(ctx.tables)) { db[k] ??= []; db[t.modelName ?? k] ??= []; }
server.on("request", toNodeHandler(auth));
console.log(port);
