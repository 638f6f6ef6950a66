package plan

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Summary counts the objects of a plan or a cycle by what happens to them.
type Summary struct {
	Create  int64 `json:"create"`
	Update  int64 `json:"update"`
	Disable int64 `json:"disable"`
	Delete  int64 `json:"delete"`
	Skip    int64 `json:"skip"`
	Fail    int64 `json:"fail"`
}

// Count adds one object to the number of its action; any other action counts
// as skipped.
func (s *Summary) Count(a Action) { *s.of(a)++ }

// Uncount takes one object off the number of its action: a later step has
// failed it.
func (s *Summary) Uncount(a Action) { *s.of(a)-- }

func (s *Summary) of(a Action) *int64 {
	switch a {
	case Create:
		return &s.Create
	case Update:
		return &s.Update
	case Disable:
		return &s.Disable
	case Delete:
		return &s.Delete
	case Fail:
		return &s.Fail
	default:
		return &s.Skip
	}
}

// Changes returns how many objects would be written to.
func (s Summary) Changes() int64 { return s.Create + s.Update + s.Disable + s.Delete }

// String is the summary line of a plan.
func (s Summary) String() string {
	return fmt.Sprintf("%d to create, %d to update, %d to disable, %d to delete, %d skipped, %d failed",
		s.Create, s.Update, s.Disable, s.Delete, s.Skip, s.Fail)
}

// Done is the summary line of a cycle that ran.
func (s Summary) Done() string {
	return fmt.Sprintf("%d created, %d updated, %d disabled, %d deleted, %d skipped, %d failed",
		s.Create, s.Update, s.Disable, s.Delete, s.Skip, s.Fail)
}

// Renderer writes a plan for a person.
type Renderer struct {
	W     io.Writer
	Color bool // ANSI colours; only for a terminal
	// Retrying is what is said of objects that failed earlier and that the cycle
	// does not look at; "" if there are none.
	Retrying string
}

// how an action looks: its heading, its sign and its colour.
var looks = map[Action]struct {
	heading, sign string
	color         text.Color
}{
	Create:  {"To create", "+", text.FgGreen},
	Update:  {"To update", "~", text.FgYellow},
	Disable: {"To disable", "-", text.FgRed},
	Delete:  {"To delete", "x", text.FgHiRed},
	Fail:    {"Fails", "!", text.FgHiRed},
}

// Render writes the title, the entries in their order under a heading for
// each type and action, each attribute with its old and new value side by
// side, and the summary line. It returns the first error of entries or of W.
func (r Renderer) Render(title string, entries iter.Seq2[Entry, error], s Summary, skipped map[string]int64) error {
	p := &printer{w: r.W, color: r.Color}
	p.line("%s", title)
	var group string
	for e, err := range entries {
		if err != nil {
			return err
		}
		look := looks[e.Action]
		if heading := fmt.Sprintf("%s: %ss", look.heading, strings.ToLower(string(e.ObjectType))); heading != group {
			group = heading
			p.line("\n%s", p.paint(text.Bold, heading))
		}
		p.entry(e, look.sign, look.color)
	}
	if s.Changes()+s.Fail == 0 && r.Retrying == "" {
		p.line("\nNothing to change: the application is as the directory says it should be.")
	}
	p.line("\nPlan: %s.", s)
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		p.line("%s", p.paint(text.Faint, fmt.Sprintf("  skipped: %d %s", skipped[why], Printable(why))))
	}
	if r.Retrying != "" {
		p.line("%s", Printable(r.Retrying))
	}
	return p.err
}

type printer struct {
	w     io.Writer
	color bool
	err   error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) paint(c text.Color, s string) string {
	if !p.color {
		return s
	}
	// Escape codes are written out here: the library's own switch is global.
	return c.EscapeSeq() + s + text.Reset.EscapeSeq()
}

func (p *printer) entry(e Entry, sign string, color text.Color) {
	name := p.paint(color, sign+" "+Printable(e.DisplayName))
	if e.TargetAnchor != nil {
		name += "  " + p.paint(text.Faint, "id "+Printable(*e.TargetAnchor))
	}
	p.line("  %s", name)
	p.line("      %s", p.paint(text.Faint, Printable(e.Reason)))
	if e.Error != nil && e.Error.Message != e.Reason {
		p.line("      %s: %s", e.Error.Code, Printable(e.Error.Message))
	}
	names, olds := 0, 0
	for _, m := range e.ModifiedProperties {
		names = max(names, text.StringWidth(short(m.DisplayName)))
		olds = max(olds, text.StringWidth(shown(m.OldValue, m.OldName)))
	}
	for _, m := range e.ModifiedProperties {
		switch m.Verb {
		case Add:
			p.line("      %s  %s %s", text.Pad(short(m.DisplayName), names, ' '), p.paint(text.FgGreen, "+"), shown(m.NewValue, m.NewName))
			continue
		case Remove:
			p.line("      %s  %s %s", text.Pad(short(m.DisplayName), names, ' '), p.paint(text.FgRed, "-"), shown(m.OldValue, m.OldName))
			continue
		case Replace: // Entra's add-or-replace trap
			p.line("      %s  %s %s, and no other", text.Pad(short(m.DisplayName), names, ' '), p.paint(text.FgRed, "="), shown(m.NewValue, m.NewName))
			continue
		}
		if e.Action == Create && m.OldValue == nil {
			p.line("      %s  %s", text.Pad(short(m.DisplayName), names, ' '), shown(m.NewValue, m.NewName))
			continue
		}
		p.line("      %s  %s → %s", text.Pad(short(m.DisplayName), names, ' '),
			text.Pad(shown(m.OldValue, m.OldName), olds, ' '), shown(m.NewValue, m.NewName))
	}
}

// maxShown bounds a value's width on a line, in characters.
const maxShown = 60

// shown returns a value as a plan shows it, with the name of what it refers to
// in front.
func shown(v *string, name string) string {
	if v == nil {
		return "(none)"
	}
	s := Printable(*v)
	if name != "" && s != directory.PendingText {
		s = Printable(name) + " (" + s + ")"
	} else if name != "" {
		s = Printable(name) + " " + s
	}
	if s == "" {
		return `""`
	}
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return s
}

// short leaves the enterprise extension's long name away: enterprise:department.
func short(attribute string) string {
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	if rest, ok := strings.CutPrefix(attribute, enterprise); ok {
		return "enterprise:" + rest
	}
	return Printable(attribute)
}

// Printable returns s with every character that a terminal could take for a
// command, or that hides or reorders text, replaced by its code in brackets.
// Values of a directory are data: they must not move a cursor.
func Printable(s string) string {
	clean := func(r rune) bool { return r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Bidi_Control, r) }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if clean(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}
