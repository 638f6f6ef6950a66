package expr

import (
	"maps"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Values of InStr's compareType, as in Visual Basic.
const (
	binaryCompare = 0
	textCompare   = 1
)

// keywords are the words that stand for themselves, by their lower-case form.
var keywords = map[string]struct {
	name  string
	value result
}{
	"true":                {"True", result{v: directory.Bool(true)}},
	"false":               {"False", result{v: directory.Bool(false)}},
	"null":                {"NULL", result{}},
	"vbbinarycompare":     {"vbBinaryCompare", result{v: directory.Int(binaryCompare)}},
	"vbtextcompare":       {"vbTextCompare", result{v: directory.Int(textCompare)}},
	"unicode":             {"Unicode", result{v: directory.Str("Unicode")}},
	"ascii":               {"ASCII", result{v: directory.Str("ASCII")}},
	"utf8":                {"UTF8", result{v: directory.Str("UTF8")}},
	"ignoreattributeflow": {"IgnoreAttributeFlow", result{signal: ignoreAttribute}},
	"ignoreobjectflow":    {"IgnoreObjectFlow", result{signal: ignoreObject}},
}

func isKeyword(name string) bool {
	_, ok := keywords[strings.ToLower(name)]
	return ok
}

func keywordNames() []string {
	names := make([]string, 0, len(keywords))
	for _, k := range slices.Sorted(maps.Keys(keywords)) {
		names = append(names, keywords[k].name)
	}
	return names
}
