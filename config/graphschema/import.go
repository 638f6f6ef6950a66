package graphschema

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	objects "github.com/scimsync/scimsync/connectors/directory"
)

var jobName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// Import returns the job file, in YAML, of a synchronizationSchema in JSON. The
// job gets the given name, of up to 64 letters, digits and dashes. Source,
// target and settings, which a schema does not hold, are placeholders; what has
// no counterpart in a job file stands in comments. The job file loads.
//
// The error joins an *Error for each value of a wrong type, or says that this
// is no schema or one that provisions nothing from Entra ID to an application.
func Import(r io.Reader, name string) ([]byte, error) {
	if !jobName.MatchString(name) {
		return nil, fmt.Errorf("%s is not a job name: up to 64 letters, digits and dashes, beginning with a letter or digit", quote(name))
	}
	s, err := read(r)
	if err != nil {
		return nil, err
	}
	p := choose(s)
	if len(p.chosen) == 0 {
		return nil, p.nothing(s)
	}
	if p.unsaid > 0 {
		p.remarks = append(p.remarks, fmt.Sprintf("%d more rules or object mappings are not taken over.", p.unsaid))
	}
	j := jobFile{name: name, id: s.ID, version: s.Version, remarks: p.remarks}
	for _, t := range []objects.ObjectType{objects.User, objects.Group} {
		if c, ok := p.chosen[t]; ok {
			j.mappings = append(j.mappings, importMapping(t, c.rule, c.mapping, s))
		}
	}
	out := j.render()
	if len(out) > maxJobFile {
		return nil, &Error{Path: "synchronizationRules", Message: fmt.Sprintf("the job file would be larger than %d MB, which is more than a job file may have", maxJobFile>>20)}
	}
	return out, nil
}

// maxJobFile is the size in bytes of the largest job file that is read.
const maxJobFile = 4 << 20

// Name returns the job name that a file name suggests, "job" if it suggests
// none: its letters and digits, others as dashes, without the extension.
func Name(file string) string {
	base := file[strings.LastIndexAny(file, `/\`)+1:]
	for _, suffix := range []string{".json", ".schema"} {
		if len(base) > len(suffix) && strings.EqualFold(base[len(base)-len(suffix):], suffix) {
			base = base[:len(base)-len(suffix)]
		}
	}
	var b strings.Builder
	for _, r := range base {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := b.String()
	if len(name) > 64 {
		name = name[:64]
	}
	if name = strings.Trim(name, "-"); name == "" {
		return "job"
	}
	return name
}

// candidate is an object mapping with the rule it belongs to.
type candidate struct {
	rule    *rule
	mapping *objectMapping
}

// choice is what is taken over of a schema, and what is not.
type choice struct {
	chosen  map[objects.ObjectType]candidate
	remarks []string
	unsaid  int // remarks beyond maxRemarks
}

// maxRemarks is how many remarks about rules a job file has.
const maxRemarks = 100

// choose picks the object mappings of users and groups: of several, the first
// that is enabled, in the order of the rules' priority.
func choose(s *schema) *choice {
	c := &choice{chosen: map[objects.ObjectType]candidate{}}
	rules := make([]*rule, len(s.Rules))
	for i := range s.Rules {
		rules[i] = &s.Rules[i]
	}
	slices.SortStableFunc(rules, func(a, b *rule) int { return a.Priority - b.Priority })
	others := map[objects.ObjectType][]candidate{}
	for _, r := range rules {
		if !r.outbound() {
			c.remark("The rule %s is not taken over: it goes from %s to %s, and a job goes from Entra ID to an application.",
				title(r.Name), title(r.SourceDirectory), title(r.TargetDirectory))
			continue
		}
		c.remarkRule(r)
		for i := range r.ObjectMappings {
			m := &r.ObjectMappings[i]
			t, ok := objectType(m.SourceObject)
			if !ok {
				c.remark("The object mapping %s is not taken over: it is for objects of type %s, and a job provisions users and groups.", title(m.Name), title(m.SourceObject))
				continue
			}
			one := candidate{r, m}
			switch first, taken := c.chosen[t]; {
			case !taken:
				c.chosen[t] = one
			case !first.mapping.Enabled && m.Enabled:
				others[t], c.chosen[t] = append(others[t], first), one
			default:
				others[t] = append(others[t], one)
			}
		}
	}
	for _, t := range []objects.ObjectType{objects.User, objects.Group} {
		for _, o := range others[t] {
			c.remark("The object mapping %s of the rule %s is not taken over: %ss are mapped by %s.",
				title(o.mapping.Name), title(o.rule.Name), strings.ToLower(string(t)), title(c.chosen[t].mapping.Name))
		}
	}
	return c
}

func (c *choice) remark(format string, args ...any) {
	if len(c.remarks) == maxRemarks {
		c.unsaid++
		return
	}
	c.remarks = append(c.remarks, fmt.Sprintf(format, args...))
}

// remarkRule names what a rule has and a job file has not.
func (c *choice) remarkRule(r *rule) {
	if f := r.ContainerFilter; f != nil && len(f.Included) > 0 {
		c.remark("The rule %s has a containerFilter, which has no counterpart: %s", title(r.Name), listed(f.Included))
	}
	if f := r.GroupFilter; f != nil && len(f.Included) > 0 {
		c.remark("The rule %s has a groupFilter, which has no counterpart (see settings.assigned): %s", title(r.Name), listed(f.Included))
	}
	for _, m := range r.Metadata {
		if m.Key != "supportsProvisionOnDemand" { // every job can
			c.remark("The rule %s has metadata without a counterpart: %s", title(r.Name), title(m.Key))
		}
	}
}

// nothing says why nothing of a schema can be taken over.
func (c *choice) nothing(s *schema) error {
	if len(s.Rules) == 0 {
		return &Error{Path: "synchronizationRules", Message: "is empty: the schema provisions nothing"}
	}
	if len(c.remarks) == 0 {
		return &Error{Path: "synchronizationRules", Message: "has no object mappings: the schema provisions nothing"}
	}
	return &Error{Path: "synchronizationRules", Message: "nothing here provisions users or groups from Entra ID to an application:\n  " +
		strings.Join(c.remarks[:min(len(c.remarks), maxFaults)], "\n  ")}
}

// outbound reports whether a rule goes from Entra ID to an application. A
// directory without a name may be either.
func (r *rule) outbound() bool {
	return (r.SourceDirectory == "" || isEntra(r.SourceDirectory)) && !isEntra(r.TargetDirectory) &&
		!strings.EqualFold(r.TargetDirectory, "Active Directory")
}

// isEntra knows both names of Entra ID, and what follows them where a job goes
// to another tenant: Azure Active Directory (target tenant).
func isEntra(directory string) bool {
	d := strings.ToLower(directory)
	return strings.HasPrefix(d, "azure active directory") || strings.HasPrefix(d, "microsoft entra id")
}

func objectType(source string) (objects.ObjectType, bool) {
	for _, t := range []objects.ObjectType{objects.User, objects.Group} {
		if strings.EqualFold(source, string(t)) {
			return t, true
		}
	}
	return "", false
}

// title names a thing of the schema in a comment.
func title(name string) string {
	if strings.TrimSpace(name) == "" {
		return "(no name)"
	}
	return quote(name)
}

func listed(names []string) string {
	const most = 5
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = title(n)
	}
	return strings.Join(quoted, ", ") + more
}
