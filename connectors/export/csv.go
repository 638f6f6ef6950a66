package export

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// maxRow bounds the text of one row.
const maxRow = 4 << 20

// maxHeader is how long a header may be.
const maxHeader = 64 << 10

// table is a CSV file: a header and rows of as many fields.
type table struct {
	file    file
	rows    *csv.Reader
	skipped int // lines before the header
	header  []string
	columns []name
}

// openTable reads the header. Fields are separated by what separates those of
// the header: commas, semicolons or tabs.
func openTable(t *text, n *names) (*table, error) {
	in := bufio.NewReaderSize(t, maxHeader)
	tab := &table{file: t.file}
	line, err := tab.firstLine(in)
	if err != nil {
		return nil, err
	}
	tab.rows = csv.NewReader(in)
	tab.rows.Comma = separator(line)
	tab.rows.FieldsPerRecord = -1 // counted here, for a message that helps
	tab.rows.ReuseRecord = true
	header, err := tab.rows.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, emptyFile(t.file.path)
	case err != nil:
		return nil, tab.fault(err, t)
	}
	for _, raw := range header {
		tab.header = append(tab.header, strings.TrimSpace(raw))
	}
	return tab, tab.translate(n)
}

// firstLine returns the header's first line without taking it. It takes what
// PowerShell and Excel may put before: #TYPE ... and sep=...
func (tab *table) firstLine(in *bufio.Reader) (string, error) {
	for {
		// Peek returns what is there; a shorter file is no error here, and a file
		// that cannot be read fails again when it is read.
		peeked, _ := in.Peek(maxHeader)
		line, _, found := strings.Cut(string(peeked), "\n")
		if !found && len(peeked) == maxHeader {
			return "", tab.wrong(1, fmt.Sprintf("the header is longer than %d KB: this is no CSV file", maxHeader>>10))
		}
		if !strings.HasPrefix(line, "#TYPE ") && !strings.HasPrefix(line, "sep=") {
			return line, nil
		}
		if _, err := in.Discard(min(len(line)+1, len(peeked))); err != nil {
			return "", unreadable(tab.file.path, err)
		}
		tab.skipped++
	}
}

func separator(header string) rune {
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		quoted, n := false, 0
		for _, h := range header {
			if h == '"' {
				quoted = !quoted
			}
			if h == c && !quoted {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best
}

// translate finds out what each column means.
func (tab *table) translate(n *names) error {
	hasID := false
	first := map[string]string{}
	for _, raw := range tab.header {
		if !utf8.ValidString(raw) {
			return tab.wrong(1, "the header is not UTF-8: save the file as UTF-8 CSV")
		}
		column := n.attribute(raw)
		if raw == "" {
			column.role = ignored
		}
		if strings.EqualFold(raw, "directorySynced") {
			column = name{canonical: "directorySynced", role: truth}
		}
		if other, twice := first[strings.ToLower(column.canonical)]; twice && column.role != ignored {
			return tab.wrong(1, fmt.Sprintf("the columns %q and %q both are %s", other, raw, column.canonical))
		}
		first[strings.ToLower(column.canonical)] = raw
		hasID = hasID || column.role == identifier
		tab.columns = append(tab.columns, column)
	}
	if !hasID {
		return tab.wrong(1, fmt.Sprintf("the CSV needs a column id or objectId; its columns are %s", brief([]byte(strings.Join(tab.header, ", ")))))
	}
	return nil
}

// readCSV calls each with every row and the line that it begins in. The error
// of a row whose values are wrong goes to each.
func readCSV(t *text, b *builder, each func(e entry, line int, err error) error) error {
	t.limit(maxRow)
	tab, err := openTable(t, b.names)
	if err != nil {
		return err
	}
	for {
		t.allow()
		row, err := tab.rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return tab.fault(err, t)
		}
		line, _ := tab.rows.FieldPos(0)
		if len(row) != len(tab.header) {
			return tab.wrong(line, fmt.Sprintf("the number of fields is %d, and the header's is %d", len(row), len(tab.header)))
		}
		e, err := b.row(tab.columns, row)
		if err := each(e, line+tab.skipped, err); err != nil {
			return err
		}
	}
}

// row translates one row. Its error says what is wrong, not where.
func (b *builder) row(columns []name, row []string) (entry, error) {
	e := entry{object: directory.Object{Type: b.names.object, Attributes: b.attributes()}}
	for i, text := range row {
		column := columns[i]
		if text == "" || column.role == ignored {
			continue
		}
		v, err := columnValue(column, text)
		if err != nil {
			return e, err
		}
		if err := b.set(&e, column, v); err != nil {
			return e, err
		}
	}
	return e, b.finish(&e)
}

func columnValue(column name, text string) (directory.Value, error) {
	if !utf8.ValidString(text) {
		return directory.Value{}, fmt.Errorf("column %s is not UTF-8: save the file as UTF-8 CSV", column.canonical)
	}
	switch {
	case column.role == truth:
		b, ok := directory.Str(strings.TrimSpace(text)).Boolean()
		if !ok {
			return directory.Value{}, fmt.Errorf("column %s holds %q, and TRUE or FALSE was expected", column.canonical, brief([]byte(text)))
		}
		return directory.Bool(b), nil
	case column.role == dateTime:
		return dateTimeValue(text), nil
	case column.role == reference:
		return directory.Ref(anchor(strings.TrimSpace(text))), nil
	case column.role == identifier:
		return directory.Str(strings.TrimSpace(text)), nil
	case column.list:
		var list []directory.Value
		for part := range strings.SplitSeq(text, ";") {
			part = strings.TrimSpace(part)
			switch {
			case part == "":
			case column.role == references:
				list = append(list, directory.Ref(anchor(part)))
			default:
				list = append(list, directory.Str(part))
			}
		}
		return directory.Of(list...), nil
	default:
		return directory.Str(text), nil
	}
}

func (f file) atLine(line int) string { return fmt.Sprintf("%s line %d", f.path, line) }

func (tab *table) wrong(line int, reason string) error {
	return &connectors.ReadError{Place: tab.file.atLine(line + tab.skipped), Reason: reason}
}

// fault turns an error of the CSV reader into a *connectors.ReadError.
func (tab *table) fault(err error, t *text) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return t.failed(err)
	}
	switch {
	case errors.Is(parse.Err, csv.ErrBareQuote):
		return &connectors.ReadError{
			Place:  fmt.Sprintf("%s, column %d", tab.file.atLine(parse.Line+tab.skipped), parse.Column),
			Reason: `a quote in a field that does not begin with one; such a field is written "like ""this"""`,
		}
	case errors.Is(parse.Err, csv.ErrQuote):
		// Where the field ends is not where it is wrong: that may be far below.
		return tab.wrong(parse.StartLine, "a field begins with a quote that does not end, or text follows it: the row is wrong or truncated")
	default:
		return &connectors.ReadError{Place: tab.file.atLine(parse.Line + tab.skipped), Reason: "invalid CSV", Err: parse.Err}
	}
}
