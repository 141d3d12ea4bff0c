package request_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/request"
)

func TestFlagsSayTheSameAsAFile(t *testing.T) {
	got, err := request.FromFlags(request.Flags{
		Title: " PostgreSQL 15.20 ", Type: "standard", Reason: "Security release", Runbook: "pg",
		Params: []string{
			"primary=resource:orders-db-1", "version=15.20", "retries=3", "online=true", `word="3"`, "odd=a: b # c = d", "none=",
			"list=[a, 2, '3']", "members=a", "members=b", "members=[c, d]", "star=*x", "brace={a}",
		},
		Start: "2027-03-06T23:00", End: "2027-03-07T01:00", Zone: "Europe/Berlin", Exceptions: []string{"frz-3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := change.Request{
		Title: "PostgreSQL 15.20", Type: change.Standard, Reason: "Security release", Runbook: "pg",
		Parameters: map[string]any{
			"primary": "resource:orders-db-1", "version": "15.20", "retries": int64(3), "online": true, "word": "3",
			"odd": "a: b # c = d", "none": "", "list": []any{"a", int64(2), "3"}, "members": []any{"a", "b", "c", "d"},
			"star": "*x", "brace": "{a}",
		},
		Window:     change.WindowRequest{Start: "2027-03-06T23:00", End: "2027-03-07T01:00", Zone: "Europe/Berlin"},
		Exceptions: []change.ID{"FRZ-3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryProblemNamesItsFlag(t *testing.T) {
	good := request.Flags{Title: "t", Reason: "r", Runbook: "b", Start: "s", Duration: "90m"}
	tests := map[string]struct {
		edit func(*request.Flags)
		want string
	}{
		"nothing wrong": {func(*request.Flags) {}, ""},
		"title":         {func(f *request.Flags) { f.Title = "" }, "--title: is missing; say in a line what is done, such as 'PostgreSQL 15.20 on the orders pair'"},
		"blank reason":  {func(f *request.Flags) { f.Reason = " \t" }, "--reason: is missing; say why it is done; it is kept in the log"},
		"both":          {func(f *request.Flags) { f.Reason, f.Runbook = "", "" }, "--reason: is missing; say why it is done; it is kept in the log\n--runbook: is missing; name one; changectl runbook list shows them"},
		"type":          {func(f *request.Flags) { f.Type = "urgent" }, `--type: is "urgent"; expected standard, normal or emergency`},
		"controller":    {func(f *request.Flags) { f.Controller = "user:dave" }, "--controller: is given for a change of type normal; only an emergency has a controller"},
		"exception":     {func(f *request.Flags) { f.Exceptions = []string{"3"} }, `--exception: "3" is not the ID of a freeze; it looks like FRZ-2 (changectl freeze list shows them)`},
		"start":         {func(f *request.Flags) { f.Start = "" }, "--start: is missing; write a local time such as '2027-03-06T23:00'"},
		"no length":     {func(f *request.Flags) { f.Duration = "" }, "--end, --duration: has neither end nor duration; give one of them, such as duration 90m"},
		"two lengths":   {func(f *request.Flags) { f.End = "e" }, "--duration: is given besides an end; keep one of them"},
		"duration":      {func(f *request.Flags) { f.Duration = "soon" }, `--duration: "soon" is not a duration; write for example 90s, 15m or 1h30m`},
		"param":         {func(f *request.Flags) { f.Params = []string{"version"} }, `--param: is "version"; expected NAME=VALUE`},
		"nameless":      {func(f *request.Flags) { f.Params = []string{"=1"} }, `--param: is "=1"; expected NAME=VALUE`},
		"open list":     {func(f *request.Flags) { f.Params = []string{"l=[a"} }, "--param l: is not a value: is not valid YAML: did not find expected ',' or ']'"},
		"hole":          {func(f *request.Flags) { f.Params = []string{"l=[a, ~]"} }, "--param l: has an empty value"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := good
			tt.edit(&f)
			_, err := request.FromFlags(f)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if err != nil && change.KindOf(err) != change.KindInvalid {
				t.Errorf("the kind is %s", change.KindOf(err))
			}
		})
	}
}
