package export

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/connectortest"
	"github.com/scimsync/scimsync/connectors/directory"
)

// graphNames are Graph's spellings of the attributes that the suite uses.
var graphNames = map[string]string{"objectId": "id"}

func graphList(t *testing.T, list []directory.Object) string {
	var b strings.Builder
	b.WriteString(`{"value":[`)
	for i, o := range list {
		if i > 0 {
			b.WriteString(",\n")
		}
		var fields []directory.Field
		for name, v := range o.Attributes {
			if graph := graphNames[name]; graph != "" {
				name = graph
			}
			if o.Presence == directory.SoftDeleted && name == "userPrincipalName" {
				v = directory.Str(strings.ReplaceAll(o.Anchor, "-", "") + v.Text())
			}
			fields = append(fields, directory.Field{Name: name, Value: v})
		}
		sortFields(fields)
		text, err := directory.Struct(fields...).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	b.WriteString("]}")
	return b.String()
}

func portalList(t *testing.T, list []directory.Object) string {
	columns := strings.Split(portalHeader+",manager", ",")
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{columns}
	for _, o := range list {
		row := make([]string, len(columns))
		for i, column := range columns {
			row[i] = strings.ToUpper(o.Get(directory.Canonical(directory.User, column)).Text())
			if column != "accountEnabled" {
				row[i] = o.Get(directory.Canonical(directory.User, column)).Text()
			}
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestConformance(t *testing.T) {
	write := func(t *testing.T, path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	broken := func(name, content string) func(*testing.T) connectors.Source {
		return func(t *testing.T) connectors.Source {
			return newSource(t, Options{Users: filepath.Join(lay(t, map[string]string{name: content}), name)})
		}
	}
	t.Run("Graph JSON", func(t *testing.T) {
		connectortest.TestSource(t, connectortest.SourceHarness{
			New: func(t *testing.T) (connectors.Source, func(connectortest.SourceContent)) {
				o := optionsIn(t.TempDir(), Options{Users: "users.json", Groups: "groups.json", DeletedUsers: "deleted.json"})
				return newSource(t, o), func(c connectortest.SourceContent) {
					for i := range c.Deleted {
						c.Deleted[i].Presence = directory.SoftDeleted
					}
					write(t, o.Users, graphList(t, c.Users))
					write(t, o.Groups, graphList(t, c.Groups))
					write(t, o.DeletedUsers, graphList(t, c.Deleted))
				}
			},
			Groups: true, Deleted: true,
			Broken: map[string]func(*testing.T) connectors.Source{
				"truncated":  broken("u.json", `{"value":[`+ada+`,`),
				"more pages": broken("u.json", `{"value":[`+ada+`],"@odata.nextLink":"x"}`),
				"gone": func(t *testing.T) connectors.Source {
					return newSource(t, Options{Users: filepath.Join(t.TempDir(), "u.json")})
				},
				"no groups": func(t *testing.T) connectors.Source {
					return newSource(t, optionsIn(lay(t, company), Options{Users: "u.json", Groups: "groups.json"}))
				},
			},
		})
	})
	t.Run("CSV", func(t *testing.T) {
		connectortest.TestSource(t, connectortest.SourceHarness{
			New: func(t *testing.T) (connectors.Source, func(connectortest.SourceContent)) {
				users := filepath.Join(t.TempDir(), "users.csv")
				return newSource(t, Options{Users: users}), func(c connectortest.SourceContent) { write(t, users, portalList(t, c.Users)) }
			},
			Broken: map[string]func(*testing.T) connectors.Source{
				"truncated":  broken("u.csv", "id,displayName\na1,Ada\nb2"),
				"zero bytes": broken("u.csv", ""),
			},
		})
	})
}
