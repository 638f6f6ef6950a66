package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/notify"
	"github.com/scimsync/scimsync/engine/plan"
)

// notifiers returns those who are told of a job: its mail addresses, the web
// address of all jobs, and its own.
func (a *app) notifiers(daemon *config.Daemon, job *config.Job) (all []engine.Notifier, err error) {
	at := a.place()
	if s := daemon.SMTP; s != nil && len(job.Settings.NotificationEmail) > 0 {
		server := notify.SMTP{
			Host: s.Host, Port: s.Port, From: s.From, Username: s.Username, Password: s.Password.Reveal(), TLS: notify.TLS(s.TLS), Place: at, Now: time.Now,
		}
		if server.RootCAs, err = authority("smtp.caFile", s.CAFile); err != nil {
			return nil, err
		}
		all = notify.Mails(server, job.Settings.NotificationEmail)
	}
	w := daemon.Webhook
	if w == nil {
		w = &config.Webhook{}
	}
	trusted, err := authority("webhook.caFile", w.CAFile)
	if err != nil {
		return nil, err
	}
	for _, hook := range []notify.HTTP{
		{Name: "webhook", URL: w.URL.Reveal(), Authorization: w.Authorization.Reveal(), AllowHTTP: w.AllowHTTP},
		{Name: "webhook of the job", URL: job.Settings.NotificationWebhook.Reveal()},
	} {
		if hook.URL == "" {
			continue
		}
		hook.Secret, hook.Place, hook.Now = w.Secret.Reveal(), at, time.Now
		transport := scim.NewTransport(1) // it is as careful with TLS, proxies and large answers
		transport.TLSClientConfig.RootCAs = trusted
		hook.Transport = transport
		n, err := notify.NewWebhook(hook)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// authority returns the certificates in the file and the system's, nil for the
// system's alone.
func authority(key, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pool, err := notify.CertPool(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return pool, nil
}

// place says where commands about a job are given.
func (a *app) place() notify.Place {
	at := notify.Place{Host: "this machine", Config: a.flags.config}
	if host, err := os.Hostname(); err == nil && host != "" {
		at.Host = host
	}
	if path, err := filepath.Abs(at.Config); err == nil {
		at.Config = path
	}
	return at
}

func (a *app) testNotificationCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test-notification JOB",
		Short: "Send a test notice to those who are told of the job, and say whether it arrived",
		Long: `Test-notification sends a notice that says it is a test, by mail to every address
of settings.notificationEmail, and to the webhooks, and says of each whether the
other side took it. Exit code 1: one of them did not, or nobody is to be told.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.testNotification(cmd.Context(), args[0]) },
	}
}

// notificationResult is what test-notification -o json prints.
type notificationResult struct {
	Job       string           `json:"job"`
	Success   bool             `json:"success"`
	Notifiers []notifierResult `json:"notifiers"`
}

type notifierResult struct {
	Name    string `json:"name"`
	Success bool   `json:"success"`
	Message string `json:"message"`
}

func (a *app) testNotification(ctx context.Context, name string) error {
	jobs, err := a.load(name)
	if err != nil {
		return err
	}
	all := jobs[0].Job.Notifiers
	if len(all) == 0 {
		return errors.New("nobody is told of job " + name + ": give smtp in the daemon file and settings.notificationEmail in the job, or a webhook in either")
	}
	now := time.Now().UTC()
	notice := engine.Notice{ID: "test-" + uuid.NewString(), Kind: engine.NoticeTest, Job: name, Time: now}
	r := notificationResult{Job: name, Success: true, Notifiers: []notifierResult{}}
	for _, n := range all {
		one := notifierResult{Name: n.Name(), Success: true, Message: n.Name() + ": sent"}
		if err := n.Notify(ctx, notice); err != nil {
			one.Success, r.Success, one.Message = false, false, err.Error()
		}
		r.Notifiers = append(r.Notifiers, one)
	}
	if a.json() {
		if err := printJSON(a.stdout, r); err != nil {
			return err
		}
	} else {
		for _, one := range r.Notifiers {
			fmt.Fprintln(a.stdout, plan.Printable(one.Message))
		}
	}
	if !r.Success {
		return &exitError{code: exitUsage}
	}
	return nil
}
