package expr

import (
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// dateFunctions work on dates. A null date gives null, so that a branch that
// is not taken does no harm.
var dateFunctions = []*builtin{
	{
		Function: Function{
			Name: "Now", Result: TypeDateTime, Page: pageReference,
			Description: "Returns the current time in UTC.",
			Example:     `Now()`,
		},
		run: func(m *machine, _ *callOp, _ []result) (result, error) {
			return result{v: directory.Time(m.env.Now)}, nil
		},
	},
	{
		Function: Function{
			Name: "CDate", Result: TypeDateTime, Page: pageReference,
			Parameters:    []Parameter{required("expression", TypeDateTime, "a date in any format that .NET's DateTime.Parse reads in the invariant culture")},
			Description:   "Converts a string to a date in UTC. A date without an offset is taken for UTC.",
			Example:       `CDate("2020-03-16-07:00")`,
			ExampleResult: "3/16/2020 7:00:00 AM",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) { return args[0], nil },
	},
	{
		Function: Function{
			Name: "DateAdd", Result: TypeDateTime, Page: pageReference,
			Parameters: []Parameter{
				oneOf(required("interval", TypeString, "yyyy year, m month, d day, ww week, h hour, n minute, s second"), intervals...),
				required("value", TypeInteger, "how many intervals; negative for the past"),
				required("dateTime", TypeDateTime, "the date to add to"),
			},
			Description:   "Adds intervals to a date. A day that the month does not have becomes its last.",
			Example:       `DateAdd("m", 1, CDate("2024-01-31"))`,
			ExampleResult: "2/29/2024 12:00:00 AM",
		},
		run: runDateAdd,
	},
	{
		Function: Function{
			Name: "DateDiff", Result: TypeInteger, Page: pageReference,
			Parameters: []Parameter{
				oneOf(required("interval", TypeString, "yyyy year, m month, d day, ww week, h hour, n minute, s second"), intervals...),
				required("date1", TypeDateTime, "the earlier date"),
				required("date2", TypeDateTime, "the later date"),
			},
			Description:   "Returns how many intervals date2 is after date1; negative if it is before. Years and months are counted by the calendar, weeks by their Sundays.",
			Example:       `DateDiff("d", CDate("2021-08-18"), CDate("2021-08-31"))`,
			ExampleResult: "13",
		},
		run: runDateDiff,
	},
	{
		Function: Function{
			Name: "DateFromNum", Result: TypeDateTime, Page: pageReference,
			Parameters:    []Parameter{required("value", TypeInteger, "a date of Active Directory: 100-nanosecond units since 1601")},
			Description:   "Converts a date of Active Directory, such as lastLogonTimestamp.",
			Example:       `DateFromNum(129699324000000000)`,
			ExampleResult: "1/1/2012 11:00:00 PM",
		},
		run: runDateFromNum,
	},
	{
		Function: Function{
			Name: "NumFromDate", Result: TypeInteger, Page: pageReference,
			Parameters:    []Parameter{required("value", TypeDateTime, "a date, or a string in ISO 8601 format")},
			Description:   "Converts a date to Active Directory's format, such as accountExpires has.",
			Example:       `NumFromDate("2020-12-31 23:59:59-08:00")`,
			ExampleResult: "132539615990000000",
		},
		run: runNumFromDate,
	},
	{
		Function: Function{
			Name: "FormatDateTime", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeAny, "the date to convert"),
				optional("dateTimeStyles", TypeString, "names of .NET's DateTimeStyles between commas, or their number; RoundtripKind, AllowLeadingWhite, AllowTrailingWhite if left out"),
				required("inputFormat", TypeString, "the .NET format of source"),
				required("outputFormat", TypeString, "the .NET format of the result"),
			},
			Description:   "Converts a date from one format to another. The older form without dateTimeStyles, with three arguments, is accepted. An offset in the source converts the time to UTC.",
			Example:       `FormatDateTime("20150123105347.1Z", , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")`,
			ExampleResult: "2015-01-23",
		},
		legacy: 3, prepare: prepareFormatDateTime,
		run: runFormatDateTime,
	},
}

func (c *callOp) interval(m *machine, args []result) (string, error) {
	interval := findInterval(str(args, 0))
	if interval == "" {
		return "", c.fault(m, 0, "%s is not an interval: it is one of %s", m.quote(args[0].v), strings.Join(intervals, ", "))
	}
	return interval, nil
}

