package scimpath

import "strings"

// Path names an attribute of a resource, or part of one (RFC 7644 sections
// 3.5.2 and 3.10). Paths are comparable with ==, which compares names exactly;
// EqualFold compares them as SCIM does.
type Path struct {
	// URN is the schema of the attribute without the colon that ends it, ""
	// for an attribute of the resource's core schema. A path that names a whole
	// extension reads like one that names an attribute: in
	// urn:ietf:params:scim:schemas:extension:enterprise:2.0:User the URN ends
	// with 2.0 and the attribute is User. Qualified gives the two in one.
	URN       string
	Attribute string
	Filter    Filter // chooses elements of a multi-valued attribute; nil for none
	Sub       string // sub-attribute; "" for none
}

// String returns the path as it is written in a request.
func (p Path) String() string { return string(p.appendTo(nil)) }

// Qualified returns the URN and the attribute joined by a colon, or the
// attribute alone if there is no URN.
func (p Path) Qualified() string {
	if p.URN == "" {
		return p.Attribute
	}
	return p.URN + ":" + p.Attribute
}

// EqualFold reports whether both paths name the same attribute: names and URNs
// are compared without case (RFC 7643 section 2.1), filters as printed.
func (p Path) EqualFold(q Path) bool {
	if !strings.EqualFold(p.URN, q.URN) || !strings.EqualFold(p.Attribute, q.Attribute) ||
		!strings.EqualFold(p.Sub, q.Sub) || (p.Filter == nil) != (q.Filter == nil) {
		return false
	}
	return p.Filter == nil || p.Filter.String() == q.Filter.String()
}

func (p Path) appendTo(b []byte) []byte {
	if p.URN != "" {
		b = append(b, p.URN...)
		b = append(b, ':')
	}
	b = append(b, p.Attribute...)
	if p.Filter != nil {
		b = append(b, '[')
		b = p.Filter.appendTo(b)
		b = append(b, ']')
	}
	if p.Sub != "" {
		b = append(b, '.')
		b = append(b, p.Sub...)
	}
	return b
}
