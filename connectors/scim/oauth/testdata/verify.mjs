// Verifies a client assertion as the developer of an endpoint would, with the
// library jose, which knows nothing of scimsync:
//
//   node verify.mjs NODE_MODULES < {"assertion", "jwks", "issuer", "audience", "subject", "at"}
//
// It prints header and claims, or the code of what is wrong.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.argv[2] + "/");
const { createLocalJWKSet, jwtVerify } = await import(pathToFileURL(require.resolve("jose")));
const given = JSON.parse(readFileSync(0, "utf8"));
try {
  const { payload, protectedHeader } = await jwtVerify(given.assertion, createLocalJWKSet(given.jwks), {
    issuer: given.issuer, audience: given.audience, subject: given.subject, algorithms: ["RS256"],
    currentDate: new Date(given.at), requiredClaims: ["exp", "nbf", "iat"], typ: "JWT",
  });
  console.log(JSON.stringify({ header: protectedHeader, claims: payload }));
} catch (e) {
  console.log(JSON.stringify({ error: e.code ?? String(e) }));
}
