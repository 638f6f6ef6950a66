package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// connectionFlags are the filters of connections and connections export.
type connectionFlags struct{ kind, status, name string }

var connectionStatuses = []string{string(state.Active), string(state.Disabled), string(state.Unassigned), string(state.Deleting)}

func (f connectionFlags) filter() (engine.ConnectionFilter, error) {
	filter := engine.ConnectionFilter{Name: f.name}
	switch strings.ToLower(f.kind) {
	case "":
	case "user", "users":
		filter.Type = directory.User
	case "group", "groups":
		filter.Type = directory.Group
	default:
		return filter, fmt.Errorf("--type is %q; it can be user or group", f.kind)
	}
	filter.Status = state.ConnectionStatus(strings.ToLower(f.status))
	if f.status != "" && !slices.Contains(connectionStatuses, string(filter.Status)) {
		return filter, fmt.Errorf("--status is %q; it can be %s", f.status, strings.Join(connectionStatuses, ", "))
	}
	return filter, nil
}

func (a *app) connectionsCommand() *cobra.Command {
	var f connectionFlags
	cmd := &cobra.Command{
		Use:   "connections JOB [get ID | delete ID | export]",
		Short: "List the job's object connections; get, delete or export them",
		Long: `Connections lists which object of the source is connected to which object of the
application: by source anchor (object id) and target anchor (SCIM id). With
-o json each line is one connection, as each line of logs is one entry.

status is active; disabled (blocked or deleted in the source, disabled in the
application); unassigned (left scope, disabled, and not managed until it returns);
or deleting (was to be deleted, and no answer said whether it was).

get ID shows one connection: by source anchor, else by target anchor, else by
display name. It tells how many references of the object are set, why it failed if
it did, and the last entry of the provisioning log about it.

delete ID forgets a connection, and changes neither of the two objects. The next
cycle matches the object again: correct the source or the matching attributes
first, or it is connected as before. Objects that refer to it are looked at again
too. The job must be paused.

export writes CSV with a header. A value that a spreadsheet would take for a
formula (it begins with = + - @, narrow or wide, a tab or a line end, and so does
what stands behind a semicolon, a tab, a bar or a line end in it) has an apostrophe in front.`,
		Example: `  scimsync connections blogin --type user --status disabled
  scimsync connections blogin get "Ada Ito"
  scimsync connections blogin delete 06b07648-ecfe-589f-9d2f-6325724a46ee
  scimsync connections blogin export > connections.csv`,
		ValidArgsFunction: a.completeConnections,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			job, verb, id, err := a.connectionArgs(cmd, args)
			if err != nil {
				return err
			}
			switch verb {
			case "get":
				return a.connectionGet(ctx, job, id)
			case "delete":
				return a.connectionDelete(ctx, job, id)
			case "export":
				return a.connectionExport(ctx, job, f)
			default:
				return a.connections(ctx, job, f)
			}
		},
	}
	cmd.Flags().StringVar(&f.kind, "type", "", "only these: user or group")
	cmd.Flags().StringVar(&f.status, "status", "", "only these: "+strings.Join(connectionStatuses, ", "))
	cmd.Flags().StringVar(&f.name, "name", "", "only objects whose display name contains this")
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions([]string{"user", "group"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(connectionStatuses, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// connectionVerbs are what can be done beside listing, with how many arguments
// each takes after it.
var connectionVerbs = map[string]int{"get": 1, "delete": 1, "export": 0}

// connectionArgs reads JOB, JOB VERB or JOB VERB ID; the verb may come first.
func (a *app) connectionArgs(cmd *cobra.Command, args []string) (job, verb, id string, err error) {
	if len(args) > 1 {
		if _, first := connectionVerbs[args[0]]; first {
			args = append([]string{args[1], args[0]}, args[2:]...)
		}
	}
	if len(args) < 2 {
		if err := a.oneJob(cmd, args); err != nil {
			return "", "", "", err
		}
		return args[0], "", "", nil
	}
	job, verb = args[0], args[1]
	n, known := connectionVerbs[verb]
	switch {
	case !known:
		return "", "", "", fmt.Errorf("%s: %q is none of get, delete, export", cmd.CommandPath(), verb)
	case n == 0 && len(args) > 2:
		return "", "", "", fmt.Errorf("%s %s %s takes no further argument, found %q", cmd.CommandPath(), job, verb, args[2])
	case n == 1 && (len(args) != 3 || args[2] == ""):
		return "", "", "", fmt.Errorf("%s %s %s: give one source anchor, target anchor or display name", cmd.CommandPath(), job, verb)
	case n == 1:
		id = args[2]
	}
	return job, verb, id, nil
}

func (a *app) completeConnections(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 1 {
		return []string{"get", "delete", "export"}, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeJobs(cmd, args, text)
}

func (a *app) connections(ctx context.Context, job string, f connectionFlags) error {
	header, width := !a.json(), lineWidth(a.stdout)
	return a.eachConnection(ctx, job, f, func(c state.Connection) error {
		if a.json() {
			b, err := json.Marshal(c)
			if err == nil {
				_, err = fmt.Fprintf(a.stdout, "%s\n", b)
			}
			return err
		}
		if header {
			header = false
			if err := connectionLine(a.stdout, width, "TYPE", "STATUS", "DISPLAY NAME", "CONNECTED", "WRITTEN", "SOURCE ANCHOR", "TARGET ANCHOR"); err != nil {
				return err
			}
		}
		return connectionLine(a.stdout, width, string(c.Type), string(c.Status), plan.Printable(c.DisplayName), localTime(c.Since), localTime(c.Updated),
			plan.Printable(c.SourceAnchor), plan.Printable(c.TargetAnchor))
	})
}

// connectionLine prints one line of the list. The columns have a fixed width:
// the list may be long, and is printed as it comes. Some are left out on a
// terminal that they do not fit on; a width of 0 is none.
func connectionLine(w io.Writer, width int, kind, status, name, since, updated, source, target string) (err error) {
	const whole, withTarget = 160, 117
	switch {
	case width > 0 && width < withTarget:
		_, err = fmt.Fprintf(w, "%-5s  %-10s  %s  %s\n", kind, status, text.Pad(name, 22, ' '), source)
		return err
	case width > 0 && width < whole:
		_, err = fmt.Fprintf(w, "%-5s  %-10s  %s  %-36s  %s\n", kind, status, text.Pad(name, 22, ' '), source, target)
		return err
	}
	_, err = fmt.Fprintf(w, "%-5s  %-10s  %s  %-19s  %-19s  %-36s  %s\n", kind, status, text.Pad(name, 24, ' '), since, updated, source, target)
	return err
}

func localTime(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// eachConnection calls yield with the connections that the flags select.
func (a *app) eachConnection(ctx context.Context, job string, f connectionFlags, yield func(state.Connection) error) (err error) {
	filter, err := f.filter()
	if err != nil {
		return err
	}
	s, err := a.open(ctx, job, stateRead)
	if err != nil {
		return err
	}
	defer s.close(&err)
	n := 0
	err = s.engine.Connections(ctx, job, filter, func(c state.Connection) error {
		n++
		return yield(c)
	})
	if err == nil && n == 0 && !a.json() {
		fmt.Fprintln(a.stderr, "There is no such object connection: no object was provisioned yet, or the filter leaves everything out.")
	}
	return err
}

func (a *app) connectionGet(ctx context.Context, job, id string) (err error) {
	s, err := a.open(ctx, job, stateRead)
	if err != nil {
		return err
	}
	defer s.close(&err)
	d, err := s.engine.Connection(ctx, s.job.Job, id)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, d)
	}
	last := ""
	if d.Last != nil {
		if last, err = described(ctx, *d.Last, newNames(s, d.Last.JobID)); err != nil {
			return err
		}
	}
	a.printConnection(d, last)
	return nil
}

// printConnection shows a connection; last is what the log tells of its object
// last.
func (a *app) printConnection(d engine.ConnectionDetails, last string) {
	width := lineWidth(a.stdout)
	line := func(name, format string, args ...any) {
		fmt.Fprint(a.stdout, field(name, plan.Printable(fmt.Sprintf(format, args...)), 14, width))
	}
	fmt.Fprintf(a.stdout, "%s %s\n", d.Type, plan.Printable(d.DisplayName))
	line("source anchor", "%s", d.SourceAnchor)
	line("target anchor", "%s", d.TargetAnchor)
	line("status", "%s", d.Status)
	line("connected", "%s", localTime(d.Since))
	line("written", "%s", localTime(d.Updated))
	for _, attribute := range slices.Sorted(maps.Keys(d.Links)) {
		line("references", "%s: %d set", attribute, d.Links[attribute])
	}
	if x := d.Escrow; x != nil {
		line("in escrow", "failed %s since %s, next try %s: %s", times(x.Attempts), localTime(x.First), localTime(x.Next), coded(x.Code, x.Message))
	}
	if x := d.Last; x != nil {
		line("last entry", "%s %s %s: %s", localTime(x.ActivityDateTime), x.ProvisioningStatusInfo.Status, x.ProvisioningAction, last)
	}
}

func (a *app) connectionDelete(ctx context.Context, job, id string) (err error) {
	s, err := a.open(ctx, job, stateWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	c, err := s.engine.DeleteConnection(ctx, job, id)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, c)
	}
	fmt.Fprintf(a.stdout, "%s %s (%s) is no longer connected to %s. Neither of the two was changed.\n"+
		"It is matched again in the next cycle, or by \"scimsync provision %s %s\"; \"scimsync start %s\" lets the job run again.\n",
		c.Type, plan.Printable(c.DisplayName), plan.Printable(c.SourceAnchor), plan.Printable(c.TargetAnchor),
		job, plan.Printable(c.SourceAnchor), job)
	return nil
}

func (a *app) connectionExport(ctx context.Context, job string, f connectionFlags) error {
	if err := a.notJSON("export writes CSV, and connections without export lists them with -o json"); err != nil {
		return err
	}
	w := csv.NewWriter(a.stdout)
	header := []string{"objectType", "sourceAnchor", "targetAnchor", "displayName", "status", "since", "updated"}
	if err := w.Write(header); err != nil {
		return err
	}
	err := a.eachConnection(ctx, job, f, func(c state.Connection) error {
		row := []string{
			string(c.Type), c.SourceAnchor, c.TargetAnchor, c.DisplayName, string(c.Status),
			c.Since.UTC().Format(time.RFC3339), "",
		}
		if !c.Updated.IsZero() {
			row[6] = c.Updated.UTC().Format(time.RFC3339)
		}
		for i := range row {
			row[i] = noFormula(row[i])
		}
		return w.Write(row)
	})
	w.Flush()
	if err == nil {
		err = w.Error()
	}
	return err
}

// formula is the beginning of a cell that a spreadsheet calculates (OWASP, "CSV
// Injection"): where the cell begins, and where another one would begin for a
// spreadsheet that separates cells by semicolons or tabs, as in most of Europe.
var formula = regexp.MustCompile(`((?:^|[;\t\r\n|])[ "]*)([=+\-@＝＋－＠])`)

// noFormula returns a cell of a CSV file that no spreadsheet takes for a formula.
func noFormula(cell string) string {
	safe := formula.ReplaceAllString(cell, "$1'$2")
	if strings.HasPrefix(safe, "\t") || strings.HasPrefix(safe, "\r") || strings.HasPrefix(safe, "\n") {
		return "'" + safe
	}
	return safe
}
