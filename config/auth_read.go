package config

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/scimsync/scimsync/connectors/scim/oauth"
)

// Tokens returns where access tokens come from, with the client secret and
// without a transport; false where the secret token is used, and where secrets
// were skipped.
func (t Target) Tokens() (oauth.Options, bool) {
	if t.tokens == nil {
		return oauth.Options{}, false
	}
	o := *t.tokens
	o.ClientSecret = t.clientSecret.Reveal()
	return o, true
}

// readAuth reads how the application's requests are authorized.
func readAuth(d *document, v *value, t *Target) {
	t.SecretToken = NewSecret(v.get("secretToken").textOr(""))
	credentials, identity := v.get("oauth"), v.get("workloadIdentity")
	token := v.get("secretToken")
	switch {
	case token.ok() && len(token.refs) == 0 && token.text != "":
		d.warnPlain(token)
	case v.given && v.fields != nil && !token.given && !credentials.given && !identity.given:
		d.warn(v.node, "target.secretToken is missing: requests carry no Authorization header")
	}
	if credentials.given {
		t.readOAuth(d, credentials)
	}
	if identity.given {
		t.readIdentity(d, identity)
	}
}

func (d *document) warnPlain(v *value) {
	d.warn(v.node, "%s is kept in plain text: use ${env:NAME} or ${file:PATH}", v.path)
}

func (t *Target) readOAuth(d *document, v *value) {
	secret := v.get("clientSecret")
	if secret.ok() && len(secret.refs) == 0 && secret.text != "" {
		d.warnPlain(secret)
	}
	o := t.readTokens(d, v)
	o.Audience = v.get("audience").textOr("")
	o.BasicAuth = v.get("tokenEndpointAuthMethod").textOr("") == secretBasic
	t.clientSecret = NewSecret(secret.textOr(""))
	if v.ok() && !secret.unread {
		t.tokens = o
	}
}

// readTokens reads where access tokens come from.
func (t *Target) readTokens(d *document, v *value) *oauth.Options {
	o := &oauth.Options{
		TokenURL: strings.TrimSpace(v.get("tokenURL").textOr("")), AllowHTTP: t.SCIM.AllowHTTP,
		ClientID: v.get("clientID").textOr(""), Scope: v.get("scope").textOr(""),
		Timeout: t.SCIM.Timeout, Retries: t.SCIM.Retries,
	}
	if u := v.get("tokenURL"); u.ok() {
		if err := oauth.CheckTokenURL(u.text, t.SCIM.AllowHTTP); err != nil {
			d.fail(u.node, "%s", maskURL(u).Mask(err.Error()))
		}
	}
	return o
}

func (t *Target) readIdentity(d *document, v *value) {
	o := t.readTokens(d, v)
	file, key := v.get("assertionFile"), v.get("key")
	switch {
	case file.ok():
		o.Assertion = oauth.File(d.resolvePath(file.text))
	case key.given:
		o.Assertion = readIssuer(d, v)
	}
	if v.ok() && !key.unread {
		t.tokens = o
	}
}

func readIssuer(d *document, v *value) *oauth.Issuer {
	for _, name := range []string{"issuer", "subject", "audience"} {
		if !v.get(name).given {
			d.fail(v.node, "%s is missing: an assertion that is signed with %s says it", join(v.path, name), join(v.path, "key"))
		}
	}
	claims := v.get("claims")
	i := &oauth.Issuer{
		Issuer: v.get("issuer").textOr(""), Subject: v.get("subject").textOr(""), Audience: v.get("audience").textOr(""),
		Lifetime: v.get("lifetime").durationOr(0),
		TenantID: claims.get("tid").textOr(""), ObjectID: claims.get("oid").textOr(""), ApplicationID: claims.get("appid").textOr(""),
	}
	key := v.get("key")
	if !key.ok() || key.unread {
		return i
	}
	if len(key.refs) == 0 {
		d.warnPlain(key)
	}
	var err error
	if i.Key, err = oauth.ParseKey([]byte(key.text)); err != nil {
		d.fail(key.node, "%s: %s%v", key.path, fileOf(d, key.node), err)
	}
	return i
}

// fileOf names the file that a value refers to as a whole, as the beginning of
// an error. A value that is no such reference may be the secret itself.
func fileOf(d *document, n *yaml.Node) string {
	name, isFile := strings.CutPrefix(strings.TrimSpace(n.Value), "${file:")
	if name, closed := strings.CutSuffix(name, "}"); isFile && closed {
		return "the file " + d.resolvePath(strings.TrimSpace(name)) + ": "
	}
	return ""
}
