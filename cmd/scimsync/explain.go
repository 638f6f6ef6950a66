package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain JOB NAME",
		Short: "Show why an object is in or out of scope, how it matches, and each mapped value",
		Long: `Explain shows why one user or group is in or out of scope (assignment, each scoping
filter and clause), how it matches (each matching attribute, and what the application
answers), and what each attribute mapping makes of it: whether that is written when a
cycle looks at the object, and if not why. It reads the source and the application,
and never writes. If the application cannot be asked, it shows the rest.

NAME is a userPrincipalName, mail, display name or object id. An object that has left
the source is found by its connection: by object id, SCIM id or display name, or by
the userPrincipalName that the provisioning log has of it.`,
		Example: `  scimsync explain blogin ada@contoso.com
  scimsync explain blogin Sales -o json | jq '.attributes[] | select(.flows)'`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), args[0], args[1]) },
	}
}

func (a *app) explain(ctx context.Context, job, name string) (err error) {
	s, err := a.open(ctx, job, readOnly)
	if err != nil {
		return err
	}
	defer s.close(&err)
	x, err := s.engine.Explain(ctx, s.job.Job, name)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, x)
	}
	a.printExplanation(x)
	return nil
}

func (a *app) printExplanation(x *engine.Explanation) {
	width := lineWidth(a.stdout)
	line := func(name, format string, args ...any) {
		fmt.Fprint(a.stdout, field(name, plan.Printable(fmt.Sprintf(format, args...)), 13, width))
	}
	fmt.Fprintf(a.stdout, "%s %s (%s), job %s\n", x.ObjectType, plan.Printable(x.DisplayName), plan.Printable(x.SourceAnchor), x.Job)
	line("source", "%s", sourceText(x))
	line("scope", "%s", x.Scope.Reason)
	line("assigned", "%s", assignedText(x.Scope))
	line("connection", "%s", connectionText(x))
	for _, sent := range x.Unanswered {
		line("in doubt", "a create got no clear answer; if it took effect, the account has %s %q, and is found by that", sent.Attribute, sent.Value)
	}
	if x.Escrow != nil {
		line("in escrow", "failed %s since %s, next try %s: %s", times(x.Escrow.Attempts), localTime(x.Escrow.First),
			localTime(x.Escrow.Next), coded(x.Escrow.Code, x.Escrow.Message))
	}
	if x.Quarantine != nil {
		line("job", "in quarantine since %s: %s", localTime(x.Quarantine.Began), x.Quarantine.Message)
	}
	if x.PausedSince != nil {
		line("job", "paused since %s", localTime(*x.PausedSince))
	}
	if x.Target.Error != "" {
		line("application", "could not be asked: %s", x.Target.Error)
	}
	line("action", "%s: %s", x.Next.Action, x.Next.Reason)
	looks := "looks at it"
	if !x.InNextCycle && x.Escrow != nil {
		looks = "the first one after " + localTime(x.Escrow.Next) + " looks at it"
	} else if !x.InNextCycle {
		looks = "does not look at it"
	}
	line("next cycle", "%s: %s", looks, x.InNextReason)
	a.printFilters(x.Scope.Filters)
	a.printMatching(x.Matching)
	a.printMappings(x.Attributes)
}

func sourceText(x *engine.Explanation) string {
	switch {
	case x.LeftSource:
		return x.Presence + ": it has left the source, and what is shown comes from its connection"
	case x.Scope.Active:
		return x.Presence + ", active"
	default:
		return x.Presence + ", not active"
	}
}

func assignedText(s engine.ExplainedScope) string {
	var ways []string
	for _, a := range s.Assignments {
		way := "directly"
		if a.Via != "" {
			way = "through group " + a.Via
		}
		if a.Role != "" {
			way += " as " + a.Role
		}
		ways = append(ways, way)
	}
	switch {
	case len(ways) > 0:
		return strings.Join(ways, ", ")
	case s.AssignedOnly:
		return "no"
	default:
		return "no, and need not be: the scope is all"
	}
}

func connectionText(x *engine.Explanation) string {
	c := x.Connection
	if c == nil {
		return "none"
	}
	status := string(c.Status)
	if c.Status == state.Deleting {
		status += " (no answer has said whether the account was deleted)"
	}
	s := fmt.Sprintf("%s, connected since %s; %s, last written %s", c.TargetAnchor, localTime(c.Since), status, localTime(c.Updated))
	if x.Target.Gone {
		s += "; the application has it no more"
	}
	return s
}

