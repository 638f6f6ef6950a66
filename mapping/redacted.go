package mapping

import "slices"

// Redacted reports whether the value of a target attribute is never shown,
// because its expression calls Redact.
func (m *Mapping) Redacted(target string) bool {
	return slices.ContainsFunc(m.rows, func(r row) bool { return r.redacted && r.target == target })
}
