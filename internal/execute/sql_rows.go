package execute

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// The bounds of what is kept of a result.
const (
	maxRows     = 1000
	maxRowBytes = 256 << 10
	maxCell     = 16 << 10
)

// rows collects the result of a statement: all are counted, the first are kept.
type rows struct {
	text  bool // every value stays text, as PgBouncer's console means it
	names []string
	kept  []any
	count int64
	bytes int
	tag   string
}

func (r *rows) reset() { *r = rows{text: r.text} }

func (r *rows) read(result *pgconn.ResultReader) error {
	for result.NextRow() {
		fields := result.FieldDescriptions()
		r.count++
		if len(r.kept) >= maxRows || r.bytes >= maxRowBytes {
			continue
		}
		row := make(map[string]any, len(fields))
		for i, v := range result.Values() {
			r.bytes += len(fields[i].Name) + min(len(v), maxCell)
			row[fields[i].Name] = r.cell(fields[i].DataTypeOID, v)
		}
		r.kept = append(r.kept, row)
	}
	for _, f := range result.FieldDescriptions() {
		r.names = append(r.names, f.Name)
	}
	tag, err := result.Close()
	r.tag = tag.String()
	if !r.text && len(r.names) == 0 {
		r.count = tag.RowsAffected()
	}
	return err
}

// cell turns a value, as the server writes it as text, into one that conditions
// and JSON know.
func (r *rows) cell(oid uint32, raw []byte) any {
	if raw == nil {
		return nil
	}
	s := string(raw)
	if r.text {
		return readable(clip(s))
	}
	switch oid {
	case pgtype.BoolOID:
		return s == "t"
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID, pgtype.NumericOID, pgtype.Float4OID, pgtype.Float8OID:
		return number(s)
	case pgtype.JSONOID, pgtype.JSONBOID:
		if len(s) <= maxRowBytes {
			return parsed(s)
		}
	case pgtype.ByteaOID:
		if b, err := hex.DecodeString(strings.TrimPrefix(s, `\x`)); err == nil {
			return clip(base64.StdEncoding.EncodeToString(b))
		}
	}
	return readable(clip(s))
}

// number returns an int64 where s is a whole number that fits, else a float64;
// what JSON has no number for stays text.
func number(s string) any {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return s
	}
	return f
}

func clip(s string) string {
	if len(s) <= maxCell {
		return s
	}
	return strings.ToValidUTF8(s[:maxCell], "") + fmt.Sprintf("[... %d bytes are not kept]", len(s)-maxCell)
}

func (r *rows) seen(m *mask) seen {
	kept := r.kept
	if kept == nil {
		kept = []any{}
	}
	first := map[string]any{}
	if len(kept) > 0 {
		first, _ = kept[0].(map[string]any)
	}
	out := seen{
		output:  m.text(r.lines()),
		vars:    map[string]any{"rows": kept, "row": first, "count": r.count},
		keep:    []string{"count", "row", "rows"},
		message: r.message(),
	}
	return out
}

// message says what came back: a single small row is the answer itself.
func (r *rows) message() string {
	if r.count == 1 && len(r.kept) == 1 && len(r.names) <= 6 {
		if line := oneLine(r.line(r.kept[0])); len(line) <= 200 {
			return line
		}
	}
	if len(r.names) == 0 && r.tag != "" {
		return r.tag
	}
	return fmt.Sprintf("%d rows", r.count)
}

// lines writes the rows for people, the first hundred.
func (r *rows) lines() string {
	const enough = 100
	var b strings.Builder
	for i, row := range r.kept {
		if i == enough {
			break
		}
		b.WriteString(r.line(row) + "\n")
	}
	if more := r.count - int64(min(len(r.kept), enough)); more > 0 && len(r.names) > 0 {
		fmt.Fprintf(&b, "[... %d more rows ...]\n", more)
	}
	if r.tag != "" {
		b.WriteString(r.tag + "\n")
	}
	return b.String()
}

func (r *rows) line(row any) string {
	cells, _ := row.(map[string]any)
	parts := make([]string, 0, len(r.names))
	for _, n := range r.names {
		s, isText := cells[n].(string)
		if !isText {
			b, _ := json.Marshal(cells[n])
			s = string(b)
		}
		parts = append(parts, n+"="+s)
	}
	return strings.Join(parts, " ")
}
