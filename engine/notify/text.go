package notify

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

//go:embed text.tmpl
var textTemplate string

// The size of a message that is repeated in a notice: what an application
// answered may be a page of HTML.
const (
	maxLine  = 400 // characters
	maxLines = 12
)

// Place is where scimsync runs, so that a notice can name commands that work
// when they are copied.
type Place struct {
	Host   string // name of the machine
	Config string // path of the daemon file
}

// reasons are Microsoft's quarantine reasons in words (Microsoft Learn,
// "Application provisioning in quarantine status").
func reasons(reason string) string {
	switch reason {
	case "EncounteredQuarantineException":
		return "the application refuses the credentials or does not answer as SCIM"
	case "EncounteredEscrowProportionThreshold":
		return "too large a share of the objects fails"
	case "EncounteredBaseEscrowThreshold":
		return "too many objects fail"
	case "EncounteredTotalEscrowThreshold":
		return "too many objects fail, references counted"
	case "TooManyDeletes":
		return "a cycle would disable or delete too many objects"
	case "IngestionInterrupted":
		return "the source is not what it was"
	case "":
		return "no reason is known"
	default:
		return plan.Printable(reason)
	}
}

// view is a notice as the template reads it: every text is clean.
type view struct {
	Kind, Job, JobID, Cycle string
	Reason, Code            string
	Message                 []string
	Began, Time, Next       string
	Imported                int64
	Summary                 plan.Summary
	Host, Folder            string
	Guarded                 bool   // a guard has stopped the cycle, and can be told to let it pass
	config                  string // the flag of the commands; "" for none
}

// advice is how a guard's message goes on after what has happened. A notice has
// commands of its own, with the folder in which they work.
const advice = ` Look at "scimsync plan `

func newView(n engine.Notice, at Place) view {
	happened, _, guarded := strings.Cut(n.Message, advice)
	v := view{
		Guarded: guarded,
		Kind:    string(n.Kind), Job: clean(n.Job), JobID: clean(n.JobID), Cycle: clean(n.CycleID),
		Reason: reasons(n.Reason), Code: clean(n.Reason), Message: lines(happened),
		Began: moment(n.Began), Time: moment(n.Time), Next: moment(n.NextAttempt),
		Imported: n.Imported, Summary: n.Summary,
		Host: clean(at.Host), Folder: quote(filepath.Dir(at.Config)),
	}
	if file := filepath.Base(at.Config); file != "scimsync.yaml" {
		v.config = " --config " + quote(file)
	}
	return v
}

// Command returns a command line of scimsync about the job.
func (v view) Command(command string, flags ...string) string {
	return strings.Join(append([]string{"scimsync", command, quote(v.Job)}, flags...), " ") + v.config
}

// text returns a notice in words: what happened to which job, numbers, what to
// look at, and what happens next. The subject is one line. What is in the
// notice can neither break a line of a header nor reach a terminal as a control
// character.
func text(n engine.Notice, at Place) (subject, body string, err error) {
	t, err := template.New("").Parse(textTemplate)
	if err != nil {
		return "", "", fmt.Errorf("the text of notices: %w", err)
	}
	v := newView(n, at)
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "subject", v); err != nil {
		return "", "", fmt.Errorf("the text of notices: %w", err)
	}
	subject = b.String()
	b.Reset()
	if err := t.ExecuteTemplate(&b, "body", v); err != nil {
		return "", "", fmt.Errorf("the text of notices: %w", err)
	}
	return subject, b.String(), nil
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// clean returns a text as one printable line, shortened if it is long.
func clean(s string) string {
	s = plan.Printable(strings.ToValidUTF8(s, "\uFFFD"))
	if r := []rune(s); len(r) > maxLine {
		s = string(r[:maxLine]) + " …"
	}
	return s
}

// lines returns the lines of a text, clean, the first ones of many.
func lines(s string) []string {
	all := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	var cleaned []string
	for i, line := range all {
		if i == maxLines {
			return append(cleaned, fmt.Sprintf("… and %d more lines", len(all)-i))
		}
		cleaned = append(cleaned, clean(strings.TrimRight(line, " \t")))
	}
	return cleaned
}

// bare is what a shell takes for one word.
var bare = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote returns a path as one word of a POSIX shell.
func quote(path string) string {
	path = clean(path)
	if bare.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
