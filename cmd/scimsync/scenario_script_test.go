package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/scimsync/scimsync/engine"
)

var errScript = errors.New("the script of the scenario is wrong")

// play carries out the script of a scenario: the commands in front of the files
// of a txtar archive, one a line, under headings that begin with #. README.md
// of the scenarios describes them.
func (w *world) play(ctx context.Context, script *txtar.Archive) error {
	files := map[string][]byte{}
	for _, f := range script.Files {
		files[f.Name] = f.Data
	}
	used := map[string]bool{}
	file := func(name string) ([]byte, error) {
		data, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%w: it has no file %s", errScript, name)
		}
		used[name] = true
		return data, nil
	}
	heading, step, advanced := "", 0, false
	for i, line := range strings.Split(string(script.Comment), "\n") {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "#"); ok {
			heading = strings.TrimSpace(heading + " " + strings.TrimSpace(text))
			continue
		}
		if line == "" {
			continue
		}
		words := strings.Fields(line)
		if words[0] == "sync" && step > 0 && !advanced {
			time.Sleep(scenarioInterval)
		}
		advanced = words[0] == "advance" || advanced && words[0] != "sync"
		shown := slices.Contains([]string{"sync", "provision", "test", "connections", "disconnect"}, words[0])
		if shown {
			step++
			title := fmt.Sprintf("### %d. %s\n### %s: %s\n\n", step, heading, time.Now().UTC().Format(time.DateTime), line)
			w.requests.WriteString(title)
			w.log.WriteString(title)
			heading = ""
		}
		began := time.Now()
		if err := w.command(ctx, words, file, script.Files, used); err != nil {
			return fmt.Errorf("line %d, %s: %w", i+1, line, err)
		}
		exchanges := w.app.taken()
		for _, x := range exchanges {
			if err := writeExchange(&w.requests, x, began, w.headers); err != nil {
				return err
			}
			began = x.at
		}
		if shown {
			if len(exchanges) == 0 {
				w.requests.WriteString("# no request\n\n")
			}
			w.log.WriteString("\n")
		}
	}
	if heading != "" {
		return fmt.Errorf("%w: nothing follows the heading %q", errScript, heading)
	}
	for name := range files {
		if !used[name] {
			return fmt.Errorf("%w: nothing uses the file %s", errScript, name)
		}
	}
	for _, r := range w.app.reactions {
		if !r.always {
			return fmt.Errorf("%w: no request came for the answer to %s %s", errScript, r.method, r.pattern)
		}
	}
	return nil
}

func (w *world) command(ctx context.Context, words []string, file func(string) ([]byte, error), all []txtar.File, used map[string]bool) error {
	verb, args := words[0], words[1:]
	switch {
	case verb == "directory" && len(args) == 1:
		return w.lay(args[0], all, used)
	case verb == "job" && len(args) == 1:
		text, err := file(args[0])
		w.setJob(string(text))
		return err
	case verb == "sandbox" && len(args) > 0:
		return w.configure(args)
	case verb == "show" && len(args) == 1 && args[0] == "headers":
		w.headers = true
		return nil
	case verb == "show" && len(args) == 1 && args[0] == "json":
		w.json = true
		return nil
	case verb == "sync" && len(args) == 0:
		return w.sync(ctx, false)
	case verb == "sync" && len(args) == 1 && args[0] == "--initial":
		return w.sync(ctx, true)
	case verb == "provision" && len(args) > 0:
		name, members, _ := strings.Cut(strings.Join(args, " "), " with ")
		return w.provision(ctx, name, strings.Fields(members))
	case verb == "test" && len(args) == 0:
		return w.test(ctx)
	case verb == "restart" && len(args) == 1:
		scope, err := engine.ParseResetScope(args[0])
		if err != nil {
			return err
		}
		return w.engine.Restart(ctx, w.jobName(), scope)
	case verb == "connections" && len(args) == 0:
		return w.connections(ctx)
	case verb == "disconnect" && len(args) == 1:
		return w.disconnect(ctx, args[0])
	case verb == "pause" && len(args) == 0:
		return w.engine.Pause(ctx, w.jobName())
	case verb == "start" && len(args) == 0:
		_, err := w.engine.Start(ctx, w.jobName())
		return err
	case verb == "allow-deletes" && len(args) == 0:
		return w.engine.AllowDeletes(ctx, w.jobName())
	case verb == "advance" && len(args) == 1:
		d, err := time.ParseDuration(args[0])
		time.Sleep(d)
		return err
	case verb == "application" && len(args) >= 2:
		return w.administer(args, file)
	case verb == "answer" && len(args) >= 3:
		return w.answer(args, file)
	default:
		return errScript
	}
}