func runDateAdd(m *machine, c *callOp, args []result) (result, error) {
	interval, err := c.interval(m, args)
	if err != nil {
		return result{}, err
	}
	t, ok := args[2].v.Time()
	if !ok {
		return result{}, nil
	}
	t, ok = addInterval(t, interval, num(args, 1, 0))
	if !ok {
		return result{}, c.fault(m, 1, "takes the date beyond the years 1 to 9999")
	}
	return result{v: directory.Time(t)}, nil
}

func runDateDiff(m *machine, c *callOp, args []result) (result, error) {
	interval, err := c.interval(m, args)
	if err != nil {
		return result{}, err
	}
	a, hasA := args[1].v.Time()
	b, hasB := args[2].v.Time()
	if !hasA || !hasB {
		return result{}, nil
	}
	return number(diffInterval(a, b, interval)), nil
}

func runDateFromNum(m *machine, c *callOp, args []result) (result, error) {
	n, ok := args[0].v.Integer()
	if !ok {
		return result{}, nil
	}
	if n < 0 || n > filetimeMax {
		return result{}, c.fault(m, 0, "%s is not a date of Active Directory: those are 0 to %d", m.quote(args[0].v), int64(filetimeMax))
	}
	n -= filetimeEpoch
	t := time.Unix(n/ticksPerSecond, n%ticksPerSecond*100).UTC()
	return result{v: directory.Time(t)}, nil
}

func runNumFromDate(m *machine, c *callOp, args []result) (result, error) {
	t, ok := args[0].v.Time()
	if !ok {
		return result{}, nil
	}
	n := ticks(t) + filetimeEpoch
	if n < 0 {
		return result{}, c.fault(m, 0, "%s is before 1601, where dates of Active Directory begin", m.quote(args[0].v))
	}
	return number(n), nil
}

// FormatDateTime's parameters, by index.
const (
	formatStyles = 1 + iota
	formatInput
	formatOutput
)

// formats is what FormatDateTime can tell from its constant arguments.
type formats struct {
	styles        styles
	known         bool // styles are constant
	input, output *layout
}

func prepareFormatDateTime(k *checker, c *callOp) {
	f := &formats{styles: defaultStyles, known: c.args[formatStyles] == nil}
	if v, ok := c.constant(formatStyles); ok {
		f.known = true
		if !v.IsEmpty() {
			var err error
			if f.styles, err = parseStyles(v.Text()); err != nil {
				k.argument(c, formatStyles, "%v", k.hide(err))
			}
		}
	}
	f.input, f.output = constantLayout(k, c, formatInput), constantLayout(k, c, formatOutput)
	c.prepared = f
}

// constantLayout returns the layout of a constant argument, nil for any other.
func constantLayout(k *checker, c *callOp, i int) *layout {
	v, ok := c.constant(i)
	if !ok {
		return nil
	}
	l, err := parseLayout(v.Text())
	if err != nil {
		k.argument(c, i, "not a .NET date format: %v", k.hide(err))
	}
	return l
}

func runFormatDateTime(m *machine, c *callOp, args []result) (result, error) {
	f, err := c.formats(m, args)
	if err != nil {
		return result{}, err
	}
	v := args[0].v
	if v.Kind() == directory.List {
		switch e := v.Elements(); len(e) {
		case 0:
			v = directory.Value{}
		case 1:
			v = e[0]
		default:
			return result{}, c.fault(m, 0, "takes a single value and got %d: use Item or Join", len(e))
		}
	}
	source := v.Text()
	if strings.TrimSpace(source) == "" {
		return result{v: v}, nil
	}
	at, err := f.input.parse(source, f.styles, m.env.Now)
	if err != nil {
		t, isDate := v.Time()
		if !isDate {
			return result{}, c.fault(m, 0, "%s is not a date in the input format: %v", m.quote(v), m.hide(err))
		}
		at = moment{t: t, zone: zoneUTC} // a date needs no input format
	}
	m.buf = f.output.format(m.buf[:0], at)
	return text(string(m.buf)), nil
}

// formats returns the constant formats, and reads the others.
func (c *callOp) formats(m *machine, args []result) (formats, error) {
	f := *c.prepared.(*formats)
	var err error
	if s := str(args, formatStyles); !f.known && s != "" {
		if f.styles, err = parseStyles(s); err != nil {
			return f, c.fault(m, formatStyles, "%v", m.hide(err))
		}
	}
	if f.input == nil {
		if f.input, err = parseLayout(str(args, formatInput)); err != nil {
			return f, c.fault(m, formatInput, "not a .NET date format: %v", m.hide(err))
		}
	}
	if f.output == nil {
		if f.output, err = parseLayout(str(args, formatOutput)); err != nil {
			return f, c.fault(m, formatOutput, "not a .NET date format: %v", m.hide(err))
		}
	}
	return f, nil
}
