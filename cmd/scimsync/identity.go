package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim/oauth"
)

func (a *app) identityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "identity",
		Short: "The key and the assertions of workload identity federation",
		Long: `Identity helps with workload identity federation, where scimsync is the issuer of
a JWT that stands in place of a client secret: it makes the key, and prints what
the application needs to know in order to trust it.`,
	}
	var out string
	create := &cobra.Command{
		Use: "create", Short: "Make an RSA key, in a file that only you can read", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.createIdentity(out) },
	}
	create.Flags().StringVar(&out, "out", "identity.pem", "the file to make; one that is there is never overwritten")

	var keys []string
	jwks := &cobra.Command{
		Use: "jwks [JOB]", Short: "Print the public keys as a JWKS, for the application",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: a.completeJobs,
		RunE: func(_ *cobra.Command, args []string) error { return a.printJWKS(args, keys) },
	}
	jwks.Flags().StringArrayVar(&keys, "key", nil, "a key file, instead of a job or beside it: two keys while one replaces the other")

	var jwksURI string
	discovery := &cobra.Command{
		Use: "openid-configuration JOB", Short: "Print the discovery document of the job's issuer",
		Long: `Openid-configuration prints what an application reads at the job's issuer followed
by /.well-known/openid-configuration. Any web server can serve it as a file.`,
		Args: a.oneJob, ValidArgsFunction: a.completeJobs,
		RunE: func(_ *cobra.Command, args []string) error {
			issuer, err := a.issuer(args[0])
			if err != nil {
				return err
			}
			return printJSON(a.stdout, issuer.Discovery(jwksURI))
		},
	}
	discovery.Flags().StringVar(&jwksURI, "jwks-uri", "", "where the JWKS is served (default: the issuer followed by /jwks.json)")

	token := &cobra.Command{
		Use: "token JOB", Short: "Print header and claims of the assertion that the job would send now, without its signature",
		Args: a.oneJob, ValidArgsFunction: a.completeJobs,
		RunE: func(_ *cobra.Command, args []string) error { return a.printAssertion(args[0]) },
	}
	cmd.AddCommand(create, jwks, discovery, token)
	return cmd
}

func (a *app) createIdentity(path string) (err error) {
	key, err := oauth.NewKey()
	if err != nil {
		return err
	}
	text, err := key.PEM()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already, and a key is never overwritten: --out takes another name", path)
	}
	if err != nil {
		return fmt.Errorf("the key cannot be written: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("the key cannot be written: %w", err), os.Remove(path)) // half a key is none
	}
	if a.json() {
		return printJSON(a.stdout, map[string]string{"file": path, "kid": key.ID()})
	}
	fmt.Fprintf(a.stdout, "Wrote %s, an RSA key with the id %s.\nKeep it secret. scimsync identity jwks --key %s prints its public part for the application.\n", path, key.ID(), path)
	return nil
}

func (a *app) printJWKS(jobs, files []string) error {
	if len(jobs)+len(files) == 0 {
		return errors.New("give the name of a job, or a key file with --key")
	}
	var keys []oauth.Key
	for _, job := range jobs {
		issuer, err := a.issuer(job)
		if err != nil {
			return err
		}
		keys = append(keys, issuer.Key)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("the key cannot be read: %w", err)
		}
		key, err := oauth.ParseKey(text)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		keys = append(keys, key)
	}
	return printJSON(a.stdout, oauth.JWKS(keys...))
}

func (a *app) printAssertion(job string) error {
	assertion, err := a.assertion(job)
	if err != nil {
		return err
	}
	text, err := assertion.Assertion(time.Now())
	if err != nil {
		return err
	}
	var shown struct {
		Header json.RawMessage `json:"header"`
		Claims json.RawMessage `json:"claims"`
	}
	if shown.Header, shown.Claims, err = oauth.Decode(text); err != nil {
		return err
	}
	return printJSON(a.stdout, shown)
}

// issuer returns who signs the assertions of a job.
func (a *app) issuer(job string) (*oauth.Issuer, error) {
	assertion, err := a.assertion(job)
	if err != nil {
		return nil, err
	}
	if issuer, ok := assertion.(*oauth.Issuer); ok {
		return issuer, nil
	}
	return nil, fmt.Errorf("job %s sends assertions that another issuer signs: their keys are at that issuer", job)
}

// assertion returns how a job makes its assertions.
func (a *app) assertion(job string) (oauth.Assertion, error) {
	if job == "" {
		return nil, errors.New("the name of the job is empty")
	}
	daemon, err := config.LoadDaemon(a.flags.config, config.SkipSecrets())
	if err != nil {
		return nil, err
	}
	files, err := a.jobFiles(daemon, job, readOnly)
	if err != nil {
		return nil, err
	}
	if tokens, ok := files[0].Target.Tokens(); ok && tokens.Assertion != nil {
		return tokens.Assertion, nil
	}
	return nil, fmt.Errorf("job %s has no target.workloadIdentity: it sends no assertion", job)
}
