package expr

import (
	"errors"
	"fmt"
	"strings"
)

// styles are .NET's DateTimeStyles.
type styles uint8

const (
	allowLeadingWhite    styles = 1
	allowTrailingWhite   styles = 2
	allowInnerWhite      styles = 4
	noCurrentDateDefault styles = 8
	adjustToUniversal    styles = 16
	assumeLocal          styles = 32
	assumeUniversal      styles = 64
	roundtripKind        styles = 128

	defaultStyles = roundtripKind | allowLeadingWhite | allowTrailingWhite
)

var styleNames = map[string]styles{
	"none": 0, "allowleadingwhite": allowLeadingWhite, "allowtrailingwhite": allowTrailingWhite,
	"allowinnerwhite": allowInnerWhite, "allowwhitespaces": allowLeadingWhite | allowTrailingWhite | allowInnerWhite,
	"nocurrentdatedefault": noCurrentDateDefault, "adjusttouniversal": adjustToUniversal,
	"assumelocal": assumeLocal, "assumeuniversal": assumeUniversal, "roundtripkind": roundtripKind,
}

// parseStyles reads names of DateTimeStyles between commas, with or without
// the name of the type, or the number that they add up to.
func parseStyles(s string) (styles, error) {
	if len(s) > maxLayout {
		return 0, fmt.Errorf("the styles are longer than %d bytes", maxLayout)
	}
	var all styles
	for name := range strings.SplitSeq(s, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if d, ok := parseDecimal(name); ok && d.fraction == "" && !d.negative {
			n := 0
			if _, err := fmt.Sscanf("0"+d.whole, "%d", &n); err != nil || n > 255 {
				return 0, fmt.Errorf("%s is not a number of DateTimeStyles", name)
			}
			all |= styles(n)
			continue
		}
		flag, ok := styleNames[strings.TrimPrefix(name, "datetimestyles.")]
		if !ok {
			return 0, fmt.Errorf("%q is not one of DateTimeStyles: AllowLeadingWhite, AllowTrailingWhite, AllowInnerWhite, AllowWhiteSpaces, NoCurrentDateDefault, AdjustToUniversal, AssumeLocal, AssumeUniversal, RoundtripKind, None", name)
		}
		all |= flag
	}
	switch {
	case all&assumeLocal != 0 && all&assumeUniversal != 0:
		return 0, errors.New("AssumeLocal and AssumeUniversal exclude each other")
	case all&roundtripKind != 0 && all&(assumeLocal|assumeUniversal|adjustToUniversal) != 0:
		return 0, errors.New("RoundtripKind excludes AssumeLocal, AssumeUniversal and AdjustToUniversal")
	}
	return all, nil
}
