package config

import "regexp"

const (
	defaultState    = "sqlite:scimsync.db"
	defaultLogLevel = "info"
	defaultLogForm  = "console"

	defaultSMTPPort  = 587 // submission (RFC 6409)
	implicitSMTPPort = 465 // submissions (RFC 8314)
)

// headerText is what an HTTP header can carry.
func headerText() *pattern {
	return &pattern{regexp.MustCompile(`^[ -~]+$`), "text of letters, digits and signs that an HTTP header can carry: " +
		"perhaps a line end or a typographic quotation mark was copied with it"}
}

func mailAddresses() *pattern {
	return &pattern{regexp.MustCompile(`^[^@\s,;]+@[^@\s,;]+([\s,;]+[^@\s,;]+@[^@\s,;]+)*[\s,;]*$`),
		"a mail address such as it@contoso.com, or several with commas between them"}
}

func mailAddress() *pattern {
	return &pattern{regexp.MustCompile(`^[^@\s]+@[^@\s]+$`), "a mail address such as it@contoso.com"}
}

// daemonShape describes the daemon file.
func daemonShape() *shape {
	return &shape{
		kind:  object,
		about: "The daemon file of scimsync: which jobs there are, where the state is kept, what is served. Every key can be set from the environment as SCIMSYNC_ and its name.",
		keys: []key{
			{name: "jobs", shape: shape{
				kind: list, minItems: 1, items: &shape{kind: text, refers: true, about: "A job file, or a glob of job files."},
				about:    "The job files: paths or globs, relative to this file.",
				examples: []string{"jobs/*.yaml"},
			}},
			{name: "state", shape: shape{
				kind: text, refers: true, fallback: defaultState, examples: []string{"sqlite:scimsync.db", "sqlite:/var/lib/scimsync/state.db"},
				about: "Where scimsync remembers object connections, watermarks and the provisioning log: sqlite: and the path of a file, relative to this one.",
			}},
			{name: "listen", shape: shape{
				kind: text, refers: true, examples: []string{"127.0.0.1:8650"},
				about: "Address and port of the HTTP API, the web page, /metrics and /healthz. Leave it out for none.",
			}},
			{name: "apiToken", shape: shape{
				kind: text, refers: true, secret: true, pattern: headerText(), examples: []string{"${file:/run/secrets/scimsync-api}"},
				about: "The bearer token of the HTTP API, as ${env:NAME} or ${file:PATH}. Required when listen is not a loopback address.",
			}},
			{name: "log", shape: shape{
				kind: object, about: "How the program logs, to standard error.",
				keys: []key{
					{name: "level", shape: shape{
						kind: text, enum: []string{"debug", "info", "warn", "error"}, fallback: defaultLogLevel,
						about: "The least important messages to log.",
					}},
					{name: "format", shape: shape{
						kind: text, enum: []string{"console", "json"}, fallback: defaultLogForm,
						about: "console for people, json for programs.",
					}},
				},
			}},
			{name: "smtp", shape: shape{
				kind: object, about: "The mail server for notifications of quarantine and accidental deletions.",
				keys: []key{
					{name: "host", shape: shape{
						kind: text, refers: true, about: "Name or address of the mail server. Required.", examples: []string{"mail.contoso.com"},
					}},
					{name: "port", shape: shape{
						kind: integer, min: 1, max: 65535, fallback: defaultSMTPPort, about: "Its port. Without it, 587, and 465 with tls: implicit.",
					}},
					{name: "from", shape: shape{
						kind: text, refers: true, pattern: mailAddress(), about: "The sender's mail address. Required.", examples: []string{"scimsync@contoso.com"},
					}},
					{name: "username", shape: shape{kind: text, refers: true, about: "The user name to sign in with. Leave it out if the server asks for none."}},
					{name: "password", shape: shape{
						kind: text, refers: true, secret: true, about: "The password to sign in with, as ${env:NAME} or ${file:PATH}.",
						examples: []string{"${env:SMTP_PASSWORD}"},
					}},
					{name: "tls", shape: shape{
						kind: text, enum: []string{"starttls", "implicit", "none"},
						about: "How the connection is encrypted. starttls: a server that does not offer it gets no mail. implicit: from the start, as on port 465. " +
							"none: not at all. Without it, implicit on port 465, none to this machine, else starttls.",
					}},
					{name: "caFile", shape: authorityShape("the server's certificate")},
				},
			}},
			{name: "webhook", shape: webhookShape()},
		},
	}
}

func webhookShape() shape {
	return shape{
		kind: object, about: "A web address that gets the notifications of all jobs, as JSON by POST.",
		keys: []key{
			{name: "url", shape: shape{
				kind: text, refers: true, secret: true, examples: []string{"https://hooks.contoso.com/scimsync", "${env:WEBHOOK_URL}"},
				about: "The address: https, or http to this machine. Leave it out if jobs have their own alone.",
			}},
			{name: "secret", shape: shape{
				kind: text, refers: true, secret: true, examples: []string{"${env:WEBHOOK_SECRET}"},
				about: "Signs every request (header webhook-signature, HMAC with SHA-256 as Standard Webhooks has it), also those of settings.notificationWebhook.",
			}},
			{name: "authorization", shape: shape{
				kind: text, refers: true, secret: true, pattern: headerText(), examples: []string{"Bearer ${env:WEBHOOK_TOKEN}"},
				about: "The value of the header Authorization. It goes to this address alone.",
			}},
			{name: "allowHTTP", shape: shape{
				kind: boolean, fallback: false, about: "Allow plain http to a host other than this machine. What a notification says then travels unencrypted.",
			}},
			{name: "caFile", shape: authorityShape("the certificate of such an address, also that of settings.notificationWebhook")},
		},
	}
}

func authorityShape(signs string) shape {
	return shape{
		kind: text, refers: true, examples: []string{"ca.pem"},
		about: "The certificates of a private authority that signs " + signs + ". The system's authorities are trusted as well.",
	}
}
