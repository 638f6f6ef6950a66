package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/term"

	"github.com/scimsync/scimsync/connectors/scim/har"
)

// version is set when the program is built.
var version = "devel"

// app is what every command has at hand.
type app struct {
	stdout, stderr io.Writer
	flags          globalFlags
	traceFile      string        // of --trace; "" for none
	trace          *har.Recorder // once a target is wired
}

type globalFlags struct {
	config    string
	output    string
	logLevel  string
	logFormat string
	noColor   bool
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	a := &app{stdout: stdout, stderr: stderr}
	if v, ok := stdout.(*visibleWriter); ok {
		v.json, v.colored = a.json, a.color
	}
	if v := visibleBehind(stderr); v != nil {
		v.colored = a.colorStderr
	}
	root := &cobra.Command{
		Use:   "scimsync",
		Short: "Provision users and groups to applications by SCIM, as Microsoft Entra does",
		Long: `scimsync reads a directory, applies scoping filters and attribute mappings, and
pushes the result to an application's SCIM endpoint with the very requests that
Microsoft Entra ID would send.

Start with:
  scimsync demo            the whole story in a temporary folder
  scimsync init            a working example to change
  scimsync plan JOB        see what a cycle would do
  scimsync sync JOB        do it
  scimsync run             keep doing it`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.flags.check() },
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	f := root.PersistentFlags()
	f.StringVar(&a.flags.config, "config", "scimsync.yaml", "the daemon file")
	f.StringVarP(&a.flags.output, "output", "o", "text", "how results are printed: text or json")
	f.StringVar(&a.flags.logLevel, "log-level", "", "debug, info, warn or error (default: the daemon file's, else info)")
	f.StringVar(&a.flags.logFormat, "log-format", "", "console or json (default: the daemon file's, else console)")
	f.BoolVar(&a.flags.noColor, "no-color", false, "never print in colour")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	_ = root.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"console", "json"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(
		a.initCommand(), a.demoCommand(), a.runCommand(), a.traceable(a.planCommand()), a.traceable(a.applyCommand()), a.traceable(a.syncCommand()), a.traceable(a.provisionCommand()), a.traceable(a.explainCommand()),
		a.traceable(a.testConnectionCommand()), a.testNotificationCommand(), a.statusCommand(), a.logsCommand(), a.allowDeletesCommand(), a.startCommand(), a.pauseCommand(), a.restartCommand(), a.connectionsCommand(), a.configCommand(), a.exprCommand(), a.identityCommand(), a.sandboxCommand(),
		a.versionCommand(),
	)
	return root
}

func (f globalFlags) check() error {
	for _, flag := range []struct {
		name, value string
		known       []string
	}{
		{"output", f.output, []string{"text", "json"}},
		{"log-level", f.logLevel, []string{"", "debug", "info", "warn", "error"}},
		{"log-format", f.logFormat, []string{"", "console", "json"}},
	} {
		if !slices.Contains(flag.known, flag.value) {
			return fmt.Errorf("--%s is %q; it can be %s", flag.name, flag.value, strings.Join(flag.known[len(flag.known)-min(len(flag.known), 4):], ", "))
		}
	}
	return nil
}

func (a *app) json() bool { return a.flags.output == "json" }

// color reports whether results may be coloured: only on a terminal, and not
// where NO_COLOR (no-color.org) or --no-color says otherwise.
func (a *app) color() bool {
	return !a.flags.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(a.stdout)
}

func isTerminal(w io.Writer) bool {
	f, ok := unmasked(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colorStderr reports whether what is logged may be coloured.
func (a *app) colorStderr() bool {
	return !a.flags.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(a.stderr)
}

// unmasked returns the writer behind those that mask secrets and control
// characters.
func unmasked(w io.Writer) io.Writer {
	if v := visibleBehind(w); v != nil {
		return v.w
	}
	return w
}

// visibleBehind returns the writer that masks control characters, nil if there
// is none.
func visibleBehind(w io.Writer) *visibleWriter {
	if m, masked := w.(*maskWriter); masked {
		w = m.w
	}
	v, _ := w.(*visibleWriter)
	return v
}

// logger writes to standard error, so that results on standard output stay
// clean.
func (a *app) logger(level, format string) (*zap.Logger, error) {
	if a.flags.logLevel != "" {
		level = a.flags.logLevel
	}
	if a.flags.logFormat != "" {
		format = a.flags.logFormat
	}
	return newLogger(a.stderr, level, format, a.colorStderr())
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if a.json() {
				return printJSON(a.stdout, map[string]string{"version": version})
			}
			fmt.Fprintln(a.stdout, "scimsync", version)
			return nil
		},
	}
}
