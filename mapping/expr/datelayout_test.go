package expr

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var wednesday = time.Date(2009, 6, 5, 3, 4, 7, 61_234_500, time.UTC)

// TestLayoutFormats follows the tables of "Standard date and time format
// strings" and "Custom date and time format strings".
func TestLayoutFormats(t *testing.T) {
	afternoon := time.Date(2009, 6, 15, 13, 45, 30, 617_542_500, time.UTC)
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		t      time.Time
		format string
		want   string
	}{
		{afternoon, "d", "06/15/2009"}, {afternoon, "D", "Monday, 15 June 2009"},
		{afternoon, "f", "Monday, 15 June 2009 13:45"}, {afternoon, "F", "Monday, 15 June 2009 13:45:30"},
		{afternoon, "g", "06/15/2009 13:45"}, {afternoon, "G", "06/15/2009 13:45:30"},
		{afternoon, "m", "June 15"}, {afternoon, "M", "June 15"},
		{afternoon, "o", "2009-06-15T13:45:30.6175425"}, {afternoon, "O", "2009-06-15T13:45:30.6175425"},
		{afternoon, "r", "Mon, 15 Jun 2009 13:45:30 GMT"}, {afternoon, "R", "Mon, 15 Jun 2009 13:45:30 GMT"},
		{afternoon, "s", "2009-06-15T13:45:30"}, {afternoon, "t", "13:45"}, {afternoon, "T", "13:45:30"},
		{afternoon, "u", "2009-06-15 13:45:30Z"}, {afternoon, "U", "Monday, 15 June 2009 13:45:30"},
		{afternoon, "y", "2009 June"}, {afternoon, "Y", "2009 June"},
		{afternoon, "%d", "15"}, {wednesday, "%d", "5"}, {wednesday, "dd", "05"}, {wednesday, "ddd", "Fri"}, {wednesday, "ddddd", "Friday"},
		{afternoon, "%f", "6"}, {afternoon, "ff", "61"}, {afternoon, "fffffff", "6175425"},
		{afternoon, "%F", "6"}, {wednesday, "%F", ""}, {wednesday, "FF", "06"}, {wednesday, "FFFFFFF", "0612345"},
		{wednesday, "s.F", "7"}, {wednesday, "s,F", "7,"}, {afternoon, "s.FFF", "30.617"},
		{afternoon, "%g", "A.D."}, {afternoon, "%h", "1"}, {afternoon, "hh", "01"}, {first, "%h", "12"}, {first, "hhh", "12"},
		{wednesday, "%H", "3"}, {wednesday, "HH", "03"}, {wednesday, "%m", "4"}, {wednesday, "mm", "04"},
		{wednesday, "%M", "6"}, {wednesday, "MM", "06"}, {wednesday, "MMM", "Jun"}, {wednesday, "MMMM", "June"},
		{wednesday, "%s", "7"}, {wednesday, "ss", "07"}, {wednesday, "%t", "A"}, {afternoon, "tt", "PM"}, {afternoon, "ttt", "PM"},
		{first, "%y", "1"}, {first, "yy", "01"}, {first, "yyy", "001"}, {first, "yyyy", "0001"}, {first, "yyyyy", "00001"},
		{afternoon, "%y", "9"}, {afternoon, "yyy", "2009"},
		{afternoon, "%z", "+0"}, {afternoon, "zz", "+00"}, {afternoon, "zzz", "+00:00"}, {afternoon, "zzzz", "+00:00"}, {afternoon, "%K", ""},
		{afternoon, "h:mm 'o''clock'", "1:45 oclock"}, {afternoon, `\h\:"m"`, "h:m"}, {afternoon, `'a\'b'`, "a'b"},
		{afternoon, "%%", ""}, {afternoon, "yyyyMMddTHHmmss", "20090615T134530"}, {afternoon, "dd.MM.yyyy", "15.06.2009"},
		{afternoon, "d%M", "156"}, {afternoon, "GMTzzz Q", "GMT+00:00 Q"}, {afternoon, "ä dd", "ä 15"},
	} {
		l, err := parseLayout(c.format)
		if err != nil {
			if c.want != "" {
				t.Errorf("%q: %v", c.format, err)
			}
			continue
		}
		if got := string(l.format(nil, moment{t: c.t})); got != c.want {
			t.Errorf("%q = %q, want %q", c.format, got, c.want)
		}
	}
}

