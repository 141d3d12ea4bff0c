package lab

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestJudge(t *testing.T) {
	answer := func(code string) error {
		return fmt.Errorf("commit: %w", &pgconn.PgError{Severity: "FATAL", Code: code})
	}
	for _, c := range []struct {
		name string
		sent bool
		err  error
		want Outcome
	}{
		{"answered", true, nil, Acknowledged},
		{"never sent", false, context.DeadlineExceeded, Failed},
		{"refused before COMMIT", false, answer("57P01"), Failed},
		{"no answer", true, context.DeadlineExceeded, Ambiguous},
		{"connection broke", true, errors.New("unexpected EOF"), Ambiguous},
		{"server going down", true, answer("57P01"), Ambiguous},
		{"pooler lost the server", true, answer("08P01"), Ambiguous},
		{"completion unknown", true, answer("40003"), Ambiguous},
		{"code of another length", true, answer("4"), Ambiguous},
		{"rolled back", true, fmt.Errorf("commit: %w", pgx.ErrTxCommitRollback), Failed},
		{"serialisation", true, answer("40001"), Failed},
		{"violation", true, answer("23505"), Failed},
	} {
		if got := judge(c.sent, c.err); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTheTallyMeasuresFromWhenItWasDue(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	var y tally
	y.begin(start, 2)
	y.owe(0, at(0))
	y.count(observation{client: 0, seq: 1, due: at(0), at: at(5), outcome: Acknowledged})
	y.owe(0, at(40))
	// Due at 80, it got its turn late and was quick then: the stall is still 900 ms.
	y.count(observation{client: 1, seq: 1, due: at(80), at: at(980), outcome: Acknowledged})
	y.owe(1, at(1120))
	y.count(observation{client: 0, seq: 2, due: at(40), at: at(1000), outcome: Failed, err: context.DeadlineExceeded})
	y.owe(0, at(80))
	y.count(observation{client: 0, seq: 3, due: at(80), at: at(1010), outcome: Ambiguous, err: &pgconn.PgError{Code: "57P01", Message: "going"}})
	y.owe(0, at(120))
	y.end(at(1130)) // client 0 still owed what was due at 120
	y.end(at(9000))
	got := y.compare(map[key]bool{{1, 1}: true, {0, 3}: true, {0, 2}: true})
	want := Report{
		Acknowledged: 2, Failed: 1, Ambiguous: 1, AmbiguousKept: 1, FailedKept: 1, Lost: 1, LostRows: []string{"0/1"},
		LongestStall: 1010 * time.Millisecond, LongestGap: 975 * time.Millisecond, Duration: 1130 * time.Millisecond,
		PerSecond: []int{2}, Errors: map[string]int{"timeout": 1, "57P01 going": 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestParseMadison(t *testing.T) {
	const both = `
postgresql-15 | 15.20-0+deb12u1 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
postgresql-15 | 15.9-0+deb12u1 | http://deb.debian.org/debian bookworm/main amd64 Packages
postgresql-client-15 | 15.20-0+deb12u1 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
postgresql-client-15 | 15.9-0+deb12u1 | http://deb.debian.org/debian bookworm/main amd64 Packages
    libpq5 | 17.2-1.pgdg120+1 | http://apt.postgresql.org/pub/repos/apt bookworm-pgdg/main amd64 Packages
    libpq5 | 15.20-0+deb12u1 | http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
    libpq5 | 15.9-0+deb12u1 | http://deb.debian.org/debian bookworm/main amd64 Packages
`
	old := build{name: "15.9", patch: 9, full: "15.9-0+deb12u1"}
	recent := build{name: "15.20", patch: 20, full: "15.20-0+deb12u1"}
	for _, c := range []struct {
		name, out string
		want      buildList
	}{
		{"both archives", both, buildList{old, recent}},
		{"the client is missing", "postgresql-15 | 15.9-0+deb12u1 | http://x\nlibpq5 | 15.9-0+deb12u1 | http://x\n", nil},
		{"nothing", "", nil},
	} {
		got := parseMadison(c.out)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(build{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWantedLibraries(t *testing.T) {
	const simulation = `NOTE: This is only a simulation!
Inst libc-ares2 (1.18.1-3 Debian:12.11/stable [amd64])
Inst libllvm14 (1:14.0.6-12 Debian:12.11/stable [amd64])
Inst libjson-perl (4.10000-1 Debian:12.11/stable [all])
Inst libpq-dev [15.18] (15.20 Debian-Security:12/oldstable-security [amd64]) []
Inst libpq5 [15.18] (15.20 Debian-Security:12/oldstable-security [amd64])
Inst postgresql-15 (15.20 Debian-Security:12/oldstable-security [amd64])
Inst libicu72 (72.1-3 Debian:12.11/stable [amd64])
Conf libicu72 (72.1-3 Debian:12.11/stable [amd64])
`
	if diff := cmp.Diff([]string{"libc-ares2", "libicu72"}, wantedLibraries(simulation)); diff != "" {
		t.Errorf("libraries (-want +got):\n%s", diff)
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote("it's"), `'it'\''s'`; got != want {
		t.Errorf("quote: got %s, want %s", got, want)
	}
}
