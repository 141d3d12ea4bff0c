package inventory

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
)

// CSVOptions says how a table becomes a catalog.
type CSVOptions struct {
	File string // how messages call the input
	// Columns holds the heading of the column of each field, such as owner: Team.
	// A field that is not named is taken from the column of its own name, if there is one.
	Columns   map[string]string
	Delimiter rune   // between columns; 0: a comma
	Lists     string // the characters that may stand between several values; empty: space , ; and |
	Kind      string // of all systems: resource, component, api, system or domain; empty: resource
	// Owner answers for rows without an owner; empty: such a row is an error.
	Owner change.Ref
	// Owners holds the owner by what the column says, in any case. What it does not
	// have is taken as the name of a group.
	Owners map[string]change.Ref
	// Known reports whether something is in the catalog already, so that rows may refer
	// to it. Nil: nothing is.
	Known func(change.Ref) bool
	// Lenient leaves references to nothing out and notes them.
	Lenient bool
}

// mostProblems bounds how many are reported at once.
const mostProblems = 100

// table is an import under way.
type table struct {
	o        CSVOptions
	notes    notes
	columns  []column
	rows     []*row
	byName   map[string]*row // by the name as it was written, in small letters
	byRef    map[change.Ref]*row
	wholes   map[change.Ref][]*row // by the system that rows are parts of
	problems []*document.Problem
}

// row is one line of the table that has been understood.
type row struct {
	System
	name   string // as it was written
	line   int
	values map[string]value
}

// value is a cell with its place.
type value struct {
	text         string
	heading      string
	line, column int
}

// CSV reads a table with a heading (RFC 4180; a byte order mark and quoted line
// breaks are understood). Each row becomes a system; names in the columns depends-on
// and reached-through are those of other rows, or references. The systems that a
// column system names are made, where they are not known.
//
// All problems of the table are returned at once, joined, with line and column (in
// bytes, from 1). What is wrong with the options is an Invalid error.
func CSV(r io.Reader, o CSVOptions) (*Estate, error) {
	b, err := readAll(r, o.File)
	if err != nil {
		return nil, err
	}
	t := &table{o: o, byName: map[string]*row{}, byRef: map[change.Ref]*row{}, wholes: map[change.Ref][]*row{}}
	if t.o.Lists == "" {
		t.o.Lists = " ,;|"
	}
	if t.o.Kind == "" {
		t.o.Kind = "resource"
	}
	if kinds[t.o.Kind] == "" {
		return nil, change.Invalid("%q is not a kind of system; expected resource, component, api, system or domain", o.Kind).At("--kind")
	}
	if err := t.read(b); err != nil {
		return nil, err
	}
	for _, row := range t.rows {
		t.refer(row)
	}
	t.groups()
	e := t.estate()
	if len(t.problems) > 0 {
		return nil, errors.Join(t.inOrder()...)
	}
	return e, nil
}

func (t *table) fail(v value, format string, args ...any) {
	t.problems = append(t.problems, &document.Problem{
		File: t.o.File, Line: v.line, Column: v.column, Path: clean(v.heading), Message: fmt.Sprintf(format, args...),
	})
}

// inOrder returns the problems as they stand in the file, not more than a person reads.
func (t *table) inOrder() []error {
	slices.SortStableFunc(t.problems, func(a, b *document.Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	var list []error
	for _, p := range t.problems[:min(len(t.problems), mostProblems)] {
		list = append(list, p)
	}
	if more := len(t.problems) - len(list); more > 0 {
		list = append(list, &document.Problem{File: t.o.File, Message: fmt.Sprintf("has %d more problems; correct these first", more)})
	}
	return list
}

// read takes all rows apart.
func (t *table) read(b []byte) error {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(b) {
		line := 1 + bytes.Count(b[:invalidAt(b)], []byte("\n"))
		return &document.Problem{File: t.o.File, Line: line, Column: 1, Message: "is not UTF-8; export it anew as \"CSV UTF-8\""}
	}
	in := csv.NewReader(bytes.NewReader(b))
	in.FieldsPerRecord = -1 // so that the message is ours
	if in.Comma = t.o.Delimiter; in.Comma == 0 {
		in.Comma = ','
	}
	heading, err := in.Read()
	if errors.Is(err, io.EOF) {
		return &document.Problem{File: t.o.File, Message: "is empty; expected a line of headings"}
	}
	if err != nil {
		return t.unreadable(err)
	}
	if err := t.head(heading, in); err != nil {
		return err
	}
	for n := 0; ; n++ {
		cells, err := in.Read()
		switch {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return &document.Problem{File: t.o.File, Message: "has a line of headings and nothing below it"}
		case err != nil:
			return t.unreadable(err)
		case n >= MaxSystems:
			return change.Invalid("%s has more than %d rows; split it", t.o.File, MaxSystems)
		}
		t.line(cells, len(heading), in)
	}
}

func invalidAt(b []byte) int {
	at := 0
	for at < len(b) {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// unreadable makes a Problem of what encoding/csv says.
func (t *table) unreadable(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return change.Invalid("read %s: %w", t.o.File, err).At("--delimiter")
	}
	text := p.Err.Error()
	switch {
	case errors.Is(p.Err, csv.ErrQuote):
		text = `has a quote in the wrong place: a cell with quotes in it is written "so ""quoted"" here"`
	case errors.Is(p.Err, csv.ErrBareQuote):
		text = `has a quote in a cell that is not quoted: write "so ""quoted"" here"`
	}
	return &document.Problem{File: t.o.File, Line: p.Line, Column: p.Column, Message: text}
}

// line takes one row apart, and keeps it if it has a name.
func (t *table) line(cells []string, width int, in *csv.Reader) {
	line, _ := in.FieldPos(0)
	if len(cells) != width {
		t.fail(value{line: line, column: 1}, "has %d cells, where the heading has %d", len(cells), width)
		return
	}
	r := &row{line: line, values: map[string]value{}}
	for _, c := range t.columns {
		v := value{text: strings.TrimSpace(cells[c.at]), heading: c.heading}
		v.line, v.column = in.FieldPos(c.at)
		if v.text != "" || c.field == fieldName {
			r.values[c.field] = v
		}
	}
	if slices.IndexFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" }) < 0 {
		return // an empty line of a spreadsheet
	}
	t.take(r)
}