func (a *app) printFilters(filters []engine.ExplainedFilter) {
	if len(filters) == 0 {
		return
	}
	t := a.table("Scoping filters", "FILTER", "CLAUSE", "VALUE", "RESULT")
	for _, f := range filters {
		t.AppendRow(table.Row{plan.Printable(f.Title), "", "", f.Result})
		for _, c := range f.Clauses {
			clause := c.Attribute + " " + c.Operator
			if len(c.Values) > 0 {
				clause += " " + strings.Join(c.Values, " or ")
			}
			t.AppendRow(table.Row{"", plan.Printable(clause), shown(c.Value), c.Result})
		}
	}
	fmt.Fprintln(a.stdout, t.Render())
}

func (a *app) printMatching(matching []engine.ExplainedMatch) {
	t := a.table("Matching", "#", "ATTRIBUTE", "VALUE", "RESULT")
	for _, m := range matching {
		t.AppendRow(table.Row{m.Precedence, m.Attribute, shown(m.Value), plan.Printable(m.Result)})
	}
	fmt.Fprintln(a.stdout, t.Render())
}

// wideMappings is how many columns the table of mappings takes to be read.
const wideMappings = 140

func (a *app) printMappings(mappings []engine.ExplainedMapping) {
	if width := lineWidth(a.stdout); width > 0 && width < wideMappings {
		fmt.Fprint(a.stdout, mappingList(mappings, width))
		return
	}
	// What is left of the line is shared by the four columns of long texts.
	left := a.width() - len("FLOWS") - len("Expression, onCreate") - 14
	t := a.table("Attribute mappings", "TARGET", "VALUE", "FLOWS", "TYPE", "MADE BY", "WHY")
	configs := make([]table.ColumnConfig, 6)
	for i, share := range []int{26, 30, 0, 0, 20, 24} {
		configs[i] = table.ColumnConfig{Number: i + 1}
		if share > 0 {
			configs[i].WidthMax, configs[i].WidthMaxEnforcer = max(left*share/100, 12), text.WrapSoft
		}
	}
	t.SetColumnConfigs(configs)
	for _, m := range mappings {
		flows := "-"
		if m.Flows {
			flows = "yes"
		}
		t.AppendRow(table.Row{shortName(m.Target), shown(m.Value), flows, kindOf(m), plan.Printable(cmp.Or(m.Source, "-")), plan.Printable(whyOf(m))})
	}
	fmt.Fprintln(a.stdout, t.Render())
}

// mappingList returns what the table shows, for a terminal that it does not fit
// on. What flows has a sign; a reason that several mappings share stands once.
func mappingList(mappings []engine.ExplainedMapping, width int) string {
	times, shared := map[string]int{}, ""
	for _, m := range mappings {
		if why := whyOf(m); !m.Flows {
			if times[why]++; times[why] > max(1, times[shared]) {
				shared = why
			}
		}
	}
	var b strings.Builder
	line := func(indent, s string) {
		fmt.Fprintln(&b, wrapped(indent+plan.Printable(s), width, "      "))
	}
	b.WriteString("\nAttribute mappings: + is written when a cycle looks at the object\n")
	if shared != "" {
		line("", "The others, where nothing else is said: "+shared)
	}
	for _, m := range mappings {
		sign, why := " ", "; "+whyOf(m)
		if m.Flows {
			sign = "+"
		} else if whyOf(m) == shared {
			why = ""
		}
		line("  "+sign+" ", fmt.Sprintf("%s: %s", shortName(m.Target), shown(m.Value)))
		line("      ", fmt.Sprintf("%s %s%s", kindOf(m), m.Source, why))
	}
	return b.String()
}

// kindOf says what kind of mapping it is, and when it is applied.
func kindOf(m engine.ExplainedMapping) string {
	if m.Apply == mapping.OnCreate {
		return string(m.Type) + ", onCreate"
	}
	return string(m.Type)
}

// whyOf says why a mapping flows, or why not.
func whyOf(m engine.ExplainedMapping) string {
	if m.Flows && !m.Current.IsEmpty() {
		return m.Reason + ": " + m.Current.Text()
	}
	return m.Reason
}

// shortName leaves out the beginning that the names of all extensions share.
func shortName(target string) string {
	if rest, long := strings.CutPrefix(target, "urn:ietf:params:scim:schemas:extension:"); long {
		return "…" + rest
	}
	return target
}

// plainWidth is how many columns are printed where nobody says how many fit.
const plainWidth = 160

// width returns how many columns of text fit on standard output.
func (a *app) width() int {
	if f, ok := unmasked(a.stdout).(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return plainWidth
}

// table begins a table with a title, in the manner of status.
func (a *app) table(title string, header ...any) table.Writer {
	fmt.Fprintf(a.stdout, "\n%s\n", title)
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(header)
	return t
}

// shown returns a value in one cell: of several references how many there are.
func shown(v directory.Value) string {
	if v.IsEmpty() {
		return "-"
	}
	if elements := v.Elements(); len(elements) > 1 && elements[0].Kind() == directory.Reference {
		return fmt.Sprintf("%d references", len(elements))
	}
	return plan.Printable(v.Text())
}
