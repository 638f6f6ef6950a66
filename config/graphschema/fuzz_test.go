package graphschema_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/config/graphschema"
)

// FuzzImport reads any bytes as a schema: Import never panics, gives an error
// with a message or a job file that loads, and that stays the same when it is
// exported and imported again.
func FuzzImport(f *testing.F) {
	archives, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	for _, source := range []string{
		`{"type":"Attribute","name":"a"}`, `{"type":"Constant","name":"x","expression":"True"}`,
		`{"type":"Function","name":"Join","parameters":[{"key":"separator","value":{"type":"Constant","name":","}},{"key":"source","value":{"type":"Attribute","name":"b"}}]}`,
		`{"type":"Function","expression":"IIF([a]=1,\"b\",%c%)"}`, `null,"defaultValue":"d"`,
	} {
		f.Add([]byte(`{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[` +
			`{"targetAttributeName":"userName","matchingPriority":1,"source":{"type":"Attribute","name":"mail"}},` +
			`{"targetAttributeName":"title","source":` + source + `}]}]}]}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkImport(t, t, data) })
}

// fataler is what testing.T and rapid.T have in common.
type fataler interface {
	Errorf(format string, args ...any)
}

// checkImport checks one import; files are put where tb says.
func checkImport(tb testing.TB, t fataler, data []byte) {
	job, err := graphschema.Import(bytes.NewReader(data), "job")
	if err != nil {
		if err.Error() == "" {
			t.Errorf("an error without a message")
		}
		return
	}
	loaded := load(tb, job)
	if len(loaded.Mappings()) == 0 {
		return
	}
	if _, back := again(tb, loaded); !cmp.Equal(contents(loaded), contents(back)) {
		t.Errorf("(-imported +imported again):\n%s", cmp.Diff(contents(loaded), contents(back)))
	}
}

// mutations are texts that steer an import into its corners.
var mutations = []any{
	nil, true, json.Number("7"), json.Number("-1"), []any{}, map[string]any{}, "", " ", "\n", "User", "Group", "userName", "displayName", "mail",
	"manager", "members", "Attribute", "Constant", "Function", "Switch", "Join", "Replace", "FormatDateTime", "Coalesce", "IIF", "=", "Nothing",
	"source", "switchValue", "defaultValue", "one", "False", "NULL", "IgnoreObjectFlow", "%x%", "[mail]", "[a", "a]b", "(", "1", "&HF7", "a\tb\nc",
	"# x", "- y: z", "\u2028", "'", "ObjectAddOnly", "IS NULL", "regex match", "GREATER_THAN", "urn:x:y:2.0:User:z", "Boolean", "Reference",
	"Join(\"a\", [b],\n  [c])", "SelectUniqueValue([a], [b])", "Redact([a])", "\"text\"", "Active Directory", "customappsso",
}

// TestMutatedSchemas imports schemas of which any values were replaced.
func TestMutatedSchemas(t *testing.T) {
	archives, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var seeds [][]byte
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, a.Files[0].Data)
	}
	rapid.Check(t, func(r *rapid.T) {
		d := json.NewDecoder(bytes.NewReader(rapid.SampledFrom(seeds).Draw(r, "seed")))
		d.UseNumber()
		var root any
		if err := d.Decode(&root); err != nil {
			r.Fatal(err)
		}
		rarity := rapid.IntRange(5, 200).Draw(r, "rarity")
		var mutate func(v any) any
		mutate = func(v any) any {
			switch v := v.(type) {
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(v)) {
					v[name] = mutate(v[name])
				}
			case []any:
				for i := range v {
					v[i] = mutate(v[i])
				}
			default:
				if rapid.IntRange(0, rarity).Draw(r, "mutate") == 0 {
					m := rapid.SampledFrom(mutations).Draw(r, "mutation")
					if _, isText := m.(string); isText || v == nil || rapid.IntRange(0, 9).Draw(r, "any type") == 0 {
						return m
					}
				}
			}
			return v
		}
		data, err := json.Marshal(mutate(root))
		if err != nil {
			r.Fatal(err)
		}
		checkImport(t, r, data)
	})
}
