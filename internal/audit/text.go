package audit

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/changectl/changectl/internal/change"
)

// Text returns e as one line: time, who, what, change, why, systems. The time is in
// loc, with its zone. Whatever could break or disguise the line, such as line
// breaks and control characters, is written as a space.
func Text(e Entry, loc *time.Location) string {
	parts := []string{e.At.In(loc).Format("2006-01-02 15:04:05.000 MST"), string(e.Who), e.What}
	if e.Change != "" {
		parts = append(parts, named(e))
	}
	if e.Why != "" {
		parts = append(parts, "("+e.Why+")")
	}
	if len(e.Systems) > 0 {
		parts = append(parts, "["+joined(e.Systems)+"]")
	}
	return oneLine(strings.Join(parts, "  "))
}

// CSV writes records with a header line: number, time (UTC), kind, who, what,
// change, revision, why, systems. A cell that a spreadsheet would take for a formula
// begins with an apostrophe.
func CSV(w io.Writer, records iter.Seq2[Record, error]) error {
	out := csv.NewWriter(w)
	head := []string{"number", "at", "kind", "who", "what", "change", "revision", "why", "systems"}
	if err := out.Write(head); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := out.Write(cells(r)); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func cells(r Record) []string {
	e, revision := r.Entry, ""
	if e.Revision > 0 {
		revision = strconv.Itoa(e.Revision)
	}
	row := []string{
		strconv.FormatInt(r.Number, 10), e.At.UTC().Format(time.RFC3339Nano), e.Kind, string(e.Who),
		e.What, string(e.Change), revision, e.Why, joined(e.Systems),
	}
	for i, cell := range row {
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[i] = "'" + cell
		}
	}
	return row
}

func named(e Entry) string {
	if e.Revision > 1 {
		return fmt.Sprintf("%s revision %d", e.Change, e.Revision)
	}
	return string(e.Change)
}

func joined(refs []change.Ref) string {
	s := make([]string, len(refs))
	for i, r := range refs {
		s[i] = string(r)
	}
	return strings.Join(s, " ")
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
