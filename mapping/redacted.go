package mapping

import "slices"

// Redacted reports whether the value of a target attribute is never shown,
// because its expression calls Redact.
func (m *Mapping) Redacted(target string) bool {
	return slices.ContainsFunc(m.rows, func(r row) bool { return r.redacted && r.target == target })
}

// Random reports whether the value of a target attribute is another one each
// time that its expression is evaluated.
func (m *Mapping) Random(target string) bool {
	return slices.ContainsFunc(m.rows, func(r row) bool {
		return r.program != nil && r.target == target && (r.program.Calls("RandomString") || r.program.Calls("Guid"))
	})
}
