package config

import "github.com/scimsync/scimsync/connectors/scim"

func tlsShape() shape {
	file := func(about, example string) shape {
		return shape{kind: text, refers: true, about: about, examples: []string{example}}
	}
	return shape{
		kind:  object,
		about: "Certificates beside the system's, in PEM. Paths are relative to this file; files that are renewed are read again.",
		keys: []key{
			{name: "caFile", shape: file("The certificates of a private authority that signs the application's certificate. The system's authorities are trusted as well.", "ca.pem")},
			{name: "certFile", shape: file("The client certificate that is shown to the application, with those between it and its authority. It needs keyFile.", "client.pem")},
			{name: "keyFile", shape: file("The private key of certFile. It may be the same file.", "client.key")},
			{name: "serverName", shape: shape{
				kind: text, refers: true, examples: []string{"scim.internal"},
				about: "The name that the application's certificate is for, if that is not the host of the tenant URL.",
			}},
		},
	}
}

const maxRequestsPerSecond, maxBurst = 10_000, 1000

func rateLimitShape() shape {
	var names []string
	for _, p := range scim.RateLimitProfiles() {
		names = append(names, p.Name)
	}
	return shape{
		kind: object,
		about: "The most that the application is asked. Without it there is no limit, " +
			"but requests slow down together when the application answers 429 or 503.",
		atLeastOne: []string{"requestsPerSecond", "profile"},
		exclusive:  [][]string{{"profile", "requestsPerSecond"}, {"profile", "burst"}},
		keys: []key{
			{name: "requestsPerSecond", shape: shape{
				kind: number, max: maxRequestsPerSecond, about: "How many requests are started in a second, all tries of all objects together; 0.5 is one in two seconds.",
			}},
			{name: "burst", shape: shape{
				kind: integer, min: 1, max: maxBurst, fallback: 1, about: "How many requests may be started at once after a rest. It needs requestsPerSecond.",
			}},
			{name: "profile", shape: shape{kind: text, enum: names, about: "A limit that the application's maker has published."}},
		},
	}
}
