package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
)

// writeExchange writes a request and its answer as a person reads them. Bodies
// are those of the wire, byte for byte, but for the line ends and the blanks
// after them that layOut puts in.
func writeExchange(b *strings.Builder, x wireExchange, began time.Time, headers bool) error {
	if pause := x.at.Sub(began); pause > 0 {
		fmt.Fprintf(b, "# %s later\n", pause.Round(time.Millisecond))
	}
	fmt.Fprintf(b, "%s %s", x.method, x.target)
	probe := strings.Contains(x.target, scenarioGUID)
	if probe && !headers && !x.scripted && bytes.Equal(x.answer, emptyList) {
		fmt.Fprintf(b, " → %d %s, an empty list  # Test Connection\n\n", x.status, http.StatusText(x.status))
		return nil
	}
	if headers {
		fmt.Fprintf(b, " %s\n", x.proto)
		fmt.Fprintf(b, "Host: %s\n", x.host)
		for _, name := range slices.Sorted(maps.Keys(x.header)) {
			for _, value := range x.header[name] {
				fmt.Fprintf(b, "%s: %s\n", name, value)
			}
		}
		fmt.Fprintf(b, "# over %s, no other header\n", tls.VersionName(x.tls))
	} else {
		b.WriteString("\n")
	}
	if _, query, _ := strings.Cut(x.target, "?"); probe {
		b.WriteString("# Test Connection\n")
	} else if strings.ContainsAny(query, "+%") {
		text, err := url.QueryUnescape(query)
		if err != nil {
			return fmt.Errorf("the query %s: %w", query, err)
		}
		fmt.Fprintf(b, "# ?%s\n", text)
	}
	if err := writeBody(b, x.body); err != nil {
		return err
	}
	answer := x.answer
	if x.delay > 0 {
		fmt.Fprintf(b, "\n# %s later", x.delay)
	}
	if x.scripted {
		fmt.Fprintf(b, "\n%d %s  # an answer of this scenario's making\n", x.status, http.StatusText(x.status))
	} else {
		answer = resourceMeta.ReplaceAll(answer, []byte(`"meta":{…}`))
		if !headers && bytes.Equal(answer, emptyList) {
			fmt.Fprintf(b, "\n%d %s, an empty list\n\n", x.status, http.StatusText(x.status))
			return nil
		}
		fmt.Fprintf(b, "\n%d %s\n", x.status, http.StatusText(x.status))
	}
	for _, name := range slices.Sorted(maps.Keys(x.answers)) {
		value := x.answers.Get(name)
		if headers || name != "Location" && name != "Etag" && (name != "Content-Type" || !strings.HasPrefix(value, "application/scim+json")) {
			fmt.Fprintf(b, "%s: %s\n", name, value)
		}
	}
	if err := writeBody(b, answer); err != nil {
		return err
	}
	b.WriteString("\n")
	return nil
}

var (
	// resourceMeta is the meta of the sandbox's resources, times and versions
	// that say nothing here.
	resourceMeta = regexp.MustCompile(`"meta":\{"created[^}]*\}`)
	emptyList    = []byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`)
)

func writeBody(b *strings.Builder, body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if body[0] != '{' || bytes.ContainsAny(body, "\r\n") {
		fmt.Fprintf(b, "%s\n", bytes.TrimRight(body, "\n"))
		return nil
	}
	laid := layOut(string(body))
	if undone := lineEnds(laid); undone != string(body) {
		return fmt.Errorf("laying out changed a body:\n%s\n%s", body, undone)
	}
	b.WriteString(laid + "\n")
	return nil
}

// lineEnds takes out what layOut put in.
func lineEnds(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines[1:] {
		lines[i+1] = strings.TrimLeft(lines[i+1], " ")
	}
	return strings.Join(lines, "")
}

// width is how long a line of a body becomes before the next member begins a
// new one.
const width = 110

// layOut breaks a JSON object into lines between members, each element of
// Operations and Resources on lines of its own, and changes nothing else.
func layOut(s string) string {
	pieces := split(s)
	for i, p := range pieces {
		for _, list := range []string{`"Operations":[`, `"Resources":[`} {
			begin := strings.Index(p, list)
			end := strings.LastIndexByte(p, ']')
			if begin < 0 || begin > 1 || end < begin+len(list)+1 {
				continue
			}
			begin += len(list) - 1
			laid := p[:begin+1]
			for j, e := range split(p[begin : end+1]) {
				if j == 0 {
					e = e[1:] // the bracket stands there already
				}
				laid += "\n  " + pack(split(e), "   ")
			}
			pieces[i] = laid + p[end+1:]
		}
	}
	return pack(pieces, " ")
}

// pack puts as many pieces on a line as it holds.
func pack(pieces []string, indent string) string {
	var b strings.Builder
	line := 0
	for _, p := range pieces {
		if line > 0 && line+len(p) > width {
			b.WriteString("\n" + indent)
			line = 0
		}
		b.WriteString(p)
		if i := strings.LastIndexByte(p, '\n'); i >= 0 {
			line = width // what follows a list begins a new line
		} else {
			line += len(p)
		}
	}
	return b.String()
}

// split cuts a JSON object or array in front of each member or element but the
// first. What stands behind the closing bracket stays with the last.
func split(s string) (pieces []string) {
	begin, depth, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 1 && i+1 < len(s):
			pieces = append(pieces, s[begin:i+1])
			begin = i + 1
		}
	}
	return append(pieces, s[begin:])
}

// writeEvent writes an entry of the provisioning log as a person reads it.
func writeEvent(b *strings.Builder, e provlog.Event) {
	fmt.Fprintf(b, "%s %s %s: %s", e.ProvisioningAction, e.SourceIdentity.IdentityType, e.SourceIdentity.DisplayName, e.ProvisioningStatusInfo.Status)
	if e.TargetIdentity.ID != "" {
		fmt.Fprintf(b, ", %s", e.TargetIdentity.ID)
	}
	b.WriteString("\n")
	for _, s := range e.ProvisioningSteps {
		fmt.Fprintf(b, "  %s, %s: %s. %s\n", s.ProvisioningStepType, s.Name, s.Status, s.Description)
		if len(s.Details) > 0 {
			details := make([]string, 0, len(s.Details))
			for _, name := range slices.Sorted(maps.Keys(s.Details)) {
				details = append(details, name+": "+s.Details[name])
			}
			fmt.Fprintf(b, "    {%s}\n", strings.Join(details, ", "))
		}
	}
	for _, p := range e.ModifiedProperties {
		fmt.Fprintf(b, "  %s: %s → %s\n", p.DisplayName, orNone(p.OldValue), orNone(p.NewValue))
	}
	if info := e.ProvisioningStatusInfo.ErrorInformation; info != nil {
		fmt.Fprintf(b, "  errorCode: %s (%s)\n  reason: %s\n", info.ErrorCode, info.ErrorCategory, strings.ReplaceAll(info.Reason, "\n", "\n    "))
		if info.AdditionalDetails != "" {
			fmt.Fprintf(b, "  additionalDetails: %s\n", strings.ReplaceAll(info.AdditionalDetails, "\n", "\n    "))
		}
		fmt.Fprintf(b, "  recommendedAction: %s\n", info.RecommendedAction)
	}
}
