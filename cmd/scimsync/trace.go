package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/har"
	"github.com/scimsync/scimsync/connectors/scim/oauth"
)

// traceable adds --trace to a command that sends requests to a target.
func (a *app) traceable(cmd *cobra.Command) *cobra.Command {
	var file string
	cmd.Flags().StringVar(&file, "trace", "",
		"write every request to the target and its answer to this HAR file, secrets masked, for a browser's developer tools")
	_ = cmd.RegisterFlagCompletionFunc("trace", cobra.FixedCompletions([]string{"har"}, cobra.ShellCompDirectiveFilterFileExt))
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if a.traceFile = file; file == "" && cmd.Flags().Changed("trace") {
			return errors.New("--trace has no file name")
		}
		defer func() {
			if a.trace != nil {
				err = withTraceError(err, a.trace.Close())
			}
		}()
		return run(cmd, args)
	}
	return cmd
}

// withTraceError adds the error of a trace to that of the command, whose exit
// code stays.
func withTraceError(err, traceErr error) error {
	var exit *exitError
	if traceErr != nil && errors.As(err, &exit) {
		return &exitError{code: exit.code, err: errors.Join(exit.err, traceErr)}
	}
	return errors.Join(err, traceErr)
}

// startTrace makes the file of --trace, if it is asked for, once the
// configuration is known to be right. The secrets of these jobs are masked in it.
func (a *app) startTrace(jobs []*config.Job) error {
	if a.traceFile == "" {
		return nil
	}
	var secrets []config.Secret
	for _, j := range jobs {
		secrets = append(secrets, j.Secrets()...)
	}
	var err error
	a.trace, err = har.New(a.traceFile, config.NewMasker(secrets...).Mask)
	return err
}

// targetOptions returns the options of a job's target. Its requests, and those
// for access tokens, are recorded if there is a trace.
func (a *app) targetOptions(file *config.Job) (scim.Options, error) {
	o := file.Target.Options()
	for _, s := range file.Secrets() {
		o.Secrets = append(o.Secrets, s.Reveal())
	}
	tokens, needed := file.Target.Tokens()
	if a.trace == nil && !needed {
		return o, nil
	}
	given := o.Transport
	transport := func(o scim.Options) (t scim.Transport, err error) {
		if t = given; t == nil {
			t, err = o.NewTransport()
		}
		if err == nil && a.trace != nil {
			t = a.trace.Transport(t)
		}
		return t, err
	}
	var err error
	if o.Transport, err = transport(o); err != nil {
		return o, err
	}
	if needed {
		tokens.Transport = o.Transport
		if o.TLS.ServerName != "" { // that is the application's alone
			elsewhere := o
			elsewhere.TLS.ServerName = ""
			if tokens.Transport, err = transport(elsewhere); err != nil {
				return o, err
			}
		}
		source, err := oauth.New(tokens)
		if err != nil {
			return o, err
		}
		o.Tokens = source
	}
	return o, nil
}
