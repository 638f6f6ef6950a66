package har

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestNoSecretInTheFile sends secrets by every way they have, to an application
// that repeats all of it, and looks for them in the whole file.
func TestNoSecretInTheFile(t *testing.T) {
	const configured, fetched, password = "configured-secret", `fetched"token/+`, `pass\"word-1`
	hide := func(s string) string { return strings.ReplaceAll(s, configured, "***") }
	c, r, path := traced(t, hide)
	base := serve(t, func(w http.ResponseWriter, req *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookie-secret"})
		w.Header().Set("Location", req.URL.String())
		w.Header().Set("X-Echo", req.Header.Get("Authorization"))
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, `{"detail":"Your header was `+strings.ReplaceAll(req.Header.Get("Authorization"), `"`, `\"`)+`","body":`)
		io.Copy(w, req.Body)
		io.WriteString(w, "}")
	})
	auth := []string{"Authorization", "Bearer " + fetched, "Cookie", "a=cookie-secret", "X-Api-Key", "key-secret"}
	do(t, c, http.MethodGet, base+"/"+configured+"?a="+configured+"&code=code-secret&filter=password+eq", "", auth...)
	do(t, c, http.MethodGet, base+"/?x="+url.QueryEscape(fetched), "", auth...)
	do(t, c, http.MethodPost, base, `{"userName":"ada","urn:x:User:password" : "`+password+`"}`, auth...)
	do(t, c, http.MethodPatch, base, `{"Operations":[{"op":"Replace","path":"password","value":"`+password+`"},`+
		`{"op":"Replace","path":"password","value":[{"$ref":null,"value":"`+password+`"}]}]}`, auth...)
	do(t, c, http.MethodPost, base+"/token", "grant_type=client_credentials&client_secret=form-secret&client_assertion=jwt-secret")
	do(t, c, http.MethodPost, base+"/token", `{"access_token":"`+strings.ReplaceAll(fetched, `"`, `\"`)+`","expires_in":3600}`)
	do(t, c, http.MethodPost, base+"/token", `{"accessToken":"camel-secret","refreshToken" : "camel-secret"}`)
	do(t, c, http.MethodGet, strings.Replace(base, "//", "//user:user-secret@", 1), "")
	do(t, c, http.MethodGet, base, "", "Authorization", "only-a-secret")
	failing := r.Transport(roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("lookup " + configured + ": no such host")
	}))
	if _, err := (&http.Client{Transport: failing}).Get(base); err == nil {
		t.Fatal("the transport does not fail")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text := string(contentAt(t, path))
	for _, secret := range []string{configured, "fetched", "code-secret", "cookie-secret", "key-secret", "word-1", "form-secret",
		"jwt-secret", "camel-secret", "user-secret", "only-a-secret", "dXNlcjp1c2VyLXNlY3JldA"} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s is in the file: …%s…", secret, text[max(0, i-200):min(len(text), i+50)])
		}
	}
	for _, kept := range []string{`filter=password+eq`, `"Bearer ********"`, `grant_type=client_credentials&client_secret=********&client_assertion=********`,
		`\"userName\":\"ada\",\"urn:x:User:password\" : \"********\"}`, `\"expires_in\":3600`, `{"name":"session","value":"********"}`,
		`[{\"$ref\":null,\"value\":\"********\"}]`, `"Basic ********"`, `"_error":"lookup ***: no such host"`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is not in the file:\n%s", kept, text)
		}
	}
}

