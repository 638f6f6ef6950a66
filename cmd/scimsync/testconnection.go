package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/oauth"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

func (a *app) testConnectionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test-connection JOB",
		Short: "Send the requests of Entra's Test Connection, and say what the answer means",
		Long: `Test-connection asks the application for a user, and a group if groups are
provisioned, that cannot exist, as the Test Connection button does. It passes if
the application answers with an empty list response.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.testConnection(cmd.Context(), args[0]) },
	}
}

// connectionResult is what test-connection -o json prints.
type connectionResult struct {
	Job      string         `json:"job"`
	Success  bool           `json:"success"`
	Requests []plan.Request `json:"requests"`
	Code     string         `json:"code,omitempty"`
	Class    string         `json:"class,omitempty"`
	Message  string         `json:"message"`
}

var classMeanings = map[connectors.Class]string{
	connectors.Credentials: "The application refuses the token. Check secretToken, or what the token endpoint gives: is it valid, and for this tenant URL?",
	connectors.NotSCIM:     "Something answers at the tenant URL, but it does not speak SCIM there. Check tenantURL: it is the address in front of /Users.",
	connectors.Retryable:   "The application did not answer as it should. Check that it runs and can be reached from here, and try again.",
	connectors.Throttled:   "The application is limiting requests. Try again later.",
	connectors.Rejected:    "The application refuses the query. It has to support a filter with eq on the matching attribute.",
}

// meaningOf says in other words what an error means, "" where it says itself
// what to do.
func meaningOf(err error) string {
	if errors.Is(err, oauth.ErrNoToken) || errors.Is(err, scim.ErrTLS) {
		return ""
	}
	return classMeanings[connectors.ClassOf(err)]
}

func (a *app) testConnection(ctx context.Context, name string) error {
	if name == "" {
		return errors.New("the name of the job is empty")
	}
	jobs, err := a.load(name)
	if err != nil {
		return err
	}
	r := connectionResult{Job: name, Success: true, Requests: []plan.Request{}, Message: "The application answers as a SCIM service, and accepts the token."}
	made, err := test(ctx, jobs[0].Job)
	r.Requests = append(r.Requests, made...)
	if err != nil {
		class := connectors.ClassOf(err)
		r.Success, r.Class, r.Message = false, string(class), err.Error()
		if meaning := meaningOf(err); meaning != "" {
			r.Message += "\n" + meaning
		}
		var target *connectors.Error
		if errors.As(err, &target) {
			r.Code = target.Code
		}
	}
	if a.json() {
		if err := printJSON(a.stdout, r); err != nil {
			return err
		}
	} else {
		if len(made) == 0 && err != nil {
			fmt.Fprintln(a.stdout, "Nothing was sent to the application.")
		}
		for _, q := range r.Requests {
			fmt.Fprintf(a.stdout, "%s %s\n", q.Method, q.Path)
		}
		a.printLine("", "%s", colorless(r.Message))
	}
	if !r.Success {
		return &exitError{code: exitUsage}
	}
	return nil
}

// test tests the connection and returns the requests that were made, none if the
// target does not tell.
func test(ctx context.Context, job engine.Job) (made []plan.Request, err error) {
	if t, tells := job.Target.(connectors.TestShown); tells {
		return t.TestShown(ctx, job.Types()...)
	}
	return nil, job.Target.Test(ctx, job.Types()...)
}
