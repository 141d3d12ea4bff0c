package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/document"
	"github.com/changectl/changectl/internal/inventory"
)

func table(t *testing.T, text string, o inventory.CSVOptions) *inventory.Estate {
	t.Helper()
	e, err := tryTable(text, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tryTable(text string, o inventory.CSVOptions) (*inventory.Estate, error) {
	o.File = "t.csv"
	return inventory.CSV(strings.NewReader(text), o)
}

func TestARowOfATableBecomesASystem(t *testing.T) {
	text := "\xef\xbb\xbfHostname;Team;What;Where;Needs;Via;Crit;App;Pair;Up;Aka;Duty;Notes\r\n" +
		"DB1;DBA Team;\"main\ndatabase\";Husum;;jump;1;Orders;orders-db;1;ACME:7 | x;user:bob;none\r\n" +
		"\r\n" +
		"db2;dba;;;jump, resource:DB1 ;;;;orders-db;;;;\r\n" +
		";;;;;;;;;;;;\r\n" +
		"jump;user:carol;;;;;;;;;;+49 1;\r\n"
	e := table(t, text, inventory.CSVOptions{
		Delimiter: ';', Owners: map[string]change.Ref{"dba team": "group:dba"},
		Columns: map[string]string{
			"name": "hostname", "owner": "Team", "title": "What", "site": "Where", "depends-on": "Needs", "reached-through": "Via",
			"tier": "Crit", "system": "App", "group": "Pair", "group-min": "Up", "known-as": "Aka", "contact.on-call": "Duty",
		},
	})
	want := []inventory.System{
		{
			Ref: "resource:db1", File: "t", Title: "main database", Owner: "group:dba", Site: "husum", Tier: 1, PartOf: "system:orders",
			Group: "orders-db", MustRun: 1, KnownAs: []string{"ACME:7", "x"}, Contacts: map[string]string{"on-call": "user:bob"},
			ReachedThrough: refs{"resource:jump"},
		},
		{Ref: "resource:db2", File: "t", Title: "db2", Owner: "group:dba", Group: "orders-db", DependsOn: refs{"resource:db1", "resource:jump"}, Contacts: map[string]string{}},
		{Ref: "resource:jump", File: "t", Title: "jump", Owner: "user:carol", Contacts: map[string]string{"on-call": "+49 1"}},
		{Ref: "system:orders", File: "t", Title: "Orders", Owner: "group:dba"},
	}
	if diff := cmp.Diff(want, e.Systems); diff != "" {
		t.Error(diff)
	}
	expectNote(t, e.LeftOut, "a column is not read", "Notes")
	expectNote(t, e.Altered, "a system was made", "system:orders, of 1 part(s)")
	expectNote(t, e.Altered, "put into small letters", "line 2 DB1: db1")
}

func TestColumnsOfTheNamesOfFieldsNeedNoMapping(t *testing.T) {
	e := table(t, "Name\tOwner\tDepends-On\na\tdba\tb\nb\tdba\t\n", inventory.CSVOptions{Delimiter: '\t', Kind: "component"})
	expectNeeds(t, e, map[change.Ref][]change.Ref{"component:a": {"component:b"}})
}

func TestSeveralValuesStandBetweenTheSeparatorsThatAreGiven(t *testing.T) {
	e := table(t, "name,owner,depends-on\nWeb Server,x,\nDB,x,\nApp,x,Web Server/DB\n", inventory.CSVOptions{Lists: "/"})
	expectNeeds(t, e, map[change.Ref][]change.Ref{"resource:app": {"resource:db", "resource:web-server"}})
}

func TestEveryMistakeOfATableHasItsPlace(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"empty":                 {"", "t.csv: is empty"},
		"headings only":         {"name,owner\n", "nothing below it"},
		"a cell too many":       {"name,owner\na,x\nb,x,y\n", "t.csv:3:1: has 3 cells, where the heading has 2"},
		"a name without letter": {"name,owner\n***,x\n", `t.csv:2:1: name: is "***"; expected a name`},
		"no name":               {"name,owner\n,x\n", `t.csv:2:1: name: is ""; expected a name`},
		"twice":                 {"name,owner\nDB 1,x\n\"db-1\",x\n", `t.csv:3:1: name: "db-1" is resource:db-1, and so is "DB 1" on line 2`},
		"after a line break":    {"name,title,owner,tier\na,\"x\ny\",x,1\nb,z,x,9\n", `t.csv:4:7: tier: is "9"; expected a whole number from 1 to 4`},
		"dangling":              {"name,owner,depends-on\nweb,x,dbb\ndb1,x,\n", `t.csv:2:7: depends-on: refers to "dbb", which is not in this table; near it are db1`},
		"owner":                 {"name,owner\na,resource:b\n", `t.csv:2:3: owner: is "resource:b"; expected a group or a user`},
		"no owner":              {"name,owner\na,\n", "t.csv:2:1: name: has no owner"},
		"site":                  {"name,owner,site\na,x,?\n", `t.csv:2:5: site: is "?"`},
		"system":                {"name,owner,system\na,x,resource:b\n", "t.csv:2:5: system: is resource:b; expected the name of a system"},
		"system of several":     {"name,owner,system\na,x,s\nb,y,s\n", "t.csv:2:5: system: system:s has parts of several owners"},
		"contact":               {"name,owner,contact.duty\na,x,user:b ob\n", `t.csv:2:5: contact.duty: "user:b ob" is not a reference`},
		"members disagree":      {"name,owner,group,group-min\na,x,g,1\nb,x,g,2\n", "t.csv:3:7: group-min: is 2, but the group g has 1 on line 2"},
		"too few members":       {"name,owner,group,group-min\na,x,g,2\n", "t.csv:2:7: group-min: is 2, but the group g has 1 member(s)"},
		"no minimum":            {"name,owner,group\na,x,g\n", "t.csv:2:5: group: no member of the group g says how many must stay up"},
		"no group":              {"name,owner,group,group-min\na,x,,1\n", "t.csv:2:6: group-min: is given for a system that is in no group"},
		"quote":                 {"name,owner\na\"b,x\n", "t.csv:2:2: has a quote in a cell that is not quoted"},
		"open quote":            {"name,owner\n\"a,x\n", "has a quote in the wrong place"},
		"not UTF-8":             {"name,owner\na,x\n\xfcber,x\n", "t.csv:3:1: is not UTF-8"},
		"two headings":          {"name,owner,Name\na,x,b\n", "t.csv:1:12: Name: is the heading of two columns"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tryTable(tt.in, inventory.CSVOptions{})
			expectError(t, err, tt.want)
		})
	}
}

