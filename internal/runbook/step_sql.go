package runbook

import "github.com/changectl/changectl/internal/change"

// The endpoints of a system, as the catalog names them, that an SQL step uses.
const (
	PostgreSQL = "postgresql" // a connection string
	PgBouncer  = "pgbouncer"  // a connection string of the administration console
)

// SQL sends one statement to PostgreSQL or to PgBouncer's console.
type SQL struct {
	System change.Ref `yaml:"system,required" json:"system"`
	// Console says that the statement is for PgBouncer's administration console.
	Console bool `yaml:"console" json:"console,omitempty"`
	// Database replaces the one that the endpoint names.
	Database string `yaml:"database" json:"database,omitempty"`
	Query    string `yaml:"query,required" json:"query"`
	// Args are the values of $1, $2 and so on. The console takes none.
	Args []any `yaml:"args" json:"args,omitempty"`
	// Expect is CEL over rows (list of maps), row (the first, empty without one)
	// and count (int). Without it, that there is no error is enough.
	Expect string `yaml:"expect" json:"expect,omitempty"`
	// Secret names the one that holds the password, or is empty.
	Secret string `yaml:"secret" json:"secret,omitempty"`
}

// Endpoint returns the name of the endpoint that the step connects to.
func (s *SQL) Endpoint() string {
	if s.Console {
		return PgBouncer
	}
	return PostgreSQL
}

// Systems implements Kind.
func (s *SQL) Systems() []change.Ref { return refsOf(s.System) }

// Resumable implements Kind: a statement may have been committed.
func (s *SQL) Resumable() bool { return false }

func (s *SQL) expectation() string { return s.Expect }

func (s *SQL) endpoint() (change.Ref, string) { return s.System, s.Endpoint() }

func (s *SQL) complete(fail func(string, string, ...any)) {
	if s.System == "" {
		fail("system", "is empty; expected a system, for example ${{ parameters.primary }}")
	}
	if s.Query == "" {
		fail("query", "is empty; expected an SQL statement")
	}
	if s.Console && len(s.Args) > 0 {
		fail("args", "are given to PgBouncer's console, which takes none; write the values into the query")
	}
	if s.Console && s.Database != "" {
		fail("database", "is given together with console, which has its own; leave it out")
	}
	checkRef(&s.System, "system", fail)
}
