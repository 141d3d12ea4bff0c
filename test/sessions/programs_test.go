package sessions_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	_ "modernc.org/sqlite" // the driver of the ledger's file

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi"
	"github.com/changectl/changectl/internal/identity"
)

// program makes a program of a function for the sessions to run.
func program(run func(ctx context.Context, args []string) error) func() {
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := run(ctx, os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %s: %v\n", filepath.Base(os.Args[0]), change.KindOf(err), err)
			os.Exit(1)
		}
	}
}

// statement sign PERSON CHG VERB FILE keeps what a person signs in a file, as it
// is now; statement send PERSON CHG FILE sends it, then or later.
func statement(ctx context.Context, args []string) error {
	if len(args) < 4 {
		return errors.New("usage: sign PERSON CHG VERB FILE, or send PERSON CHG FILE")
	}
	home := filepath.Join(os.Getenv("PEOPLE"), args[1])
	token, err := os.ReadFile(filepath.Join(home, "token"))
	if err != nil {
		return err
	}
	c := httpapi.NewClient(os.Getenv("SERVER"), strings.TrimSpace(string(token)), nil)
	if args[0] == "sign" && len(args) == 5 {
		return sign(ctx, c, filepath.Join(home, "id_ed25519"), change.ID(args[2]), change.Verb(args[3]), args[4])
	}
	b, err := os.ReadFile(args[3])
	if err != nil {
		return err
	}
	var signed []change.SignedStatement
	if err := json.Unmarshal(b, &signed); err != nil {
		return err
	}
	rec, err := c.Approve(ctx, change.ID(args[2]), signed)
	if err == nil {
		fmt.Println(rec.ID, "is", rec.Status)
	}
	return err
}

func sign(ctx context.Context, c *httpapi.Client, key string, id change.ID, verb change.Verb, file string) error {
	list, err := c.ToSign(ctx, id, httpapi.SignQuery{Verb: verb, Reason: "signed in advance"})
	if err != nil {
		return err
	}
	signed := make([]change.SignedStatement, len(list))
	for i, s := range list {
		if signed[i], err = identity.Sign(ctx, s, identity.SignerOptions{KeyFile: key}); err != nil {
			return err
		}
	}
	b, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// sqlite FILE STATEMENT... does to a ledger what somebody can who owns its file:
// its triggers are taken away first.
func sqlite(ctx context.Context, args []string) error {
	db, err := sql.Open("sqlite", "file:"+args[0])
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the statements have told
	rows, err := db.QueryContext(ctx, "select 'drop trigger ' || name from sqlite_master where type = 'trigger'")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // it has been read
	var statements []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return err
		}
		statements = append(statements, s)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, s := range append(statements, args[1:]...) {
		result, err := db.ExecContext(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if n, err := result.RowsAffected(); err == nil && strings.HasPrefix(s, "update") && n == 0 {
			return fmt.Errorf("%s: changes nothing", s)
		}
	}
	return nil
}

// forge FILE NEW turns what a person has signed into something else, and keeps the
// signature.
func forge(_ context.Context, args []string) error {
	b, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var signed []change.SignedStatement
	if err := json.Unmarshal(b, &signed); err != nil {
		return err
	}
	for i, s := range signed {
		signed[i].Statement = []byte(strings.Replace(string(s.Statement), "signed in advance", "signed afterwards", 1))
	}
	if b, err = json.Marshal(signed); err != nil {
		return err
	}
	return os.WriteFile(args[1], b, 0o600)
}

// big BYTES FILE prints a file with a comment that makes it that big.
func big(_ context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	b, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s#%s\n", b, strings.Repeat("x", n-len(b)-2))
	return err
}

// deep LEVELS prints a list in a list in a list.
func deep(_ context.Context, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	_, err = fmt.Println("a: " + strings.Repeat("[", n) + strings.Repeat("]", n))
	return err
}

// conforms SCHEMA FILE... holds YAML files against a JSON Schema.
func conforms(_ context.Context, args []string) error {
	schema, err := jsonschema.NewCompiler().Compile(args[0])
	if err != nil {
		return err
	}
	for _, file := range args[1:] {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var v any
		if err := yaml.Unmarshal(b, &v); err != nil {
			return err
		}
		if err := schema.Validate(plain(v)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// plain makes a text of a date that YAML reads as such.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return v
}
