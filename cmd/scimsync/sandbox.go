package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// sandboxFlags are the flags of the command sandbox.
type sandboxFlags struct {
	listen                                   string
	token, tokenFile                         string
	clientID, clientSecret, clientSecretFile string
	jwks, issuer, subject, audience          string
	tokenLifetime                            time.Duration
}

func (a *app) sandboxCommand() *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "A small SCIM application to try things against, in memory",
		Long: `Sandbox is a SCIM 2.0 application with users and groups, kept in memory. It is
strict enough to teach and takes both of Entra's PATCH dialects. Its page shows
what it holds and which requests came in.

With --client-id it also has a token endpoint, which gives out access tokens for
a client secret, or for assertions that a key of --jwks signed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			return a.sandbox(cmd.Context(), f.listen, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8880", "the address to listen on")
	flags.StringVar(&f.token, "token", "", "the bearer token to ask for; without one, and without --client-id, any request is let in")
	flags.StringVar(&f.tokenFile, "token-file", "", "a file with the bearer token to ask for")
	flags.StringVar(&f.clientID, "client-id", "", "the client that the token endpoint "+sandbox.TokenPath+" gives access tokens to")
	flags.StringVar(&f.clientSecret, "client-secret", "", "the client's secret")
	flags.StringVar(&f.clientSecretFile, "client-secret-file", "", "a file with the client's secret")
	flags.StringVar(&f.jwks, "jwks", "", "a file with the JWKS of the issuer whose assertions are taken")
	flags.StringVar(&f.issuer, "issuer", "", "what iss of an assertion has to be; needed with --jwks")
	flags.StringVar(&f.subject, "subject", "", "what sub of an assertion has to be; any without it")
	flags.StringVar(&f.audience, "audience", "", "what aud of an assertion has to be; any without it")
	flags.DurationVar(&f.tokenLifetime, "token-lifetime", time.Hour, "how long access tokens are good")
	cmd.MarkFlagsMutuallyExclusive("token", "token-file")
	cmd.MarkFlagsMutuallyExclusive("client-secret", "client-secret-file")
	cmd.MarkFlagsRequiredTogether("jwks", "issuer")
	return cmd
}

func (f sandboxFlags) options() (sandbox.Options, error) {
	token, err := secretOr(f.token, f.tokenFile, "token")
	if err != nil {
		return sandbox.Options{}, err
	}
	secret, err := secretOr(f.clientSecret, f.clientSecretFile, "client secret")
	if err != nil {
		return sandbox.Options{}, err
	}
	o := sandbox.Options{Token: token, AllowAnonymous: token == ""}
	switch {
	case f.clientID == "" && (secret != "" || f.jwks != ""):
		return o, errors.New("a client secret or a JWKS needs --client-id too")
	case f.clientID == "":
		return o, nil
	case secret == "" && f.jwks == "":
		return o, errors.New("--client-id needs --client-secret, or --jwks and --issuer")
	case f.tokenLifetime < time.Second:
		return o, errors.New("--token-lifetime must be at least a second")
	}
	o.OAuth = &sandbox.OAuth{
		ClientID: f.clientID, ClientSecret: secret, Issuer: f.issuer, Subject: f.subject, Audience: f.audience, Lifetime: f.tokenLifetime,
	}
	if f.jwks == "" {
		return o, nil
	}
	content, err := os.ReadFile(f.jwks)
	if err != nil {
		return o, fmt.Errorf("the JWKS cannot be read: %w", err)
	}
	if err := json.Unmarshal(content, &o.OAuth.Keys); err != nil {
		return o, fmt.Errorf("%s is no JWKS: %w", f.jwks, err)
	}
	if len(o.OAuth.Keys.Keys) == 0 {
		return o, fmt.Errorf("%s holds no key", f.jwks)
	}
	for _, k := range o.OAuth.Keys.Keys {
		if !k.IsPublic() {
			return o, fmt.Errorf("%s holds a private key: the application gets public ones alone", f.jwks)
		}
	}
	return o, nil
}

// secretOr returns the content of a file, or the secret if there is no file.
func secretOr(secret, file, what string) (string, error) {
	if file == "" {
		return secret, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if secret = strings.TrimSpace(string(content)); secret == "" {
		return "", fmt.Errorf("%s holds no %s", file, what)
	}
	return secret, nil
}

func (a *app) sandbox(ctx context.Context, listen string, o sandbox.Options) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w; --listen takes another address", listen, err)
	}
	server := &http.Server{Handler: sandbox.New(o), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(a.stderr, "", 0)}
	if err := a.printSandbox("http://"+listener.Addr().String(), o); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(ending)
	})()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// printSandbox says where the sandbox is.
func (a *app) printSandbox(address string, o sandbox.Options) error {
	if a.json() {
		where := map[string]string{"tenantURL": address + "/scim/v2", "page": address + "/"}
		if o.OAuth != nil {
			where["tokenURL"] = address + sandbox.TokenPath
		}
		return printJSON(a.stdout, where)
	}
	fmt.Fprintf(a.stdout, "Tenant URL  %s/scim/v2\nPage        %[1]s/\n", address)
	switch {
	case o.OAuth != nil:
		fmt.Fprintf(a.stdout, "Token URL   %s%s\n", address, sandbox.TokenPath)
	case o.Token == "":
		fmt.Fprintln(a.stdout, "Any token is accepted; --token asks for one.")
	}
	return nil
}
