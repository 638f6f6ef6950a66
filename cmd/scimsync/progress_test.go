package main

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vbauerster/mpb/v8"

	"github.com/scimsync/scimsync/engine"
)

// frames takes what a progress bar draws, a frame with each write.
type frames chan string

func (f frames) Write(p []byte) (int, error) {
	f <- string(p)
	return len(p), nil
}

// TestProgressIsOneLine looks at every frame: one line for the phase under way,
// and a count alone where the total is not known.
func TestProgressIsOneLine(t *testing.T) {
	drawn, draw := make(frames, 100), make(chan any)
	bar := regexp.MustCompile(`\[[=>-]+\]`)
	p := &progressBar{}
	p.showOn(drawn, "example", mpb.WithManualRefresh(draw))
	want := []string{"example connecting"}
	awaited := func() {
		t.Helper()
		for range 10 { // a frame may have been under way when the phase changed
			draw <- nil
			frame := bar.ReplaceAllString(<-drawn, "[]")
			if strings.Count(frame, "\n") != 1 || !slices.Contains(want, strings.TrimSpace(frame)) {
				t.Fatalf("drawn %q, and the states so far are %q", frame, want)
			}
			if strings.TrimSpace(frame) == want[len(want)-1] {
				return
			}
		}
		t.Fatalf("%q is never drawn", want[len(want)-1])
	}
	awaited()
	for _, step := range []struct {
		now  engine.Progress
		line string
	}{
		{engine.Progress{Phase: "import", Done: 12}, "example import  12"},
		{engine.Progress{Phase: "users", Done: 3, Total: 9}, "example users  3 / 9 [] 33 %"},
		{engine.Progress{Phase: "users", Done: 9, Total: 9}, "example users  9 / 9 [] 100 %"},
		{engine.Progress{Phase: "groups", Done: 3, Total: 3}, "example groups  3 / 3 [] 100 %"},
		{engine.Progress{Phase: "references", Done: 1, Total: 4}, "example references  1 / 4 [] 25 %"},
	} {
		want = append(want, step.line)
		p.update(step.now)
		awaited()
	}
	p.done()
	p.update(engine.Progress{Phase: "late"}) // which a cycle does not, and must not hurt
}

// TestLinesStandAboveTheProgress: what is logged while a bar is drawn takes
// the bar's way to the terminal, and its own again afterwards.
func TestLinesStandAboveTheProgress(t *testing.T) {
	var direct, above strings.Builder
	v := &visibleWriter{w: &direct}
	for _, line := range []struct {
		text string
		by   io.Writer
	}{{"before\n", nil}, {"\x1b]0;while\n", &above}, {"after\n", nil}} {
		v.divert(line.by)
		if _, err := io.WriteString(v, line.text); err != nil {
			t.Fatal(err)
		}
	}
	if direct.String() != "before\nafter\n" || above.String() != "<U+001B>]0;while\n" {
		t.Errorf("%q, and above %q", &direct, &above)
	}
}
