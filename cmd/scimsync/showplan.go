package main

import (
	"bufio"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/scimsync/scimsync/engine/plan"
)

// savedPlan is a file that plan --out wrote, to be looked at.
type savedPlan string

// read calls yield with each entry of the plan and returns its head. The error
// names the file.
func (file savedPlan) read(yield func(plan.Entry) error) (plan.Head, error) {
	f, err := os.Open(string(file))
	if err != nil {
		return plan.Head{}, fmt.Errorf("the saved plan: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	head, err := plan.ReadSaved(bufio.NewReader(f), yield)
	if err != nil {
		return head, fmt.Errorf("%s is no saved plan that can be shown: %w", file, err)
	}
	return head, nil
}

// errEnough ends the reading of a plan of which no more is wanted.
var errEnough = errors.New("enough")

// entries returns the objects of the plan as they stand in the file.
func (file savedPlan) entries() iter.Seq2[plan.Entry, error] {
	return func(yield func(plan.Entry, error) bool) {
		done := false
		_, err := file.read(func(e plan.Entry) error {
			if done = !yield(e, nil); done {
				return errEnough
			}
			return nil
		})
		if err != nil && !done {
			yield(plan.Entry{}, err)
		}
	}
}

// show prints a saved plan. It needs the file alone: whoever is to look at it
// may sit at another machine.
func (a *app) show(file savedPlan) error {
	head, err := file.read(func(plan.Entry) error { return nil })
	if err != nil {
		return err
	}
	if a.json() {
		return plan.WriteJSON(a.stdout, head, file.entries())
	}
	for _, w := range head.Warnings {
		fmt.Fprintf(a.stdout, "warning: %s\n", plan.Printable(w))
	}
	renderer := plan.Renderer{W: a.stdout, Color: a.color(), Retrying: failedEarlier(head.Retrying)}
	title := fmt.Sprintf("Plan for job %s of %s: an %s cycle.", plan.Printable(head.Job), localTime(head.Saved.Basis.Made), head.Cycle)
	if err := renderer.Render(title, file.entries(), head.Summary, nil); err != nil {
		return err
	}
	a.printGuard(head.Guard)
	if head.Guard == "" {
		fmt.Fprintf(a.stdout, "\nTo do just this: scimsync apply %s\n", plan.Printable(string(file)))
	}
	return nil
}

func failedEarlier(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Objects that failed earlier, and that the cycle does not look at: %d.", n)
}

// printGuard says that a guard would stop the cycle of a plan, if one would.
func (a *app) printGuard(guard string) {
	if guard == "" {
		return
	}
	stopped := fmt.Sprintf("This cycle would be stopped before its first write: %s.", plan.Printable(guard))
	fmt.Fprintf(a.stdout, "\n%s\n", wrapped(stopped, lineWidth(a.stdout), ""))
}
