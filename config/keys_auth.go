package config

import "time"

const secretPost, secretBasic = "client_secret_post", "client_secret_basic" // RFC 7591 section 2

// tokenKeys are the keys that say where access tokens come from, whatever the
// client proves itself by.
func tokenKeys() []key {
	return []key{
		{name: "tokenURL", required: true, shape: shape{
			kind: text, refers: true, examples: []string{"https://auth.example.com/oauth2/token"},
			about: "The URL of the application's token endpoint.",
		}},
		{name: "clientID", required: true, shape: shape{
			kind: text, refers: true, about: "The client ID that the application gave this integration.",
		}},
		{name: "scope", shape: shape{
			kind: text, refers: true, examples: []string{"scim"}, about: "The scope to ask for; several are separated by blanks. Without it, none is asked for.",
		}},
	}
}

func oauthShape() shape {
	return shape{
		kind: object, about: "OAuth 2 client credentials (RFC 6749 section 4.4), instead of secretToken.",
		keys: append(tokenKeys(),
			key{name: "clientSecret", required: true, shape: shape{
				kind: text, refers: true, secret: true, examples: []string{"${env:BLOGIN_CLIENT_SECRET}", "${file:/run/secrets/blogin}"},
				about: "The client secret: ${env:NAME} or ${file:PATH}.",
			}},
			key{name: "audience", shape: shape{
				kind: text, refers: true, about: "The parameter audience, which some token endpoints ask for.",
			}},
			key{name: "tokenEndpointAuthMethod", shape: shape{
				kind: text, enum: []string{secretPost, secretBasic}, fallback: secretPost,
				about: "Where client ID and secret go: into the form, as Entra sends them, or into the header Authorization.",
			}},
		),
	}
}

func workloadIdentityShape() shape {
	claim := func(name, about, example string) key {
		s := shape{kind: text, refers: true, about: about}
		if example != "" {
			s.examples = []string{example}
		}
		return key{name: name, shape: s}
	}
	signing := []string{"key", "issuer", "subject", "audience", "lifetime", "claims"}
	s := shape{
		kind:       object,
		about:      "Workload identity federation: a signed JWT in place of a client secret (RFC 7523 section 2.2), instead of secretToken.",
		atLeastOne: []string{"key", "assertionFile"},
		keys: append(tokenKeys(),
			key{name: "key", shape: shape{
				kind: text, refers: true, secret: true, examples: []string{"${file:identity.pem}"},
				about: "The RSA private key in PEM that assertions are signed with: ${file:PATH}. scimsync identity create makes one.",
			}},
			claim("issuer", "The claim iss. The application reads the issuer's keys at its JWKS URL.", "https://identity.example.com/contoso/v2.0"),
			claim("subject", "The claim sub: who this is, as registered with the application.", ""),
			claim("audience", "The claim aud, as registered with the application.", "api://b5ba7a93-4452-4522-aeb4-a2b5da870c16"),
			key{name: "lifetime", shape: shape{
				kind: duration, min: int64(time.Minute), fallback: "1h", about: "How long an assertion is valid. Each token request carries a new one.",
			}},
			key{name: "claims", shape: shape{
				kind: object, about: "What Entra's assertions tell beside iss, sub and aud. Left out are those that are not given.",
				keys: []key{
					claim("tid", "The tenant ID.", ""),
					claim("oid", "The object ID of the workload identity.", ""),
					claim("appid", "The application ID of the workload identity.", ""),
				},
			}},
			claim("assertionFile", "A file with a JWT that another issuer writes and renews, such as a projected service account token of Kubernetes, instead of key. It is read at each use.",
				"/var/run/secrets/tokens/scimsync"),
		),
	}
	for _, name := range signing {
		s.exclusive = append(s.exclusive, []string{"assertionFile", name})
	}
	return s
}
