package mapping

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

func TestExplain(t *testing.T) {
	s := directory.Str
	m := compile(t, directory.User,
		matching,
		Attribute{Source: "mailNickname", Target: "externalId", MatchingPrecedence: 2},
		Attribute{Expression: `Redact([employeeId])`, Target: "secret"},
		Attribute{Constant: text("c"), Target: "constant", Apply: OnCreate},
		Attribute{Default: text("d"), Target: "default"},
		Attribute{Source: "city", Target: "cleared", FlowNullValues: true},
		Attribute{Source: "city", Target: "both", FlowNullValues: true, Default: text("d")},
		Attribute{Source: "city", Target: "nothing"},
		Attribute{Source: "manager", Target: "manager"},
		Attribute{Expression: `IgnoreFlowIfNullOrEmpty([city])`, Target: "dropped"},
		Attribute{Expression: `IIF([city]="", IgnoreObjectFlow, "x")`, Target: "ignored"},
		Attribute{Expression: `SelectUniqueValue([mail], [displayName])`, Target: "unique", Apply: OnCreate},
		Attribute{Expression: SoftDeleteExpression, Target: "active"})
	o := ada()
	delete(o.Attributes, "city")
	delete(o.Attributes, "mailNickname")
	type line struct {
		Target string
		Kind   Kind
		Source string
		Value  directory.Value
		Reason string
	}
	want := []line{
		{"userName", Direct, "userPrincipalName", s("ada@contoso.com"), "flows; matching attribute of precedence 1"},
		{"externalId", Direct, "mailNickname", directory.Value{}, "empty: nothing flows; matching attribute of precedence 2, passed over because it is empty"},
		{"secret", Expression, "[Redact]", s("[Redact]"), "flows"},
		{"constant", Constant, "c", s("c"), "flows on creation"},
		{"default", None, "", directory.Value{}, `empty: the default "d" flows on creation`},
		{"cleared", Direct, "city", directory.Value{}, "empty: updates clear the target"},
		{"both", Direct, "city", directory.Value{}, `empty: the default "d" flows on creation, and updates clear the target`},
		{"nothing", Direct, "city", directory.Value{}, "empty: nothing flows"},
		{"manager", Direct, "manager", directory.Ref("9"), "flows after the object itself, as the target's ids"},
		{"dropped", Expression, "IgnoreFlowIfNullOrEmpty([city])", directory.Value{}, "dropped by IgnoreAttributeFlow or IgnoreFlowIfNullOrEmpty"},
		{"ignored", Expression, `IIF([city]="", IgnoreObjectFlow, "x")`, directory.Value{}, "IgnoreObjectFlow: the object is left alone"},
		{"unique", Expression, "SelectUniqueValue([mail], [displayName])", directory.Value{}, "looks for a unique value, on creation only"},
		{"active", Expression, SoftDeleteExpression, s("True"), "flows"},
	}
	var got []line
	for _, x := range m.Explain(o, Input{Now: now}) {
		got = append(got, line{x.Target, x.Kind, x.Source, x.Value, x.Reason})
		onCreate := x.Target == "constant" || x.Target == "unique"
		if (x.Apply == OnCreate) != onCreate || x.Redacted != (x.Target == "secret") || x.Reference != (x.Target == "manager") ||
			x.Considered == (x.Target == "unique") || (x.Default == "d") != (x.Target == "default" || x.Target == "both") {
			t.Errorf("%+v", x)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, x := range m.Explain(o, Input{Now: now, Deprovision: true, SoftDeleted: true}) {
		want := "does not flow when an object leaves scope"
		if x.Target == "active" {
			want = "flows"
		}
		if x.Reason != want {
			t.Errorf("%s: %s, want %s", x.Target, x.Reason, want)
		}
	}
}

func TestExplainTellsErrors(t *testing.T) {
	m := compile(t, directory.User, matching,
		Attribute{Expression: `Item(Split([jobTitle], ","), 5)`, Target: "title"})
	x := m.Explain(ada(), Input{Now: now})[1]
	if !strings.HasPrefix(x.Reason, "error: ") || !x.Value.IsNull() {
		t.Errorf("got %+v", x)
	}
}
