package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check the configuration, and help to write it"}
	var daemon bool
	schema := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of job files, for editors",
		Example: `  scimsync config schema > job.schema.json
  # and as the first line of a job file:
  # yaml-language-server: $schema=job.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			make := config.Schema
			if daemon {
				make = config.DaemonSchema
			}
			b, err := make()
			if err == nil {
				_, err = fmt.Fprintf(a.stdout, "%s\n", b)
			}
			return err
		},
	}
	schema.Flags().BoolVar(&daemon, "daemon", false, "the schema of the daemon file instead")
	cmd.AddCommand(&cobra.Command{
		Use:   "validate",
		Short: "Check every file: keys, names, paths, expressions, filters, secrets",
		Long: `Validate checks everything that can be known without a network, and names file,
line and column of each mistake. Warnings do not fail it.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.validate() },
	}, schema)
	cmd.AddCommand(a.importSchemaCommand())
	cmd.AddCommand(a.exportSchemaCommand())
	return cmd
}

// validation is what config validate -o json prints.
type validation struct {
	Valid    bool          `json:"valid"`
	Problems config.Errors `json:"problems"`
	Warnings config.Errors `json:"warnings"`
}

func (a *app) validate() error {
	problems, warnings := config.Validate(a.flags.config)
	if a.json() {
		v := validation{Valid: len(problems) == 0, Problems: append(config.Errors{}, problems...), Warnings: append(config.Errors{}, warnings...)}
		if err := printJSON(a.stdout, v); err != nil {
			return err
		}
	} else {
		for _, w := range warnings {
			fmt.Fprintf(a.stdout, "warning: %v\n", w)
		}
		for _, p := range problems {
			fmt.Fprintf(a.stdout, "error: %v\n", p)
		}
	}
	if len(problems) > 0 {
		return &exitError{code: exitUsage, err: errors.New(count(len(problems), "mistake") + " in the configuration")}
	}
	if !a.json() {
		fmt.Fprintln(a.stdout, "The configuration is valid.")
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