// lay puts the files of one state of the directory in place of those before.
// A file that it has nothing of stays as it was.
func (w *world) lay(name string, all []txtar.File, used map[string]bool) error {
	found := false
	for _, f := range all {
		if folder, base := path.Split(f.Name); folder == name+"/" {
			if !json.Valid(f.Data) {
				return fmt.Errorf("%w: %s is no JSON", errScript, f.Name)
			}
			write(w.t, w.dir, base, string(f.Data))
			found, used[f.Name] = true, true
		}
	}
	if !found {
		return fmt.Errorf("%w: it has no files in %s/", errScript, name)
	}
	return nil
}

// configure makes the application one that behaves in a special way.
func (w *world) configure(args []string) error {
	switch {
	case args[0] == "omits" && len(args) > 1:
		w.options.OmitAttributes = args[1:]
	case args[0] == "ignores-excludedAttributes" && len(args) == 1:
		w.options.LegacyIgnoreExcludedAttributes = true
	case args[0] == "answers-patch-without-content" && len(args) == 1:
		w.options.NoContentOnUserPatch = true
	case args[0] == "at" && len(args) == 2:
		w.options.BasePath, w.app.base = args[1], strings.TrimRight(args[1], "/")
	default:
		return errScript
	}
	w.begin()
	return nil
}

// administer does something behind the provisioning service's back.
func (w *world) administer(args []string, file func(string) ([]byte, error)) error {
	var body []byte
	var err error
	if len(args) == 3 {
		if body, err = file(args[2]); err != nil {
			return err
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, body); err != nil {
			return fmt.Errorf("%w: %s: %w", errScript, args[2], err)
		}
		body = compact.Bytes()
	}
	status, answer := w.app.behind(args[0], args[1], body)
	if status >= 300 {
		return fmt.Errorf("%w: the application answers %d %s", errScript, status, answer)
	}
	return nil
}

// answer keeps an answer ready for the next request that fits, or for all.
func (w *world) answer(args []string, file func(string) ([]byte, error)) error {
	r := reaction{header: http.Header{"Content-Type": {"application/scim+json"}}}
	if args[0] == "always" {
		r.always, args = true, args[1:]
	}
	if len(args) < 3 {
		return errScript
	}
	var err error
	r.method, r.pattern = args[0], args[1]
	if r.status, err = strconv.Atoi(args[2]); err != nil {
		return err
	}
	for _, arg := range args[3:] {
		if delay, ok := strings.CutPrefix(arg, "delay="); ok {
			if r.delay, err = time.ParseDuration(delay); err != nil {
				return err
			}
			continue
		}
		if name, value, ok := strings.Cut(arg, ":"); ok {
			r.header.Set(name, value)
			continue
		}
		text, err := file(arg)
		if err != nil {
			return err
		}
		r.body = bytes.TrimSpace(text)
		var compact bytes.Buffer
		if json.Compact(&compact, text) == nil {
			r.body = compact.Bytes()
		}
	}
	w.app.mu.Lock()
	defer w.app.mu.Unlock()
	w.app.reactions = append(w.app.reactions, r)
	return nil
}

func indented(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.String(), err
}

// scenarioFolders returns the folders of all scenarios, sorted.
func scenarioFolders() ([]string, error) {
	scripts, err := filepath.Glob(filepath.Join(scenarioRoot, "*", scenarioScript))
	if err != nil {
		return nil, err
	}
	folders := make([]string, len(scripts))
	for i, s := range scripts {
		folders[i] = filepath.Dir(s)
	}
	slices.Sort(folders)
	return folders, nil
}

func readScript(folder string) (*txtar.Archive, string, error) {
	script, err := txtar.ParseFile(filepath.Join(folder, scenarioScript))
	if err != nil {
		return nil, "", err
	}
	job, err := os.ReadFile(filepath.Join(folder, "job.yaml"))
	return script, string(job), err
}
