package main

import (
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/scimsync/scimsync/engine"
)

// progressBar shows on a terminal how far a cycle is, and nothing elsewhere.
type progressBar struct {
	mu     sync.Mutex
	out    *mpb.Progress // nil where there is no terminal
	bar    *mpb.Bar
	phase  string
	prefix string
}

// progress returns a bar on standard error: results stay alone on standard output.
func (a *app) progress(prefix string) *progressBar {
	p := &progressBar{prefix: prefix}
	if isTerminal(a.stderr) && !a.json() {
		p.out = mpb.New(mpb.WithOutput(unmasked(a.stderr)), mpb.WithWidth(40))
	}
	return p
}

// update is an engine.Options.Progress.
func (p *progressBar) update(now engine.Progress) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil || p.phase != now.Phase {
		p.finish()
		p.phase = now.Phase
		p.bar = p.out.AddBar(now.Total,
			mpb.BarRemoveOnComplete(),
			mpb.PrependDecorators(decor.Name(p.prefix+" "+now.Phase+" ", decor.WC{C: decor.DindentRight | decor.DextraSpace}), decor.CountersNoUnit("%d / %d")),
			mpb.AppendDecorators(decor.Percentage(), decor.OnComplete(decor.Name(""), "")))
	}
	p.bar.SetCurrent(now.Done)
}

func (p *progressBar) finish() {
	if p.bar != nil && !p.bar.Completed() {
		p.bar.Abort(true)
	}
}

// done removes the bar.
func (p *progressBar) done() {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
	p.out.Wait()
	p.out = nil
}
