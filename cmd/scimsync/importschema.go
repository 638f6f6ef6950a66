package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config/graphschema"
)

func (a *app) importSchemaCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "import-schema FILE.json",
		Short: "Make a job file of the schema of an Entra provisioning job",
		Long: `Import-schema reads a Graph synchronizationSchema, which is what
GET /servicePrincipals/{id}/synchronization/jobs/{id}/schema returns and what the
portal's "Review your schema here" downloads, and prints a job file: object and
attribute mappings, expressions and scoping filters. Comments in it name what has
no counterpart, and mark the placeholders for what a schema does not hold.

FILE.json may be - for standard input.`,
		Example: "  scimsync config import-schema blogin.json > jobs/blogin.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importSchema(args[0], name, cmd.InOrStdin())
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the job's name (default: after the file)")
	return cmd
}

func (a *app) importSchema(file, name string, in io.Reader) error {
	if err := a.notJSON("a job file is YAML, and is printed without -o json"); err != nil {
		return err
	}
	if name == "" {
		name = graphschema.Name(file)
	}
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("the schema cannot be read: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	job, err := graphschema.Import(in, name)
	if err != nil {
		return fmt.Errorf("%s cannot be imported:\n%w", file, err)
	}
	_, err = a.stdout.Write(job)
	return err
}
