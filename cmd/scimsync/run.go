package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine"
)

func (a *app) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run every job on its schedule, until stopped",
		Long: `Run is the daemon. Each job starts with an initial cycle, and then runs an
incremental cycle an interval after the last one ended (40 minutes, as Entra
does, unless the job says otherwise), or at the times of its cron expression.

SIGTERM and SIGINT let every job finish the objects in hand, and end. SIGHUP
reads the configuration again; if there is an error in it, the daemon says so
and goes on with what it has.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context()) },
	}
}

func (a *app) run(ctx context.Context) (err error) {
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)

	read := time.Now()
	s, err := a.openAll(ctx, "", readWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	if len(s.jobs) == 0 {
		return fmt.Errorf("%s lists no jobs, so there is nothing to run", a.flags.config)
	}
	for _, w := range s.warnings {
		s.logger.Warn("configuration", zap.String("warning", w))
	}
	mark := markDaemon(ctx, s.logger, s.state, read)
	defer func() { err = errors.Join(err, mark.release()) }()
	scheduler := engine.NewScheduler(s.engine)
	if err := scheduler.Set(ctx, s.scheduled()); err != nil {
		return err
	}
	s.logger.Info("scimsync runs", zap.String("version", version), zap.Int("jobs", len(s.jobs)))
	stopped := make(chan error, 1)
	go func() { stopped <- scheduler.Run(ctx) }()
	for {
		select {
		case err := <-stopped:
			s.logger.Info("scimsync ends")
			return err
		case <-reload:
			read := time.Now()
			jobs, err := a.load("")
			if err == nil {
				err = scheduler.Set(ctx, scheduled(jobs))
			}
			if err != nil {
				s.logger.Error("the configuration was not read again, the jobs go on as they are", zap.Error(err))
				continue
			}
			mark.read(s.logger, read)
			s.logger.Info("the configuration was read again", zap.Int("jobs", len(jobs)))
		}
	}
}
