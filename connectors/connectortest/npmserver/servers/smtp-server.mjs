// An SMTP server on a free port of 127.0.0.1: node smtp-server.mjs OPTIONS, which
// is JSON. It prints its port, then each mail that it took as one line of JSON.
//
//   secure          TLS from the first byte on
//   key, cert       PEM; without them it has no STARTTLS
//   users           passwords by user name; without it, nobody signs in
//   methods         how they may sign in: PLAIN, LOGIN
//   insecure        whether they may without TLS
//   refuse          recipients that it refuses
//   hang            at which event it stops to answer: connect, recipient or data
//   echo            whether it repeats a wrong password
//   slam            whether it closes the connection after it took a mail
import { SMTPServer } from "smtp-server";
const o = JSON.parse(process.argv[2] ?? "{}");
const hangs = (event, done) => (o.hang === event ? undefined : done());
const server = new SMTPServer({
  secure: o.secure ?? false,
  key: o.key,
  cert: o.cert,
  hideSTARTTLS: !o.cert,
  authOptional: !o.users,
  disabledCommands: o.users ? [] : ["AUTH"],
  authMethods: o.methods ?? ["PLAIN", "LOGIN"],
  allowInsecureAuth: o.insecure ?? false,
  disableReverseLookup: true,
  onConnect: (session, done) => hangs("connect", done),
  onAuth(auth, session, done) {
    if (o.users[auth.username] === auth.password) return done(null, { user: auth.username });
    const error = new Error("5.7.8 authentication credentials invalid" + (o.echo ? ` ${auth.password} ${btoa(`\0${auth.username}\0${auth.password}`)}` : ""));
    error.responseCode = 535;
    done(error);
  },
  onRcptTo(address, session, done) {
    if (!(o.refuse ?? []).includes(address.address)) return hangs("recipient", done);
    const error = new Error("5.1.1 no such mailbox here");
    error.responseCode = 550;
    done(error);
  },
  onData(stream, session, done) {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () =>
      hangs("data", () => {
        const mail = {
          from: session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((r) => r.address),
          user: session.user || "",
          secure: session.secure,
          data: Buffer.concat(parts).toString("latin1"),
        };
        process.stdout.write(JSON.stringify(mail) + "\n");
        done();
        if (o.slam) setImmediate(() => server.connections.forEach((c) => c._socket.end()));
      }),
    );
  },
});
server.on("error", (error) => process.stderr.write(`smtp-server: ${error.message}\n`));
server.listen(0, "127.0.0.1", () => process.stdout.write(server.server.address().port + "\n"));
