package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLeafIsTheSameForTheSameEntryInAnyZone(t *testing.T) {
	e := entry(1)
	want, err := Leaf(e)
	if err != nil {
		t.Fatal(err)
	}
	e.At = e.At.In(time.FixedZone("CET", 3600)).Add(999 * time.Nanosecond)
	got, err := Leaf(e)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "{", string(want) + "{}", `{"kind":"x","more":1}`} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("Decode(%q) accepts it", bad)
		}
	}
}

func TestTextIsOneLineWhateverPeopleWrite(t *testing.T) {
	e := entry(3)
	want := "2027-03-06 23:00:03.123 CET  user:ada  begins step 3  CHG-7  (Security release <15.20>)  [resource:orders-db-1]"
	if got := Text(e, time.FixedZone("CET", 3600)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	e.Why = "fine\n2027-03-06 23:00:04  user:eve  approves\x1b[2K\u202e"
	if got := Text(e, time.UTC); strings.ContainsAny(got, "\n\x1b\u202e") {
		t.Errorf("%q can be taken for more than one line", got)
	}
}

func TestCSV(t *testing.T) {
	e := entry(0)
	e.Why = `=HYPERLINK("x"), said "ada"`
	var b strings.Builder
	if err := CSV(&b, each([]Record{{Number: 4, Entry: e}})); err != nil {
		t.Fatal(err)
	}
	want := "number,at,kind,who,what,change,revision,why,systems\n" +
		`4,2027-03-06T22:00:00.123456Z,step.intent,user:ada,begins step 0,CHG-7,1,"'=HYPERLINK(""x""), said ""ada""",resource:orders-db-1` + "\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
