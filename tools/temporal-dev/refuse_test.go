package main

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
)

func TestTakenPortsAreNamedAndNothingIsWritten(t *testing.T) {
	one, two := taken(t), taken(t)
	db := tempDB(t)
	code, message := refused(t, "--db", db, "--port", one, "--ui-port", two)
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, want := range []string{
		"port " + one + " on 127.0.0.1 is taken (wanted for the Temporal frontend): stop what listens there or choose another with --port\n",
		"port " + two + " on 127.0.0.1 is taken (wanted for the Web UI): stop what listens there or choose another with --ui-port (0 for none)\n",
	} {
		if !strings.Contains(message, want) {
			t.Errorf("message lacks %q:\n%s", want, message)
		}
	}
	if _, err := os.Stat(filepath.Dir(db)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory of the database was made (%v)", err)
	}
}

func taken(t *testing.T) string {
	t.Helper()
	l, port := listenAnywhere(t)
	t.Cleanup(func() { _ = l.Close() })
	return port
}

func TestUsage(t *testing.T) {
	tests := map[string]struct{ args, want string }{
		"no file":              {"--port 0", "--db is missing"},
		"all addresses":        {"--db x --ip 0.0.0.0", "--ip 0.0.0.0 is not a loopback address"},
		"address of a network": {"--db x --ip 192.168.1.7", "--ip 192.168.1.7 is not a loopback address"},
		"name for an address":  {"--db x --ip example.org", "--ip example.org is not a loopback address"},
		"port too large":       {"--db x --port 70000", "--port 70000 is not a port: expected 0 to 65535"},
		"one port for both":    {"--db x --port 7000 --ui-port 7000", "--port and --ui-port are both 7000"},
		"log level":            {"--db x --log-level loud", "choose one of debug, info, warn, error"},
		"system namespace":     {"--db x --namespace temporal-system", "choose another name"},
		"argument":             {"--db x start", `unexpected argument "start"`},
		"unknown flag":         {"--db x --tls", "-tls"},
		"attribute, no type":   {"--db x --search-attribute Owner", "expected Name=Type"},
		"attribute, bad type":  {"--db x --search-attribute Owner=String", "choose one of Bool, Datetime, Double, Int, Keyword, KeywordList, Text"},
		"attribute, bad name":  {"--db x --search-attribute 1st=Int", "expected a letter"},
		"attribute, system":    {"--db x --search-attribute ExecutionStatus=Keyword", "Temporal uses this name itself"},
		"attribute, column":    {"--db x --search-attribute Keyword01=Keyword", "Temporal uses this name itself"},
		"attribute, two types": {"--db x --search-attribute A=Int --search-attribute A=Bool", "given as Int and as Bool"},
		"several at once":      {"--ip 10.0.0.1 --log-level loud", "--db is missing: name the SQLite file that holds the server's state\n--ip 10.0.0.1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), strings.Fields(tt.args), &stdout, &stderr); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("message lacks %q:\n%s", tt.want, &stderr)
			}
		})
	}
}

func TestFileInUse(t *testing.T) {
	db := tempDB(t)
	p := start(t, headless(db)...)
	_, message := refused(t, headless(db)...)
	if want := "is in use by another temporal-dev (process "; !strings.Contains(message, want) {
		t.Errorf("message lacks %q: %s", want, message)
	}
	p.stop(t)
	start(t, headless(db)...)
}

func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	tests := map[string]struct {
		make func(t *testing.T, file string)
		want string
	}{
		"text":           {makeText, "is it a SQLite file?"},
		"other database": {makeOther, "was not made by temporal-dev"},
		"other version":  {makeOld, "was made by temporal server 1.2.3, and this program carries " + origin()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.db")
			tt.make(t, file)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code, message := refused(t, headless(file)...)
			if code != 1 || !strings.Contains(message, tt.want) {
				t.Errorf("exit code %d, want 1, and message lacks %q: %s", code, tt.want, message)
			}
			after, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func makeText(t *testing.T, file string) {
	if err := os.WriteFile(file, bytes.Repeat([]byte("remember the milk\n"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
}

func makeOther(t *testing.T, file string) { execSQL(t, file, `CREATE TABLE invoices (id INT)`) }

func makeOld(t *testing.T, file string) {
	if err := prepareFile(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	execSQL(t, file, `UPDATE temporal_dev_origin SET origin = 'temporal server 1.2.3'`)
}

func execSQL(t *testing.T, file, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func TestAssign(t *testing.T) {
	const keyword, number = enumspb.INDEXED_VALUE_TYPE_KEYWORD, enumspb.INDEXED_VALUE_TYPE_INT
	tests := map[string]struct {
		have   map[string]string
		wanted map[string]enumspb.IndexedValueType
		want   map[string]string
		err    string
	}{
		"first":   {nil, types(keyword, "B", "A"), map[string]string{"Keyword01": "A", "Keyword02": "B"}, ""},
		"again":   {map[string]string{"Keyword02": "A"}, types(keyword, "A"), map[string]string{"Keyword02": "A"}, ""},
		"gap":     {map[string]string{"Keyword01": "C", "Keyword03": "D"}, types(keyword, "A"), map[string]string{"Keyword01": "C", "Keyword02": "A", "Keyword03": "D"}, ""},
		"retyped": {map[string]string{"Keyword01": "A"}, types(number, "A"), nil, "search attribute A is of type Keyword already, not Int"},
		"too many": {
			map[string]string{"Int01": "X", "Int02": "Y", "Int03": "Z"},
			types(number, "A"), nil,
			"search attribute A: all 3 of type Int are taken (X, Y, Z)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := map[string]string{}
			for k, v := range tt.have {
				got[k] = v
			}
			changed, err := assign(got, tt.wanted)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, columns (-want +got):\n%s", err, diff)
			}
			if want := len(tt.want) != len(tt.have); changed != want {
				t.Errorf("changed %t, want %t", changed, want)
			}
		})
	}
}

func types(typ enumspb.IndexedValueType, names ...string) map[string]enumspb.IndexedValueType {
	m := map[string]enumspb.IndexedValueType{}
	for _, n := range names {
		m[n] = typ
	}
	return m
}
