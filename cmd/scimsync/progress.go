package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/scimsync/scimsync/engine"
)

// progressBar shows on a terminal how far a cycle is, and nothing elsewhere. It
// is one bar for all phases: nothing of a phase that has ended is left.
type progressBar struct {
	mu    sync.Mutex
	out   *mpb.Progress // nil where there is no terminal
	bar   *mpb.Bar
	phase atomic.Pointer[string] // read while the bar is drawn
	lines *visibleWriter         // what is logged meanwhile goes through it; nil for nothing
}

// progress returns a bar on standard error: results stay alone on standard output.
func (a *app) progress(prefix string) *progressBar {
	p := &progressBar{}
	if !isTerminal(a.stderr) || a.json() {
		return p
	}
	p.showOn(unmasked(a.stderr), prefix)
	if p.lines = visibleBehind(a.stderr); p.lines != nil {
		p.lines.divert(p.out)
	}
	return p
}

// showOn begins the bar. A phase of unknown length shows a count alone.
func (p *progressBar) showOn(w io.Writer, prefix string, options ...mpb.ContainerOption) {
	connecting := "connecting"
	p.phase.Store(&connecting)
	p.out = mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(w), mpb.WithWidth(40)}, options...)...)
	bar := func(f mpb.BarFiller) mpb.BarFiller {
		return mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
			if s.Total == 0 {
				return nil
			}
			return f.Fill(w, s)
		})
	}
	p.bar = p.out.New(0, mpb.BarStyle(), mpb.BarFillerMiddleware(bar),
		mpb.PrependDecorators(decor.Any(func(s decor.Statistics) string {
			phase := prefix + " " + *p.phase.Load()
			switch {
			case s.Total > 0:
				return fmt.Sprintf("%s  %d / %d", phase, s.Current, s.Total)
			case s.Current > 0:
				return fmt.Sprintf("%s  %d", phase, s.Current)
			default:
				return phase
			}
		})),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			if s.Total == 0 {
				return ""
			}
			return fmt.Sprintf("%d %%", s.Current*100/s.Total)
		})))
}

// update is an engine.Options.Progress.
func (p *progressBar) update(now engine.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return
	}
	if *p.phase.Load() != now.Phase {
		p.bar.SetCurrent(0) // a drawing in between never shows more than all
		p.phase.Store(&now.Phase)
	}
	p.bar.SetTotal(now.Total, false)
	p.bar.SetCurrent(now.Done)
}

// done removes the bar, and what is logged goes to the terminal by itself again.
// It may be called more than once.
func (p *progressBar) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil {
		return
	}
	if p.lines != nil {
		p.lines.divert(nil)
	}
	p.bar.Abort(true)
	p.out.Wait()
	p.out = nil
}
