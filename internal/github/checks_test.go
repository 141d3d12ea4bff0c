package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/github"
	"github.com/changectl/changectl/internal/proposal"
)

// checkBody is what is sent for a check run.
type checkBody struct {
	Name       string `json:"name"`
	Head       string `json:"head_sha"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	External   string `json:"external_id"`
	Details    string `json:"details_url"`
	Output     struct {
		Title, Summary, Text string
		Annotations          []map[string]any
	} `json:"output"`
}

// run keeps the annotations of a check run as GitHub does: it only ever adds some.
func (w *world) run(t *testing.T) *[]checkBody {
	t.Helper()
	var bodies []checkBody
	put := func(rw http.ResponseWriter, r *http.Request) {
		var b checkBody
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			t.Error(err)
		}
		if len(b.Output.Annotations) > 50 {
			rw.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		bodies = append(bodies, b)
		w.say(rw, `{"id":3}`)
	}
	w.HandleFunc("POST /repos/acme/changes/check-runs", put)
	w.HandleFunc("PATCH /repos/acme/changes/check-runs/3", put)
	w.HandleFunc("GET /repos/acme/changes/check-runs/3/annotations", func(rw http.ResponseWriter, _ *http.Request) {
		all := []map[string]any{}
		for _, b := range bodies {
			all = append(all, b.Output.Annotations...)
		}
		_ = json.NewEncoder(rw).Encode(all)
	})
	return &bodies
}

func notes(n int) (all []proposal.Annotation) {
	for i := range n {
		all = append(all, proposal.Annotation{Path: "a.yaml", Line: i + 1, Column: i % 2, Level: "failure", Title: "t", Message: fmt.Sprint("m", i)})
	}
	return all
}

func sizes(bodies []checkBody) (n []int) {
	for _, b := range bodies {
		n = append(n, len(b.Output.Annotations))
	}
	return n
}

func TestPutCheckSendsAllAnnotationsFiftyAtATime(t *testing.T) {
	for n, want := range map[int][]int{0: {0}, 1: {1}, 50: {50}, 51: {50, 1}, 120: {50, 50, 20}} {
		w := newWorld(t)
		bodies := w.run(t)
		k := proposal.Check{Name: "changectl", Head: sha, Conclusion: proposal.Failure, Title: "T", Summary: "S", Annotations: notes(n), ExternalID: "x", DetailsURL: "https://x"}
		id, err := w.client(t).PutCheck(t.Context(), repo, k)
		if err != nil || id != 3 {
			t.Errorf("%d: got %d, %v", n, id, err)
		}
		if diff := cmp.Diff(want, sizes(*bodies)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", n, diff)
		}
		seen := map[string]bool{}
		for _, b := range *bodies {
			if b.Name != "changectl" || b.Status != "completed" || b.Conclusion != "failure" || b.External != "x" || b.Details != "https://x" || b.Output.Title != "T" || b.Output.Summary != "S" {
				t.Errorf("%d: sent %+v", n, b)
			}
			for _, a := range b.Output.Annotations {
				seen[fmt.Sprint(a["start_line"], a["message"])] = true
				if (a["start_column"] != nil) != (a["end_column"] != nil) || a["start_line"] != a["end_line"] {
					t.Errorf("%d: sent %v", n, a)
				}
			}
		}
		if len(seen) != n {
			t.Errorf("%d: %d were sent", n, len(seen))
		}
	}
}

func TestPutCheckAltersARunWithoutRepeatingItsAnnotations(t *testing.T) {
	w := newWorld(t)
	bodies := w.run(t)
	c := w.client(t)
	k := proposal.Check{Name: "changectl", Head: sha, Title: "T", Summary: "S", Annotations: notes(3)}
	id, err := c.PutCheck(t.Context(), repo, k)
	if err != nil {
		t.Fatal(err)
	}
	k.ID, k.Conclusion, k.Annotations = id, proposal.Success, notes(5)
	if _, err := c.PutCheck(t.Context(), repo, k); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{3, 2}, sizes(*bodies)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	first, last := (*bodies)[0], (*bodies)[1]
	if first.Status != "in_progress" || first.Conclusion != "" || last.Status != "completed" || last.Conclusion != "success" || last.Head != "" {
		t.Errorf("sent %+v, then %+v", first, last)
	}
}

// What stopped in the middle goes on with the ID that came with the error.
func TestPutCheckThatStoppedGoesOn(t *testing.T) {
	w := newWorld(t)
	bodies := w.run(t)
	c := w.client(t, func(o *github.Options) { o.WritesPerMinute = 2 })
	k := proposal.Check{Name: "changectl", Head: sha, Conclusion: proposal.Failure, Title: "T", Summary: "S", Annotations: notes(120)}
	id, err := c.PutCheck(t.Context(), repo, k)
	wait, ok := github.RetryAfter(err, w.clock())
	if id != 3 || !ok {
		t.Fatalf("got %d, %v; want 3 and a limit", id, err)
	}
	w.pass(wait)
	k.ID = id
	if _, err := c.PutCheck(t.Context(), repo, k); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{50, 50, 20}, sizes(*bodies)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPutCheckCutsWhatIsTooLong(t *testing.T) {
	w := newWorld(t)
	bodies := w.run(t)
	long := strings.Repeat("ä", 70_000)
	k := proposal.Check{Name: "changectl", Head: sha, Title: "T", Summary: long, Text: long, Annotations: []proposal.Annotation{{Path: "a", Level: "notice", Title: long, Message: long}}}
	if _, err := w.client(t).PutCheck(t.Context(), repo, k); err != nil {
		t.Fatal(err)
	}
	b := (*bodies)[0]
	for name, s := range map[string]string{"summary": b.Output.Summary, "text": b.Output.Text} {
		if len(s) > 65535 || len(s) < 65000 || !strings.HasSuffix(s, "GitHub takes no more.*") || strings.ContainsRune(s, '\uFFFD') {
			t.Errorf("%s has %d bytes and ends with %q", name, len(s), s[len(s)-40:])
		}
	}
	a := b.Output.Annotations[0]
	if len(a["title"].(string)) > 255 || len(a["message"].(string)) > 64<<10 || a["start_line"] != 1.0 {
		t.Errorf("sent an annotation with %d and %d bytes at %v", len(a["title"].(string)), len(a["message"].(string)), a["start_line"])
	}
}

func TestChecksAreTheNewestOfOurs(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /repos/acme/changes/commits/"+sha+"/check-runs", `{"total_count":3,"check_runs":[
		{"id":3,"name":"one","head_sha":"`+sha+`","status":"completed","conclusion":"failure","app":{"id":4321}},
		{"id":9,"name":"one","head_sha":"`+sha+`","status":"in_progress","conclusion":null,"external_id":"e","details_url":"https://x","output":{"title":"T","summary":"S","text":"X"},"app":{"id":4321}},
		{"id":5,"name":"two","head_sha":"`+sha+`","status":"completed","conclusion":"success","app":{"id":4321}},
		{"id":4,"name":"one","head_sha":"`+sha+`","status":"completed","conclusion":"success","app":{"id":4321}}]}`)
	got, err := w.client(t).Checks(t.Context(), repo, sha)
	want := []proposal.Check{
		{ID: 9, Name: "one", Head: sha, Title: "T", Summary: "S", Text: "X", ExternalID: "e", DetailsURL: "https://x"},
		{ID: 5, Name: "two", Head: sha, Conclusion: proposal.Success},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	q := w.all("GET /repos/acme/changes/commits/" + sha + "/check-runs")[0].Query
	if !strings.Contains(q, "app_id=4321") || !strings.Contains(q, "filter=latest") {
		t.Errorf("asked for %s", q)
	}
}

func TestPutCheckOfACommitThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.refuse("POST /repos/acme/changes/check-runs", 422, nil, `{"message":"No commit found for SHA: 1"}`)
	_, err := w.client(t).PutCheck(t.Context(), repo, proposal.Check{Name: "n", Head: sha})
	wantKind(t, err, change.KindNotFound)
}