// TestATokenRequestThatIsRepeated: the credentials of the form are masked also
// where a server repeats them without their names, then and later.
func TestATokenRequestThatIsRepeated(t *testing.T) {
	c, r, path := traced(t, nil)
	base := serve(t, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		form, _ := url.ParseQuery(string(body))
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error_description":"`+form.Get("client_assertion")+` and `+form.Get("client_secret")+` are wrong"}`)
	})
	form := url.Values{"client_assertion": {"eyJh.eyJi.c2ln"}, "client_secret": {"blank and +"}}
	do(t, c, http.MethodPost, base+"/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	do(t, c, http.MethodGet, base+"/scim?seen=eyJh.eyJi.c2ln", "")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text := string(contentAt(t, path))
	for _, secret := range []string{"eyJh", "c2ln", "blank"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in the file:\n%s", secret, text)
		}
	}
	if !strings.Contains(text, "******** and ******** are wrong") {
		t.Errorf("the answer is not in the file:\n%s", text)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestSecretAtTheCut: no part of a secret is left where a body is cut.
func TestSecretAtTheCut(t *testing.T) {
	for _, before := range []int{MaxBody - 3, MaxBody, MaxBody + margin - 3, MaxBody + margin} {
		var c capture
		// Secrets in front make the masked text shorter than what was captured.
		text := strings.Repeat(token, 2*margin/len(token)) // 12 bytes less each
		text += strings.Repeat("x", before-len(text)) + token + strings.Repeat("y", margin)
		c.Write([]byte(text))
		got, size, comment := c.text(&secrets{mask: hideToken})
		if strings.Contains(got, token[:3]) || len(got) > MaxBody || size != int64(len(text)) || comment == "" {
			t.Errorf("%d: got %d bytes of %d, %q, ending in %q", before, len(got), size, comment, got[len(got)-20:])
		}
	}
}

func TestLearnedAreLimited(t *testing.T) {
	var s secrets
	for i := range 3 * maxLearned {
		s.learn(http.Header{"Authorization": {"Bearer " + strings.Repeat("t", 10+i)}})
	}
	if len(s.learned) != maxLearned {
		t.Errorf("%d credentials are kept", len(s.learned))
	}
	s.learn(http.Header{"Authorization": {"Bearer abc"}})
	if got := s.text("abc"); got != "abc" {
		t.Errorf("got %q", got)
	}
}

// TestOtherSpellingsInTheFile: an application repeats the token and the password
// that it was sent in the words of its language.
func TestOtherSpellingsInTheFile(t *testing.T) {
	const token, password = "tok/en+S3cret=", `pa/ss+word"1`
	for name, write := range map[string]func(string) string{
		"PHP":  func(s string) string { return strings.NewReplacer("/", `\/`, `"`, `\"`).Replace(s) },
		".NET": func(s string) string { return strings.NewReplacer("+", `\u002B`, `"`, `\u0022`).Replace(s) },
		"HTML": func(s string) string { return strings.NewReplacer("/", "&#x2F;", `"`, "&quot;").Replace(s) },
		"URL": func(s string) string {
			return strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d").Replace(url.QueryEscape(s))
		},
	} {
		for _, body := range []string{
			`{"userName":"ada","password":"pa/ss+word\"1"}`,
			`{"Operations":[{"op":"Add","path":"password","value":"pa/ss+word\"1"}]}`,
			`{"Operations":[{"op":"add","value":{"password":"pa/ss+word\"1"}}]}`,
		} {
			c, r, path := traced(t, nil)
			base := serve(t, func(w http.ResponseWriter, req *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, "not "+write(token)+" and "+write(password)+" with "+req.Header.Get("Content-Type"))
			})
			do(t, c, http.MethodPost, base, body, "Authorization", "Bearer "+token, "Content-Type", "application/scim+json")
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			text := string(contentAt(t, path))
			if !strings.Contains(text, "not ******** and ******** with application/scim+json") {
				t.Errorf("%s: %s", name, text)
			}
			for _, part := range []string{"S3cret", "word"} {
				if strings.Contains(strings.ReplaceAll(text, "password", ""), part) {
					t.Errorf("%s: %s is in %s", name, part, text)
				}
			}
		}
	}
}

// TestASecretInTheFrame of an answer: in the names of headers and cookies, in the
// reason, in the type of the body, and in the protocol.
func TestASecretInTheFrame(t *testing.T) {
	const token = "Tok-S3cret-0123" // as a header's name is written
	c, r, path := traced(t, nil)
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, strings.ReplaceAll("HTTP/1.1 200 TOKEN\r\nX-TOKEN: TOKEN\r\nSet-Cookie: TOKEN=TOKEN; Path=/TOKEN\r\nContent-Type: text/plain; name=TOKEN\r\n"+
			"Location: /TOKEN\r\nContent-Encoding: TOKEN\r\nTransfer-Encoding: chunked\r\nTrailer: TOKEN\r\n\r\n4\r\ntext\r\n0\r\nTOKEN: TOKEN\r\n\r\n", "TOKEN", token))
		_ = conn.Close()
	})
	do(t, c, http.MethodGet, base, "", "Authorization", "Bearer "+token)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text := string(contentAt(t, path))
	if i := strings.Index(strings.ToLower(text), "s3cret"); i >= 0 || !strings.Contains(text, masked) {
		t.Errorf("the token is in the file: …%s…", text[max(0, i-200):min(len(text), i+50)])
	}
}
