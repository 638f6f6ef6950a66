package main

import (
	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/config/graphschema"
)

func (a *app) exportSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export-schema JOB",
		Short: "Print a job's mappings as the schema of an Entra provisioning job",
		Long: `Export-schema prints a Graph synchronizationSchema with the object and attribute
mappings, expressions and scoping filters of a job, and the definitions of the
attributes that they use. Source, target and settings are not part of a schema.`,
		Example:           "  scimsync config export-schema blogin > blogin.json",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeJobs,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.exportSchema(args[0])
		},
	}
}

func (a *app) exportSchema(name string) error {
	daemon, err := config.LoadDaemon(a.flags.config, config.SkipSecrets())
	if err != nil {
		return err
	}
	jobs, err := config.LoadJobs(daemon)
	if err != nil {
		return err
	}
	job, err := config.JobNamed(jobs, name)
	if err != nil {
		return err
	}
	schema, err := graphschema.Export(job)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(schema)
	return err
}
