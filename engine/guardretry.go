package engine

import "context"

// What a cycle was let do, and failed, is tried again for weeks. To hold it back
// each time would stop the job as often as an application refuses, and use up
// somebody's word without anything having been done. So it counts as taken away
// once: when it fails first.

// triedBefore reports whether an object is looked at again for no other reason
// than that it failed: neither it nor the job has changed since, and a guard has
// let pass what it is to lose.
func (c *cycle) triedBefore(ctx context.Context, s *subject) (bool, error) {
	if s.escrow == nil {
		return false, nil
	}
	o := s.change.Object
	seen, ok, err := c.store.Seen(ctx, c.job.Name, o.Type, o.Anchor, c.record.Generation)
	return ok && !seen.Due && seen.Hash == s.change.Hash && seen.Presence == o.Presence, err
}

// tryAgain is triedBefore, and remembers of an object whose references failed that
// they are tried again: by their turn what was seen of it is another record.
func (c *cycle) tryAgain(ctx context.Context, s *subject) (bool, error) {
	tried, err := c.triedBefore(ctx, s)
	if tried && s.escrow.Reference {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.retries[sourceKey{s.rule.Type, s.change.Object.Anchor}] = true
	}
	return tried, err
}

// retried reports whether the object is one that is tried again.
func (l *losses) retried(s *subject) bool {
	return l.retries[sourceKey{s.rule.Type, s.change.Object.Anchor}]
}
