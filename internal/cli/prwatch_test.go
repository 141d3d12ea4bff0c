package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/httpapi/apitest"
	"github.com/changectl/changectl/test/ghfake"
)

// watched runs pr watch beside the test.
func (h *hub) watched(args ...string) <-chan ran {
	done := make(chan ran, 1)
	args = append([]string{"pr", "watch", "1", "--interval", "20ms"}, args...)
	go func() { done <- h.runContext(context.WithoutCancel(h.t.Context()), args...) }()
	return done
}

// looked waits until the server was asked for the changes again, n times.
func (h *hub) looked(n int) {
	h.t.Helper()
	late := time.Now().Add(20 * time.Second)
	for range n {
		before := h.lists()
		for h.lists() == before {
			if time.Sleep(time.Millisecond); time.Now().After(late) {
				h.t.Fatal("the watching has ended too soon")
			}
		}
	}
}

func (h *hub) lists() int {
	n := 0
	for _, c := range h.service.Calls() {
		if c.Method == "List" {
			n++
		}
	}
	return n
}

func TestPRWatchTellsWhatHappensAndEndsWithTheChange(t *testing.T) {
	h := newHub(t)
	p := h.pull("one", map[string]string{"changes/orders.yaml": askYAML})
	first := p.State().HeadSHA
	done := h.watched()
	h.looked(2)
	h.repo.ForeignCheck(7, first, "changectl/plan", "success")
	h.looked(2)
	p.Review(h.bob, ghfake.Approved, "")
	h.looked(2)
	head := h.commit("one", map[string]string{"changes/orders.yaml": askYAML + "# again\n"}, ghfake.CommitOptions{Pusher: h.alice})
	h.looked(2)
	merged, err := p.Merge(ghfake.Squash, h.bob)
	if err != nil {
		t.Fatal(err)
	}
	h.looked(2)
	rec := apitest.Sample(change.Scheduled)
	h.service.Do(func(s *apitest.Service) {
		s.Records["CHG-7"] = rec
		s.Summaries = []change.Summary{rec.Summary()}
	})
	awaited(t.Context(), h.desk, rec.Version)
	end := apitest.Sample(change.BackedOut)
	end.Version = rec.Version + 1
	h.service.Do(func(s *apitest.Service) { s.Records["CHG-7"] = end })
	r := <-done
	h.expect(r, 6, "CHG-7 ended as backed-out")
	at := 0
	for _, want := range []string{
		"acme/changes#1  open: Do one, by alice\n", "head is " + first + " of one, into main\n", "changectl/plan: success: ",
		"review of bob: approved\n", "head is " + head, "merged by bob as " + merged, "CHG-7  scheduled", "CHG-7  backed-out",
	} {
		i := strings.Index(r.out[at:], want)
		if i < 0 {
			t.Fatalf("no %q behind %d in\n%s", want, at, r.out)
		}
		at += i
	}
	if n := strings.Count(r.out, "review of bob"); n != 1 {
		t.Errorf("the review is told %d times:\n%s", n, r.out)
	}
}

func TestPRWatchEndsWhereThereIsNothingToCome(t *testing.T) {
	h := newHub(t)
	p := h.pull("one", map[string]string{"changes/orders.yaml": askYAML})
	h.repo.ForeignCheck(7, p.State().HeadSHA, "changectl/approval: main", "action_required")
	h.expect(<-h.watched("--timeout", "200ms"), 5, "acme/changes#1 is still open after 200ms")
	h.expect(<-h.watched("--interval", "2m"), 2, "--interval")
	h.expect(<-h.watched("-o", "name"), 2, "--output")
	if err := p.Close(h.alice); err != nil {
		t.Fatal(err)
	}
	h.expect(<-h.watched(), 1, "acme/changes#1 was closed without being merged")
	if err := p.Reopen(h.alice); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Merge(ghfake.Squash, h.bob); err != nil {
		t.Fatal(err)
	}
	h.expect(<-h.watched(), 1, "of 1 changes that it asks for there are 0")
	rec := apitest.Sample(change.Scheduled)
	h.service.Do(func(s *apitest.Service) {
		s.Records["CHG-7"], s.Summaries = rec, []change.Summary{rec.Summary()}
	})
	h.expect(<-h.watched("--until", "scheduled"), 0)
	r := <-h.watched("--until", "scheduled", "-o", "json")
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], `{"pull":{"repository":"acme/changes"`) || !strings.HasPrefix(lines[1], `{"change":{"id":"CHG-7"`) {
		t.Errorf("json: %s", r.out)
	}
	h.expect(<-h.watched("--timeout", "200ms"), 1, "acme/changes#1 is still merged, CHG-7 scheduled after 200ms")
}

// What does not answer for a while does not end the watching, and is told once.
func TestPRWatchOutlivesWhatDoesNotAnswer(t *testing.T) {
	h := newHub(t)
	p := h.pull("one", map[string]string{"runbooks/touch.yaml": bookYAML + "# new\n"})
	h.service.Errs["List"] = change.Unavailable("the ledger is away")
	done := h.watched()
	h.looked(4)
	h.service.Do(func(s *apitest.Service) { delete(s.Errs, "List") })
	h.looked(1)
	if _, err := p.Merge(ghfake.Squash, h.bob); err != nil {
		t.Fatal(err)
	}
	r := <-done
	h.expect(r, 0, "merged by bob")
	if n := strings.Count(r.err, "the ledger is away; trying again"); n != 1 {
		t.Errorf("told %d times: %s", n, r.err)
	}
	h.service.Do(func(s *apitest.Service) { s.Errs["List"] = change.Denied("not you") })
	h.expect(<-h.watched(), 4, "not you")
}