func TestLayoutKinds(t *testing.T) {
	l, err := parseLayout("HH:mmK zzz")
	if err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[zone]string{zoneUnspecified: "03:04 +00:00", zoneUTC: "03:04Z +00:00", zoneLocal: "03:04+00:00 +00:00"} {
		if got := string(l.format(nil, moment{wednesday, zone})); got != want {
			t.Errorf("kind %d: %q, want %q", zone, got, want)
		}
	}
}

func TestLayoutRefused(t *testing.T) {
	for _, format := range []string{"", "q", "X", "%", "%%d", `\`, "'x", `yyyy"`, "ffffffff", "FFFFFFFF", `'x\`, strings.Repeat("y", 10), strings.Repeat("d", 1001)} {
		if _, err := parseLayout(format); err == nil {
			t.Errorf("%q is accepted", format)
		}
	}
}

// TestParseExact says what ParseExact makes of a string; "" where it fails.
func TestParseExact(t *testing.T) {
	now := time.Date(2025, 7, 30, 1, 2, 3, 0, time.UTC)
	for _, c := range []struct {
		format, s, want string
		styles          styles
	}{
		{"yyyy-MM-dd", "2024-03-05", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-MM-dd", " 2024-03-05\t", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-MM-dd", " 2024-03-05", "", 0},
		{"yyyy-MM-dd", "2024-3-5", "", defaultStyles},
		{"yyyy-MM-dd", "2024-03-05x", "", defaultStyles},
		{"yyyy-M-d", "2024-3-5", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-M-d", "2024-03-05", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-MM-dd", "2023-02-29", "", defaultStyles},
		{"yyyyMMdd", "20240229", "2024-02-29T00:00:00", defaultStyles},
		{"yyMMdd", "240229", "2024-02-29T00:00:00", defaultStyles},
		{"yy", "29", "2029-01-01T00:00:00", defaultStyles},
		{"yy", "30", "1930-01-01T00:00:00", defaultStyles},
		{"MMM d yyyy", "mar 5 2024", "2024-03-05T00:00:00", defaultStyles},
		{"MMM d yyyy", "March 5 2024", "", defaultStyles},
		{"MMMM d yyyy", "MARCH 5 2024", "2024-03-05T00:00:00", defaultStyles},
		{"dddd d MMMM yyyy", "Tuesday 5 March 2024", "2024-03-05T00:00:00", defaultStyles},
		{"dddd d MMMM yyyy", "Monday 5 March 2024", "", defaultStyles},
		{"h:mm tt", "12:05 AM", "2025-07-30T00:05:00", defaultStyles},
		{"h:mm tt", "12:05 pm", "2025-07-30T12:05:00", defaultStyles},
		{"h:mm t", "1:05 P", "2025-07-30T13:05:00", defaultStyles},
		{"h:mm", "1:05", "2025-07-30T01:05:00", defaultStyles},
		{"h:mm", "13:05", "", defaultStyles},
		{"H:mm tt", "13:05 PM", "2025-07-30T13:05:00", defaultStyles},
		{"H:mm tt", "13:05 AM", "", defaultStyles},
		{"HH:mm", "24:00", "", defaultStyles},
		{"HH:mm", "14:07", "0001-01-01T14:07:00", noCurrentDateDefault},
		{"M/d", "2/3", "2025-02-03T00:00:00", defaultStyles},
		{"yyyy", "2024", "2024-01-01T00:00:00", defaultStyles},
		{"ss.fff", "09.125", "2025-07-30T00:00:09.125", defaultStyles},
		{"ss.fff", "09.12", "", defaultStyles},
		{"ss.FFF", "09.12", "2025-07-30T00:00:09.12", defaultStyles},
		{"ss.FFF", "09", "2025-07-30T00:00:09", defaultStyles},
		{"yyyy-MM-ddzzz", "2024-03-05-08:00", "2024-03-05T08:00:00", defaultStyles},
		{"yyyy-MM-ddzzz", "2024-03-05-0800", "2024-03-05T08:00:00", defaultStyles},
		{"yyyy-MM-ddzz", "2024-03-05+02", "2024-03-04T22:00:00", defaultStyles},
		{"yyyy-MM-ddz", "2024-03-05+2", "2024-03-04T22:00:00", defaultStyles},
		{"yyyy-MM-ddzzz", "2024-03-05Z", "", defaultStyles},
		{"yyyy-MM-ddK", "2024-03-05Z", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-MM-ddK", "2024-03-05+01:00", "2024-03-04T23:00:00", defaultStyles},
		{"yyyy-MM-ddK", "2024-03-05", "2024-03-05T00:00:00", defaultStyles},
		{"yyyy-MM-ddTHH:mm:ssZ", "2024-03-05T01:02:03Z", "2024-03-05T01:02:03", defaultStyles},
		{"yyyy-MM-dd'T'HH", "2024-03-05T01", "2024-03-05T01:00:00", defaultStyles},
		{"yyyy'x'MM", "2024X03", "", defaultStyles},
		{"yyyy MM", "2024   03", "", defaultStyles},
		{"yyyy MM", "2024   03", "2024-03-01T00:00:00", allowInnerWhite},
		{"yyyy-MM", "2024 - 03", "2024-03-01T00:00:00", allowInnerWhite},
		{"yyyy yyyy", "2024 2024", "2024-01-01T00:00:00", defaultStyles},
		{"yyyy yyyy", "2024 2025", "", defaultStyles},
		{"gg yyyy", "A.D. 2024", "2024-01-01T00:00:00", defaultStyles},
		{"d", "06/15/2009", "2009-06-15T00:00:00", defaultStyles},
		{"s", "2009-06-15T13:45:30", "2009-06-15T13:45:30", defaultStyles},
		{"u", "2009-06-15 13:45:30Z", "2009-06-15T13:45:30", defaultStyles},
		{"r", "Mon, 15 Jun 2009 13:45:30 GMT", "2009-06-15T13:45:30", defaultStyles},
		{"o", "2009-06-15T13:45:30.6175425-07:00", "2009-06-15T20:45:30.6175425", defaultStyles},
		{"o", "2009-06-15T13:45:30Z", "", defaultStyles},
		{"yyyy-MM-ddzzz", "0001-01-01+02:00", "", defaultStyles},
	} {
		l, err := parseLayout(c.format)
		if err != nil {
			t.Errorf("%q: %v", c.format, err)
			continue
		}
		got := ""
		m, err := l.parse(c.s, c.styles, now)
		if err == nil {
			got = m.t.Format("2006-01-02T15:04:05.9999999")
		}
		if got != c.want {
			t.Errorf("ParseExact(%q, %q) = %q, %v; want %q", c.s, c.format, got, err, c.want)
		}
	}
}

// TestLayoutRoundTrip: what a complete format prints, it parses again.
func TestLayoutRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]string{
			"o", "s.fffffff", "yyyy-MM-dd HH:mm:ss.fffffff", "dddd, d MMMM yyyy h:mm:ss.fffffff tt", "yyyyMMddHHmmssfffffff",
			"M/d/yyyy h:m:s.FFFFFFF t zzz", "ddd dd MMM yyyy 'at' HH\\hmm:ss.fffffffK",
		}).Draw(t, "format")
		if format == "s.fffffff" {
			format = "yyyy-MM-ddTHH:mm:s.fffffff"
		}
		seconds := rapid.Int64Range(-62_135_596_800, 253_402_300_799).Draw(t, "seconds")
		want := time.Unix(seconds, rapid.Int64Range(0, 9_999_999).Draw(t, "ticks")*100).UTC()
		l, err := parseLayout(format)
		if err != nil {
			t.Fatal(err)
		}
		s := string(l.format(nil, moment{t: want}))
		got, err := l.parse(s, defaultStyles, epoch)
		if err != nil || !got.t.Equal(want) {
			t.Fatalf("%q of %v is %q, which parses to %v, %v", format, want, s, got.t, err)
		}
	})
}

func TestStyles(t *testing.T) {
	for s, want := range map[string]styles{
		"32": assumeLocal, "None": 0, "AllowWhiteSpaces": 7, " 3 ": 3,
		"DateTimeStyles.AllowLeadingWhite, allowTrailingWhite": 3, "AssumeUniversal,AdjustToUniversal": 80,
	} {
		if got, err := parseStyles(s); err != nil || got != want {
			t.Errorf("%q = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"x", "256", "-1", "96", "RoundtripKind, AssumeUniversal", "99999999999999999999", "1.5"} {
		if got, err := parseStyles(s); err == nil {
			t.Errorf("%q is accepted as %d", s, got)
		}
	}
}
