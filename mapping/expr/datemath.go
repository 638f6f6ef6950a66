package expr

import (
	"strings"
	"time"
)

const (
	ticksPerSecond = 10_000_000
	// filetimeEpoch is 1970-01-01 in ticks since 1601-01-01, where Windows
	// FILETIME begins.
	filetimeEpoch = 116_444_736_000_000_000
	// filetimeMax is the last tick of the year 9999.
	filetimeMax = 2_650_467_743_999_999_999
)

func ticks(t time.Time) int64 {
	return t.Unix()*ticksPerSecond + int64(t.Nanosecond()/100)
}

// intervals are those of DateAdd and DateDiff.
var intervals = []string{"yyyy", "m", "d", "ww", "h", "n", "s"}

// secondsOf are the lengths of the intervals that have one.
var secondsOf = map[string]int64{"ww": 7 * 86400, "d": 86400, "h": 3600, "n": 60, "s": 1}

// findInterval returns the interval in the spelling of the table, "" if there
// is none of this name.
func findInterval(name string) string {
	for _, i := range intervals {
		if strings.EqualFold(i, name) {
			return i
		}
	}
	return ""
}

// addInterval adds n intervals to t. A day that the month does not have
// becomes its last. ok is false beyond the years 1 and 9999.
func addInterval(t time.Time, interval string, n int64) (_ time.Time, ok bool) {
	const most = 400_000_000_000 // more seconds than .NET's calendar has
	if n > most || n < -most {
		return t, false
	}
	switch interval {
	case "yyyy":
		return addMonths(t, 12*n)
	case "m":
		return addMonths(t, n)
	}
	seconds := secondsOf[interval] * n
	if seconds > most || seconds < -most {
		return t, false
	}
	t = time.Unix(t.Unix()+seconds, int64(t.Nanosecond())).UTC()
	return t, inRange(t) == nil
}

func addMonths(t time.Time, n int64) (time.Time, bool) {
	const most = 120_000 // .NET's DateTime.AddMonths refuses more
	if n > most || n < -most {
		return t, false
	}
	months := t.Year()*12 + int(t.Month()) - 1 + int(n)
	year, month := months/12, time.Month(months%12+1)
	if months < 12 || year > 9999 {
		return t, false
	}
	day := min(t.Day(), time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
	return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), true
}

// diffInterval counts intervals from a to b as Visual Basic's DateDiff does:
// years and months by the calendar, weeks by their Sundays, all others as
// whole intervals of the time between.
func diffInterval(a, b time.Time, interval string) int64 {
	switch interval {
	case "yyyy":
		return int64(b.Year() - a.Year())
	case "m":
		return int64(b.Year()-a.Year())*12 + int64(b.Month()) - int64(a.Month())
	case "ww":
		const day = 86400 * ticksPerSecond
		start := func(t time.Time) int64 { return ticks(t) - int64(t.Weekday()+1)*day }
		return (start(b) - start(a)) / day / 7
	}
	return (ticks(b) - ticks(a)) / (secondsOf[interval] * ticksPerSecond)
}
