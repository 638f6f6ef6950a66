package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// listResponse is the answer to a query (RFC 7644 section 3.4.2).
type listResponse struct {
	Schemas      []string `json:"schemas"`
	TotalResults int      `json:"totalResults"`
	StartIndex   int      `json:"startIndex"`
	ItemsPerPage int      `json:"itemsPerPage"`
	Resources    []any    `json:"Resources"`
}

func newList(total, start int, resources []any) listResponse {
	if resources == nil {
		resources = []any{}
	}
	return listResponse{[]string{listURN}, total, start, len(resources), resources}
}

// list answers a query of one endpoint. Without startIndex and count it
// returns the first page, of MaxResults resources.
func (s *Server) list(rt *resourceType, query url.Values, v view) (answer, error) {
	start, err := number(query, "startIndex", 1)
	if err != nil {
		return answer{}, err
	}
	count, err := number(query, "count", s.options.MaxResults)
	if err != nil {
		return answer{}, err
	}
	start, count = max(start, 1), min(max(count, 0), s.options.MaxResults)
	filter, err := rt.filter(query)
	if err != nil {
		return answer{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	table := s.data.table(rt)
	total, rows := table.order.len(), []*row(nil)
	if filter == nil {
		for _, id := range table.order.page(start-1, count) {
			rows = append(rows, table.rows[id])
		}
	} else {
		all := s.data.matching(rt, filter, v)
		total = len(all)
		from := min(start-1, total)
		rows = all[from:min(from+count, total)]
	}
	resources := make([]any, 0, len(rows))
	for _, r := range rows {
		resources = append(resources, resource(s.data.render(rt, r, v)))
	}
	return jsonAnswer(http.StatusOK, newList(total, start, resources)), nil
}

// matching returns the rows that satisfy a filter, in the order of creation.
func (d *data) matching(rt *resourceType, f scimpath.Filter, v view) []*row {
	// What the store holds is enough to judge by, unless the filter asks for
	// what an answer adds to it.
	rendered := mentions(f, "members", "groups", "manager", "meta")
	var rows []*row
	for _, r := range d.table(rt).candidates(f) {
		m := r.attributes
		if rendered {
			m = d.render(rt, r, view{base: v.base})
		}
		if scimpath.Match(f, m) {
			rows = append(rows, r)
		}
	}
	return rows
}

// filter reads and checks the filter of a query; nil if there is none.
func (rt *resourceType) filter(query url.Values) (scimpath.Filter, error) {
	if !query.Has("filter") {
		return nil, nil
	}
	f, err := scimpath.ParseFilter(query.Get("filter"))
	if err != nil {
		return nil, badPath(invalidFilter, "filter", err)
	}
	return rt.resolveFilter(f)
}

// number reads a whole number of a query.
func number(query url.Values, name string, otherwise int) (int, error) {
	text := strings.TrimSpace(query.Get(name))
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, bad(invalidValue, "%s takes a whole number, not %q", name, text)
	}
	return n, nil
}
