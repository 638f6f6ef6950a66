package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/scimsync/scimsync/engine/state"
)

// Record stores the outcomes in one transaction, in order: all of them or
// none. Within one outcome what is dropped goes first: Forget before Seen,
// Disconnect before Connect, Unlink before Link, Release before Escrow,
// Answered before Sent.
func (s *Store) Record(ctx context.Context, job string, outcomes []state.Outcome) error {
	if job == "" {
		return errNoJob
	}
	doing := fmt.Sprintf("recording %d outcomes of job %q", len(outcomes), job)
	// Everything that can be known to be wrong is, before others have to wait
	// for the transaction.
	entries := make([]entries, len(outcomes))
	for i, o := range outcomes {
		if err := entries[i].encode(o); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if err := checkOutcome(o); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	return s.write(ctx, doing, func(t *tx) error {
		key, err := t.jobKey(job)
		if err != nil {
			return err
		}
		r := recorder{tx: t, job: key}
		for i, o := range outcomes {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.record(o, entries[i]); err != nil {
				return fmt.Errorf("%s %q: %w", strings.ToLower(string(o.Type)), o.SourceAnchor, err)
			}
		}
		return nil
	})
}

// entries are those of the log that an outcome has, nil where it has none.
type entries struct{ event, begun *entry }

func (e *entries) encode(o state.Outcome) (err error) {
	if e.event, err = encode(o.Event); err == nil {
		e.begun, err = encode(o.Begun)
	}
	return err
}

// checkOutcome refuses what the database could not give back as it was.
func checkOutcome(o state.Outcome) error {
	if o.Event != nil && len(o.Link)+len(o.Unlink)+len(o.Sent) == 0 && o.Seen == nil && o.Connect == nil && o.Escrow == nil && o.Loss == nil && o.Begun == nil &&
		!o.Forget && !o.Disconnect && !o.Await && !o.Release && !o.Answered && !o.Ended {
		return nil // a log entry alone, which may be of no object
	}
	if _, err := typeNumber(o.Type); err != nil {
		return fmt.Errorf("object %q: %w", o.SourceAnchor, err)
	}
	if err := checkAnchor("source", o.SourceAnchor); err != nil {
		return err
	}
	if c := o.Connect; c != nil {
		if err := checkAnchor("target", c.TargetAnchor); err != nil {
			return fmt.Errorf("connecting object %q: %w", o.SourceAnchor, err)
		}
		if c.Type != o.Type || c.SourceAnchor != o.SourceAnchor {
			return fmt.Errorf("the outcome of %s %q connects %s %q", o.Type, o.SourceAnchor, c.Type, c.SourceAnchor)
		}
	}
	if e := o.Escrow; e != nil && (e.Type != o.Type || e.SourceAnchor != o.SourceAnchor) {
		return fmt.Errorf("the outcome of %s %q puts %s %q in escrow", o.Type, o.SourceAnchor, e.Type, e.SourceAnchor)
	}
	for _, x := range o.Sent {
		if x.Type != o.Type || x.SourceAnchor != o.SourceAnchor {
			return fmt.Errorf("the outcome of %s %q has a create of %s %q", o.Type, o.SourceAnchor, x.Type, x.SourceAnchor)
		}
	}
	for _, links := range [][]state.Link{o.Link, o.Unlink} {
		for _, l := range links {
			if err := checkAnchor("target", l.TargetAnchor); err != nil {
				return fmt.Errorf("a reference of object %q by attribute %q: %w", o.SourceAnchor, l.Attribute, err)
			}
		}
	}
	return nil
}

func checkAnchor(side, anchor string) error {
	switch {
	case anchor == "":
		return fmt.Errorf("the %s anchor is empty", side)
	case !utf8.ValidString(anchor) || strings.IndexByte(anchor, 0) >= 0:
		return fmt.Errorf("the %s anchor %q is not UTF-8 text", side, anchor)
	default:
		return nil
	}
}

// recorder writes the outcomes of one job in a transaction.
type recorder struct {
	*tx
	job int64
}

func (r recorder) record(o state.Outcome, e entries) error {
	steps := []struct {
		needed bool
		doing  string
		do     func() error
	}{
		{o.Forget || o.Seen != nil, "what was seen", func() error { return r.seen(o) }},
		{o.Await, "who waits for it", func() error { return r.await(o) }},
		{o.Disconnect, "its disconnection", func() error { return r.disconnect(o) }},
		{o.Connect != nil, "its connection", func() error { return r.connect(o) }},
		{len(o.Unlink)+len(o.Link) > 0, "its references", func() error { return r.link(o) }},
		{o.Release || o.Escrow != nil, "its escrow", func() error { return r.escrow(o) }},
		{o.Answered || len(o.Sent) > 0, "its creates without an answer", func() error { return r.unanswered(o) }},
		{o.Loss != nil, "what was taken away", func() error { return r.loss(o) }},
		{o.Begun != nil || o.Ended, "what is about to be written", func() error { return r.begin(o, e.begun) }},
		{e.event != nil, "its log entry", func() error { return r.log(e.event) }},
	}
	for _, step := range steps {
		if !step.needed {
			continue
		}
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return nil
}

func (r recorder) seen(o state.Outcome) error {
	number, err := typeNumber(o.Type)
	if err != nil {
		return err
	}
	if _, err := r.exec(`DELETE FROM missing WHERE job = ? AND type = ? AND source_anchor = ?`, r.job, number, o.SourceAnchor); err != nil {
		return err
	}
	if o.Seen == nil {
		_, err := r.exec(`DELETE FROM source_records WHERE job = ? AND type = ? AND anchor = ?`,
			r.job, number, o.SourceAnchor)
		return err
	}
	since := int64(0)
	if !o.Seen.Since.IsZero() {
		since = micros(o.Seen.Since)
	}
	_, err = r.exec(`INSERT INTO source_records (job, type, anchor, hash, presence, listed, since, generation)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (job, type, anchor) DO UPDATE SET hash = excluded.hash, presence = excluded.presence,
			listed = excluded.listed, since = excluded.since, generation = excluded.generation`,
		r.job, number, o.SourceAnchor, o.Seen.Hash[:], int64(o.Seen.Presence), o.Seen.Listed, since, o.Seen.Generation)
	if err != nil {
		return err
	}
	for _, anchor := range o.Missing {
		_, err := r.exec(`INSERT INTO missing (job, type, source_anchor, missing_anchor) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			r.job, number, o.SourceAnchor, anchor)
		if err != nil {
			return err
		}
	}
	return nil
}

// Reset forgets what it is told to of the job, in one transaction.
func (s *Store) Reset(ctx context.Context, job string, what state.Reset) error {
	return s.write(ctx, fmt.Sprintf("resetting job %q", job), func(t *tx) error {
		key, err := t.jobKey(job)
		if err != nil {
			return err
		}
		var statements []string
		if what.Connections {
			statements = append(statements, `DELETE FROM connections WHERE job = ?`)
			if _, err := t.exec(`UPDATE OR REPLACE links SET attribute = attribute || ? WHERE job = ? AND substr(attribute, -length(?)) <> ?`,
				what.Doubt, key, what.Doubt, what.Doubt); err != nil {
				return err
			}
		}
		if what.Escrows { // it was the escrow that had them looked at again
			if _, err := t.exec(`UPDATE source_records SET generation = ? WHERE job = ? AND (type, anchor) IN
				(SELECT type, source_anchor FROM escrows WHERE job = ?)`, noGeneration, key, key); err != nil {
				return err
			}
			statements = append(statements, `DELETE FROM escrows WHERE job = ?`)
		}
		if what.Doubts {
			statements = append(statements, `DELETE FROM links WHERE job = ?`, `DELETE FROM unanswered WHERE job = ?`)
		}
		for _, statement := range statements {
			if _, err := t.exec(statement, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// await lets those wait for the object that have links to its target object.
func (r recorder) await(o state.Outcome) error {
	_, err := r.exec(`INSERT INTO missing (job, type, source_anchor, missing_anchor)
		SELECT c.job, c.type, c.source_anchor, mine.source_anchor FROM connections mine
		JOIN links l ON l.job = mine.job AND l.target_anchor = mine.target_anchor
		JOIN connections c ON c.job = l.job AND c.source_anchor = l.source_anchor
		WHERE mine.job = ? AND mine.source_anchor = ? ON CONFLICT DO NOTHING`, r.job, o.SourceAnchor)
	return err
}

// disconnect drops the connection, the object's links, and the links of
// others to its target object. Links do not know the type of what they refer
// to: where a target gives a user and a group the same id, a link to either goes.
func (r recorder) disconnect(o state.Outcome) error {
	var target string
	connected, err := r.one(`DELETE FROM connections WHERE job = ? AND source_anchor = ? RETURNING target_anchor`,
		[]any{r.job, o.SourceAnchor}, &target)
	if err != nil {
		return err
	}
	if _, err := r.exec(`DELETE FROM links WHERE job = ? AND source_anchor = ?`, r.job, o.SourceAnchor); err != nil {
		return err
	}
	if !connected {
		return nil
	}
	if !o.Await {
		if _, err := r.exec(`DELETE FROM missing WHERE job = ?1 AND type IN (1, 2) AND missing_anchor = ?2 AND source_anchor IN
			(SELECT source_anchor FROM links WHERE job = ?1 AND target_anchor = ?3)`, r.job, o.SourceAnchor, target); err != nil {
			return err
		}
	}
	_, err = r.exec(`DELETE FROM links WHERE job = ? AND target_anchor = ?`, r.job, target)
	return err
}

func (r recorder) connect(o state.Outcome) error {
	c := o.Connect
	number, err := typeNumber(c.Type)
	if err != nil {
		return err
	}
	changed, err := r.exec(`INSERT INTO connections
		(job, source_anchor, type, target_anchor, display_name, status, since, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (job, source_anchor) DO UPDATE SET target_anchor = excluded.target_anchor,
			display_name = excluded.display_name, status = excluded.status, since = excluded.since, updated = excluded.updated
		WHERE type = excluded.type`,
		r.job, c.SourceAnchor, number, c.TargetAnchor, c.DisplayName, string(c.Status), micros(c.Since), micros(c.Updated))
	if isUnique(err) {
		return r.taken(*c, number)
	}
	if err == nil && changed == 0 {
		return fmt.Errorf("another object of this id is connected that is no %s: "+
			"two objects of the source must not share an id", c.Type)
	}
	return err
}

// taken says which source object has the target object that c is to have.
func (r recorder) taken(c state.Connection, number int64) error {
	var anchor, name string
	_, err := r.one(`SELECT source_anchor, display_name FROM connections WHERE job = ? AND type = ? AND target_anchor = ?`,
		[]any{r.job, number, c.TargetAnchor}, &anchor, &name)
	if err != nil {
		return errors.Join(state.ErrAnchor, err)
	}
	return &AnchorError{
		Type: c.Type, TargetAnchor: c.TargetAnchor,
		SourceAnchor: c.SourceAnchor, DisplayName: c.DisplayName, OtherAnchor: anchor, OtherDisplayName: name,
	}
}

func (r recorder) link(o state.Outcome) error {
	for _, l := range o.Unlink {
		if _, err := r.exec(`DELETE FROM links
			WHERE job = ? AND source_anchor = ? AND attribute = ? AND target_anchor = ?`,
			r.job, o.SourceAnchor, l.Attribute, l.TargetAnchor); err != nil {
			return err
		}
	}
	for _, l := range o.Link {
		if _, err := r.exec(`INSERT INTO links (job, source_anchor, attribute, target_anchor) VALUES (?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, r.job, o.SourceAnchor, l.Attribute, l.TargetAnchor); err != nil {
			return err
		}
	}
	return nil
}

func (r recorder) escrow(o state.Outcome) error {
	number, err := typeNumber(o.Type)
	if err != nil {
		return err
	}
	e := o.Escrow
	if e == nil {
		_, err := r.exec(`DELETE FROM escrows WHERE job = ? AND type = ? AND source_anchor = ?`, r.job, number, o.SourceAnchor)
		return err
	}
	_, err = r.exec(`INSERT INTO escrows
		(job, type, source_anchor, display_name, reference, code, message, attempts, first, next)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (job, type, source_anchor) DO UPDATE SET display_name = excluded.display_name,
			reference = excluded.reference, code = excluded.code, message = excluded.message,
			attempts = excluded.attempts, first = excluded.first, next = excluded.next`,
		r.job, number, e.SourceAnchor, e.DisplayName, e.Reference, e.Code, e.Message, e.Attempts, micros(e.First), micros(e.Next))
	return err
}