func TestAllMistakesOfATableAreReportedInOrder(t *testing.T) {
	_, err := tryTable("name,owner,tier,depends-on\na,x,9,nothing\nb,x,x,\n"+strings.Repeat("*,x,,\n", 200), inventory.CSVOptions{})
	problems := document.Problems(err)
	if len(problems) != 101 {
		t.Fatalf("%d problems", len(problems))
	}
	var got []string
	for _, p := range []int{0, 1, 2, 100} {
		got = append(got, problems[p].Error())
	}
	want := []string{
		`t.csv:2:5: tier: is "9"; expected a whole number from 1 to 4`,
		`t.csv:2:7: depends-on: refers to "nothing", which is not in this table`,
		`t.csv:3:5: tier: is "x"; expected a whole number from 1 to 4`,
		"t.csv: has 103 more problems; correct these first",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestColumnsThatAreNotThereAreRefused(t *testing.T) {
	tests := map[string]struct {
		in      string
		o       inventory.CSVOptions
		want    string
		wantToo string
	}{
		"unknown field":   {"name\na\n", inventory.CSVOptions{Columns: map[string]string{"nmae": "name"}}, `"nmae" is not a field; near it are name`, "depends-on"},
		"unknown heading": {"Hostname,Team\na,x\n", inventory.CSVOptions{Columns: map[string]string{"name": "Hostnam"}}, `has no column "Hostnam" for name; near it are Hostname`, "its headings are Hostname, Team"},
		"delimiter":       {"name;owner\na;x\n", inventory.CSVOptions{}, "no column of t.csv is the name", "--delimiter ';'"},
		"no owners":       {"name\na\n", inventory.CSVOptions{}, "nobody owns the systems of t.csv", "--owner"},
		"kind":            {"name\na\n", inventory.CSVOptions{Kind: "server"}, `"server" is not a kind`, "resource"},
		"parts of parts":  {"name,owner,system\na,x,b\n", inventory.CSVOptions{Kind: "system"}, "a system cannot be part of a system", "--kind resource"},
		"bad delimiter":   {"name\na\n", inventory.CSVOptions{Delimiter: '"'}, "invalid field or comment delimiter", "--delimiter"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tryTable(tt.in, tt.o)
			expectError(t, err, tt.want, tt.wantToo)
		})
	}
}

func TestLenientlyReferencesToNothingAreLeftOut(t *testing.T) {
	e := table(t, "name,owner,depends-on,reached-through\na,x,b nothing a,jump\nb,x,,\n", inventory.CSVOptions{Lenient: true})
	expectNeeds(t, e, map[change.Ref][]change.Ref{"resource:a": {"resource:b"}})
	expectNote(t, e.LeftOut, "a reference leads to nothing", "line 2 a, depends-on: nothing")
	expectNote(t, e.LeftOut, "a reference leads to nothing", "line 2 a, reached-through: jump")
	expectNote(t, e.LeftOut, "a system names itself", "line 2 a")
}

func TestRowsMayReferToWhatIsKnown(t *testing.T) {
	known := func(ref change.Ref) bool { return ref == "component:orders" || ref == "system:shop" }
	e := table(t, "name,owner,depends-on,system\na,x,component:orders,shop\n", inventory.CSVOptions{Known: known})
	if diff := cmp.Diff([]string{"resource:a"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
	expectNeeds(t, e, map[change.Ref][]change.Ref{"resource:a": {"component:orders"}})
}

func TestATableOfTooManyRowsIsRefused(t *testing.T) {
	_, err := tryTable("name,owner\n"+strings.Repeat(",\n", inventory.MaxSystems+1), inventory.CSVOptions{})
	expectError(t, err, "t.csv has more than 100000 rows; split it")
}
