package expr

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// caseFunctions change letters: their case and their accents.
var caseFunctions = []*builtin{
	{
		Function: Function{
			Name: "ToLower", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string, or an attribute with several"),
				optional("culture", TypeString, "name of a culture by RFC 4646, such as tr-TR; invariant if left out"),
			},
			Description:   "Converts a string to lower case, letter by letter.",
			Example:       `ToLower("ISTANBUL I", "tr-TR")`,
			ExampleResult: "ıstanbul ı",
		},
		each: true, prepare: prepareCulture,
		run: func(m *machine, c *callOp, args []result) (result, error) {
			culture, err := c.culture(m, args)
			if err != nil {
				return result{}, err
			}
			return text(mapCase(str(args, 0), culture.lower)), nil
		},
	},
	{
		Function: Function{
			Name: "ToUpper", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string, or an attribute with several"),
				optional("culture", TypeString, "name of a culture by RFC 4646, such as tr-TR; invariant if left out"),
			},
			Description:   "Converts a string to upper case, letter by letter: ß stays ß.",
			Example:       `ToUpper("straße")`,
			ExampleResult: "STRAßE",
		},
		each: true, prepare: prepareCulture,
		run: func(m *machine, c *callOp, args []result) (result, error) {
			culture, err := c.culture(m, args)
			if err != nil {
				return result{}, err
			}
			return text(mapCase(str(args, 0), culture.upper)), nil
		},
	},
	{
		Function: Function{
			Name: "PCase", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string, or an attribute with several"),
				optional("wordSeparators", TypeString, "the only characters that separate words; what .NET's ToTitleCase takes for separators if left out"),
			},
			Description:   "Converts the first letter of each word to upper case, and all others to lower case.",
			Example:       `PCase("PINTO-DE'SILVA", " '-")`,
			ExampleResult: "Pinto-De'Silva",
		},
		each: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			lower := mapCase(str(args, 0), lowerInvariant)
			if set := str(args, 1); set != "" {
				return text(titleAfter(lower, separators(set))), nil
			}
			return text(titleCase(lower)), nil
		},
	},
	{
		Function: Function{
			Name: "NormalizeDiacritics", Result: TypeString, Page: pageReference,
			Parameters:    []Parameter{required("source", TypeString, "the string, or an attribute with several")},
			Description:   "Replaces letters with diacritics by plain ones, by the table on Microsoft's page: é becomes e, ø oe, ß ss.",
			Example:       `NormalizeDiacritics("Łukasz Størmer Groß")`,
			ExampleResult: "Lukasz Stoermer Gross",
		},
		each: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(stripDiacritics(str(args, 0))), nil
		},
	},
}

// culture is how letters change case in a culture. .NET maps characters one
// to one; only Turkic cultures and the invariant one treat the dotted and the
// dotless i apart.
type culture struct {
	lower, upper func(rune) rune
}

var (
	invariant = &culture{lowerInvariant, upperInvariant}
	plain     = &culture{unicode.ToLower, unicode.ToUpper}
	turkic    = &culture{unicode.TurkishCase.ToLower, unicode.TurkishCase.ToUpper}
)

// lowerInvariant leaves İ alone, as .NET's invariant culture does.
func lowerInvariant(r rune) rune {
	if r == 'İ' {
		return r
	}
	return unicode.ToLower(r)
}

// upperInvariant leaves ı alone, as .NET's invariant culture does.
func upperInvariant(r rune) rune {
	if r == 'ı' {
		return r
	}
	return unicode.ToUpper(r)
}

// legacyCultures are culture names of .NET that no standard knows.
var legacyCultures = []string{"zh-chs", "zh-cht", "es-es_tradnl"}

// findCulture returns the culture of this name, or nil if there is none.
func findCulture(name string) *culture {
	if name = strings.TrimSpace(name); name == "" {
		return invariant
	}
	if slices.Contains(legacyCultures, strings.ToLower(name)) {
		return plain
	}
	const longest = 85 // characters of a culture name in Windows
	if len(name) > longest {
		return nil
	}
	tag, err := language.Parse(name)
	if err != nil {
		return nil
	}
	switch base, _ := tag.Base(); base.String() {
	case "tr", "az":
		return turkic
	default:
		return plain
	}
}

const noCulture = "%s is not the name of a culture; names by RFC 4646 are such as en-US or ja-JP"

func prepareCulture(k *checker, c *callOp) {
	v, ok := c.constant(1)
	if !ok {
		return
	}
	found := findCulture(v.Text())
	if found == nil {
		k.argument(c, 1, noCulture, k.quote(v))
		return
	}
	c.prepared = found
}

func (c *callOp) culture(m *machine, args []result) (*culture, error) {
	if prepared, ok := c.prepared.(*culture); ok {
		return prepared, nil
	}
	found := findCulture(str(args, 1))
	if found == nil {
		return nil, c.fault(m, 1, noCulture, m.quote(args[1].v))
	}
	return found, nil
}

// mapCase maps each character, and returns s itself if nothing changes.
func mapCase(s string, to func(rune) rune) string { return strings.Map(to, s) }

// titleAfter changes the first character, and each one after a separator, to
// upper case.
func titleAfter(s string, separators charset) string {
	start := true
	return strings.Map(func(r rune) rune {
		at := start
		start = separators.has(r)
		if at {
			return titleInvariant(r)
		}
		return r
	}, s)
}

func titleInvariant(r rune) rune {
	if r == 'ı' {
		return r
	}
	return unicode.ToTitle(r)
}

// titleCase does what .NET's TextInfo.ToTitleCase does to a string in lower
// case: a word begins with a letter, and goes on over letters, marks, digits
// and apostrophes up to a separator.
func titleCase(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		switch {
		case !inWord && unicode.IsLetter(r):
			inWord = true
			return titleInvariant(r)
		case inWord && r != '\'' && isWordSeparator(r):
			inWord = false
		}
		return r
	}, s)
}

// isWordSeparator reports whether ToTitleCase ends a word at r: white space,
// control and format characters, punctuation and symbols.
func isWordSeparator(r rune) bool {
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.P, unicode.S)
}

// letters are those of Microsoft's table that have no decomposition.
var letters = strings.NewReplacer(
	"æ", "ae", "Æ", "AE", "ø", "oe", "Ø", "OE", "œ", "oe", "Œ", "OE",
	"ß", "ss", "ł", "l", "Ł", "L", "ı", "i",
)

// stripDiacritics decomposes, drops the marks, and maps what has no
// decomposition. It composes again what never had a mark, such as Hangul.
func stripDiacritics(s string) string {
	if isASCII(s) {
		return s
	}
	decomposed := norm.NFD.String(s)
	stripped := strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, decomposed)
	return norm.NFC.String(letters.Replace(stripped))
}
