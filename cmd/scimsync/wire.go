package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"github.com/scimsync/scimsync/mask"
)

// access says what a command needs.
type access uint8

const (
	readOnly   access = iota // the application and the state; nothing is written, not even a new database
	readWrite                // the application and the state
	stateRead                // the state alone: no secret is read
	stateWrite               // the state alone, to write to it
)

func (m access) writes() bool { return m == readWrite || m == stateWrite }

// config returns how the configuration is read for this access.
func (m access) config() []config.Option {
	if m == stateRead || m == stateWrite {
		return []config.Option{config.SkipSecrets()}
	}
	return nil
}

// wired is a job with everything that it is made of.
type wired struct {
	engine.Scheduled
	interval string   // as Graph prints it
	files    []string // that its configuration is read from
}

// session is an open state and the jobs that a command works on.
type session struct {
	store    *sqlite.Store
	engine   *engine.Engine
	logger   *zap.Logger
	warnings []string // of the configuration
	state    string   // path of the state file
	files    []string // that the configuration of all jobs is read from
	jobs     []wired
	job      wired // the one that was named
}

// open opens the state and wires one job.
func (a *app) open(ctx context.Context, job string, mode access) (*session, error) {
	if job == "" {
		return nil, errors.New("the name of the job is empty")
	}
	s, err := a.openAll(ctx, job, mode)
	if err != nil {
		return nil, err
	}
	s.job = s.jobs[0]
	return s, nil
}

