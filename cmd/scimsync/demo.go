package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
)

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole story in a temporary folder, against the built-in sandbox",
		Long: `Demo writes the example of "scimsync init" into a temporary folder, starts the
sandbox, and shows a plan, an initial cycle, a change in the directory, an
incremental cycle and the provisioning log. It touches nothing else.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "then leave the sandbox and the daemon running, until stopped")
	return cmd
}

func (a *app) demo(ctx context.Context, keep bool) (err error) {
	if err := a.notJSON("the demo tells its story as text, without -o json"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "scimsync-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := writeExample(dir); err != nil {
		return err
	}
	token, err := os.ReadFile(filepath.Join(dir, tokenFile))
	if err != nil {
		return err
	}
	application := sandbox.New(sandbox.Options{Token: strings.TrimSpace(string(token))})
	address, stop, err := serve(application)
	if err != nil {
		return err
	}
	defer stop()
	job := filepath.Join(dir, "jobs", "example.yaml")
	if err := edit(job, "http://127.0.0.1:8880", "http://"+address, "interval: 40m", "interval: 10s"); err != nil {
		return err
	}
	d := &demo{app: *a, ctx: ctx, dir: dir, application: application}
	d.flags.config = filepath.Join(dir, "scimsync.yaml")
	if err := d.tell(); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	d.say("The sandbox's page is http://%s/ and the directory is in %s: change a file there, and the daemon below picks it up within 10 seconds. Ctrl-C ends it all.", address, filepath.Join(dir, "directory"))
	return d.run(ctx)
}

// demo tells the story.
type demo struct {
	app
	ctx         context.Context
	dir         string
	application *sandbox.Server
}

func (d *demo) tell() error {
	const job = "example"
	steps := []struct {
		text    string
		command string
		do      func() error
	}{
		{"A directory export (9 users, 3 groups), one job, and an empty SCIM application: the sandbox. Does it answer?",
			"scimsync test-connection example", func() error { return d.testConnection(d.ctx, job) }},
		{"Look before you act. A plan reads the directory and the application, and writes to neither.",
			"scimsync plan example", func() error { _, err := d.plan(d.ctx, job, engine.Options{}, ""); return err }},
		{"That is what should happen: run the initial cycle.",
			"scimsync sync example", func() error { return d.sync(d.ctx, job, engine.Options{}) }},
		{"", "", d.show},
		{"Now the directory changes: Bo is promoted, Farah's account is blocked, Chidi leaves the group Sales and with it the application, and Kim is hired into Engineering.",
			"", d.change},
		{"", "scimsync plan example", func() error { _, err := d.plan(d.ctx, job, engine.Options{}, ""); return err }},
		{"", "scimsync sync example", func() error { return d.sync(d.ctx, job, engine.Options{}) }},
		{"", "", d.show},
		{"What happened to whom, and why, is in the provisioning log.",
			"scimsync logs example --cycle last", func() error { return d.logs(d.ctx, job, logFlags{cycle: "last"}) }},
		{"Nothing has changed since: the next cycle sends nothing but the connection test.",
			"scimsync sync example", func() error { return d.sync(d.ctx, job, engine.Options{}) }},
		{"", "scimsync status", func() error { return d.status(d.ctx, "") }},
	}
	for _, s := range steps {
		if s.text != "" {
			d.say("%s", s.text)
		}
		if s.command != "" {
			fmt.Fprintf(d.stdout, "\n$ %s\n", s.command)
		}
		if err := s.do(); err != nil {
			return err
		}
	}
	d.say("That is all. Your own: scimsync init")
	return nil
}

// say prints a paragraph of the story.
func (d *demo) say(format string, args ...any) {
	const width = 78
	fmt.Fprintln(d.stdout)
	line := "#"
	for _, word := range strings.Fields(fmt.Sprintf(format, args...)) {
		if len(line)+1+len(word) > width {
			fmt.Fprintln(d.stdout, line)
			line = "#"
		}
		line += " " + word
	}
	fmt.Fprintln(d.stdout, line)
}

// show lists what the application holds.
func (d *demo) show() error {
	fmt.Fprintln(d.stdout, "\nThe application now holds:")
	names := map[string]string{}
	for _, u := range d.application.Users() {
		id, _ := u["id"].(string)
		name, _ := u["userName"].(string)
		names[id] = name
		active := "active"
		if u["active"] == false {
			active = "disabled"
		}
		fmt.Fprintf(d.stdout, "  user   %-22s %-9s %v\n", name, active, orDash(u["title"]))
	}
	for _, g := range d.application.Groups() {
		var members []string
		list, _ := g["members"].([]any)
		for _, m := range list {
			if member, ok := m.(map[string]any); ok {
				id, _ := member["value"].(string)
				members = append(members, strings.TrimSuffix(names[id], "@contoso.com"))
			}
		}
		fmt.Fprintf(d.stdout, "  group  %-22v %s\n", g["displayName"], strings.Join(members, ", "))
	}
	return nil
}

func orDash(v any) any {
	if v == nil {
		return "-"
	}
	return v
}

// change edits the export as a new one would differ.
func (d *demo) change() error {
	users := filepath.Join(d.dir, "directory", "users.json")
	groups := filepath.Join(d.dir, "directory", "groups.json")
	const kim = "7f6bd8f0-9a1e-4f7e-8e57-2a3a5b1f6c10"
	chidi := ""
	err := editJSON(users, func(list []map[string]any) []map[string]any {
		chidi = idOf(list, "chidi")
		for _, u := range list {
			switch u["mailNickname"] {
			case "bo":
				u["jobTitle"] = "Senior Account Executive"
			case "farah":
				u["accountEnabled"] = false
			}
		}
		return append(list, map[string]any{
			"id": kim, "userPrincipalName": "kim@contoso.com", "displayName": "Kim Park", "givenName": "Kim", "surname": "Park",
			"mail": "kim@contoso.com", "mailNickname": "kim", "accountEnabled": true, "jobTitle": "Engineer", "department": "Engineering",
			"businessPhones": []string{}, "manager": map[string]any{"id": idOf(list, "dana")},
		})
	})
	if err != nil {
		return err
	}
	return editJSON(groups, func(list []map[string]any) []map[string]any {
		for _, g := range list {
			members, _ := g["members"].([]any)
			switch g["displayName"] {
			case "Sales":
				var stay []any
				for _, m := range members {
					if member, ok := m.(map[string]any); !ok || member["id"] != chidi {
						stay = append(stay, m)
					}
				}
				g["members"] = stay
			case "Engineering":
				g["members"] = append(members, map[string]any{"id": kim})
			}
		}
		return list
	})
}

func idOf(list []map[string]any, nickname string) string {
	for _, u := range list {
		if u["mailNickname"] == nickname {
			id, _ := u["id"].(string)
			return id
		}
	}
	return ""
}

// editJSON rewrites the objects of a Graph list response.
func editJSON(path string, change func([]map[string]any) []map[string]any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var list struct {
		Context string           `json:"@odata.context"`
		Value   []map[string]any `json:"value"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return err
	}
	list.Value = change(list.Value)
	var b bytes.Buffer
	if err := printJSON(&b, list); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// edit replaces old and new pairs in a file.
func edit(path string, pairs ...string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(content))), 0o600)
}

// serve serves h on a free port of the loopback interface.
func serve(h http.Handler) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), func() { _ = server.Close() }, nil
}