// openAll opens the state and wires all jobs, or the one that is named.
func (a *app) openAll(ctx context.Context, only string, mode access) (*session, error) {
	daemon, err := config.LoadDaemon(a.flags.config, mode.config()...)
	if err != nil {
		return nil, err
	}
	s := &session{state: sqlite.Resolve(daemon.State.Path), files: append([]string{daemon.File}, daemon.Referenced...)}
	for _, w := range daemon.Warnings {
		s.warnings = append(s.warnings, w.Error())
	}
	if s.jobs, err = a.wire(daemon, only, mode); err != nil {
		return nil, err
	}
	if s.logger, err = a.logger(daemon.Log.Level, daemon.Log.Format); err != nil {
		return nil, err
	}
	openStore, spoolDir := sqlite.OpenReadOnly, ""
	if mode.writes() {
		openStore, spoolDir = sqlite.Open, filepath.Dir(s.state)
	}
	if s.store, err = openStore(ctx, s.state); err != nil {
		return nil, err
	}
	if warning := exposed(s.state); warning != "" && mode.writes() {
		s.logger.Warn("the state", zap.String("warning", warning))
	}
	s.engine = &engine.Engine{
		Store: s.store, TenantID: s.store.TenantID(), SpoolDir: spoolDir, Logger: s.logger,
		Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	return s, nil
}

// close releases the state and adds its error to the one at err.
func (s *session) close(err *error) {
	*err = errors.Join(*err, s.store.Close())
}

func (s *session) scheduled() []engine.Scheduled { return scheduled(s.jobs) }

func scheduled(jobs []wired) []engine.Scheduled {
	all := make([]engine.Scheduled, len(jobs))
	for i, j := range jobs {
		all[i] = j.Scheduled
	}
	return all
}

// load reads the configuration and wires all jobs, or the one that is named.
func (a *app) load(only string) ([]wired, error) {
	daemon, err := config.LoadDaemon(a.flags.config)
	if err != nil {
		return nil, err
	}
	return a.wire(daemon, only, readWrite)
}

func (a *app) wire(daemon *config.Daemon, only string, mode access) ([]wired, error) {
	files, err := a.jobFiles(daemon, only, mode)
	if err != nil {
		return nil, err
	}
	a.mask(daemon, files)
	if err := a.startTrace(files); err != nil {
		return nil, err
	}
	var jobs []wired
	for _, file := range files {
		job, err := a.wireJob(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.File, err)
		}
		if mode == readWrite {
			if job.Job.Notifiers, err = a.notifiers(daemon, file); err != nil {
				return nil, err
			}
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// jobFiles reads all job files, or the one of the named job: a secret that
// another job lacks does not stand in its way.
func (a *app) jobFiles(daemon *config.Daemon, only string, mode access) ([]*config.Job, error) {
	if only == "" {
		return config.LoadJobs(daemon)
	}
	bare, err := config.LoadDaemon(a.flags.config, config.SkipSecrets())
	if err != nil {
		return nil, err
	}
	files, err := config.LoadJobs(bare)
	if err != nil {
		return nil, err
	}
	found, err := config.JobNamed(files, only)
	if err != nil {
		return nil, err
	}
	file, err := config.LoadJob(found.File, mode.config()...)
	if err != nil {
		return nil, err
	}
	return []*config.Job{file}, nil
}

func (a *app) wireJob(file *config.Job) (wired, error) {
	source, err := export.New(file.Source.Export)
	if err != nil {
		return wired{}, err
	}
	options, err := a.targetOptions(file)
	if err != nil {
		return wired{}, err
	}
	target, err := scim.New(options)
	if err != nil {
		return wired{}, err
	}
	job := engine.Job{
		Name: file.Name, Source: source, Target: target, Fingerprint: file.Fingerprint(), Digest: file.Digest, Address: file.Address(),
		Settings: engine.Settings{
			Concurrency: file.Settings.Concurrency, RecycleBin: file.Settings.RecycleBin,
			SkipOutOfScopeDeletions: file.Settings.SkipOutOfScopeDeletions,
			MembersPerPatch:         target.Batch(),
			HealReferences:          file.Target.HealReferences, RematchMissing: file.Target.RematchMissing,
			AlwaysAddMembers:      file.Target.AlwaysAddMembers,
			KeepClearedReferences: file.Target.KeepClearedReferences,
			FindBeforeUpdate:      file.Target.FindBeforeUpdate,
		},
		Application: engine.Application{DisplayName: file.Name},
	}
	if job.OnDemand, err = onDemandTarget(options); err != nil {
		return wired{}, err
	}
	job.Settings.Guard = guardOf(file.Settings)
	job.Settings.Tempo = engine.Tempo(file.Target.CompressClock)
	for _, m := range file.Mappings() {
		job.Rules = append(job.Rules, engine.Rule{Type: m.Type, Scope: m.Scope, Mapping: m.Mapping, Actions: m.Actions})
	}
	w := wired{
		Scheduled: engine.Scheduled{Job: job, Next: engine.Every(file.Settings.Interval)}, interval: iso8601(file.Settings.Interval),
		files: append([]string{file.File}, file.Referenced...),
	}
	if file.Settings.Cron != "" {
		w.interval = file.Settings.Cron
		if w.Next, err = engine.Cron(file.Settings.Cron); err != nil {
			return wired{}, err
		}
	}
	return w, nil
}

// guardOf returns what a job must not do without being asked.
func guardOf(s config.Settings) (g engine.Guard) {
	if d := s.AccidentalDeletions; d.Enabled {
		g.Threshold, g.Share, g.Members = int64(d.Threshold), int64(d.Share), int64(d.Members)
		g.Window, g.WindowThreshold, g.WindowShare = d.Window, int64(d.WindowThreshold), int64(d.WindowShare)
		g.WindowMembers = int64(d.WindowMembers)
	}
	if c := s.SourceCheck; c.Enabled {
		g.SourceShare, g.SourceAge, g.StaleAfter = int64(c.Share), c.Age, c.StaleAfter
	}
	return g
}

// iso8601 returns a duration as Graph prints it: PT40M. One of compressClock may
// be shorter than a second: PT0.012S.
func iso8601(d time.Duration) string {
	s := "PT"
	if hours := d / time.Hour; hours > 0 {
		s += fmt.Sprintf("%dH", hours)
	}
	if minutes := d % time.Hour / time.Minute; minutes > 0 {
		s += fmt.Sprintf("%dM", minutes)
	}
	if rest := d % time.Minute; rest > 0 || d == 0 {
		s += strconv.FormatFloat(rest.Seconds(), 'f', -1, 64) + "S"
	}
	return s
}

// mask keeps every secret of the configuration out of what is written to
// standard error.
func (a *app) mask(daemon *config.Daemon, jobs []*config.Job) {
	secrets := daemon.Secrets()
	for _, j := range jobs {
		secrets = append(secrets, j.Secrets()...)
	}
	for _, password := range mask.ProxyPasswords() {
		secrets = append(secrets, config.NewSecret(password))
	}
	if m, masked := a.stderr.(*maskWriter); masked {
		m.add(secrets)
	}
}

// maskWriter writes text with secrets masked. Each write is masked by itself:
// loggers write whole lines. It may be used from many goroutines.
type maskWriter struct {
	mu      sync.Mutex
	w       io.Writer
	secrets []config.Secret // of every configuration read so far: a cycle under way may still use an old one
	masker  *config.Masker
}

func (m *maskWriter) add(secrets []config.Secret) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range secrets {
		if !slices.ContainsFunc(m.secrets, s.Equal) {
			m.secrets = append(m.secrets, s)
		}
	}
	m.masker = config.NewMasker(m.secrets...)
}

// Write writes p masked and reports it as written whole.
func (m *maskWriter) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := io.WriteString(m.w, m.masked(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// mask returns a text masked.
func (m *maskWriter) mask(text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.masked(text)
}

// masked returns a text masked. m.mu is held.
func (m *maskWriter) masked(text string) string {
	if m.masker == nil {
		return text
	}
	return m.masker.Mask(text)
}

// oneJob is the check of a command that takes the name of a job: it says which
// there are.
func (a *app) oneJob(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && args[0] != "" {
		return nil
	}
	names, _ := a.completeJobs(cmd, nil, "")
	hint := "give the name of one job"
	switch len(names) {
	case 0:
	case 1:
		hint += ", such as " + names[0]
	default:
		hint += ": there are " + strings.Join(names, ", ")
	}
	return fmt.Errorf("%s: %s", cmd.CommandPath(), hint)
}

// completeJobs completes the name of a job on the command line.
func (a *app) completeJobs(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	daemon, err := config.LoadDaemon(a.flags.config, config.SkipSecrets())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	jobs, err := config.LoadJobs(daemon)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, j := range jobs {
		names = append(names, j.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
