package lab_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/test/lab"
)

func TestFetchIsIdempotent(t *testing.T) {
	first, err := lab.Fetch(t.Context(), "", quiet())
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(filepath.Join(first.Dir, "builds.json"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := lab.Fetch(t.Context(), "", quiet())
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(first.Dir, "builds.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second fetch differs (-first +second):\n%s", diff)
	}
	if !before.ModTime().Equal(after.ModTime()) {
		t.Error("the second fetch unpacked again")
	}
	if first.OneVersionOnly != (first.Older() == first.Newer()) {
		t.Errorf("OneVersionOnly is %v with versions %v", first.OneVersionOnly, first.Versions)
	}
}

func TestAPairStreamsAndTheWriterCounts(t *testing.T) {
	l := start(t)
	loaded, err := lab.Load(l.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&l.Topology, loaded); diff != "" {
		t.Errorf("lab.json differs from the lab (-lab +file):\n%s", diff)
	}
	w := write(t, l, lab.WriterOptions{})
	address, closeProbe, err := w.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closeProbe() }()
	until(t, "300 acknowledgements", acknowledged(w, 300))
	probeAnswers(t, address)
	w.Stop()
	report, err := w.Verify(t.Context(), l.Nodes[0].AdminDSN)
	if err == nil {
		t.Errorf("Verify took the database postgres, which has no entries: %+v", report)
	}
	if _, err := w.Verify(t.Context(), l.Nodes[1].OrdersDSN); err == nil || !strings.Contains(err.Error(), "standby") {
		t.Errorf("Verify on the standby: got %v, want a refusal", err)
	}
	report, err = w.Verify(t.Context(), l.Nodes[0].OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if report.Acknowledged < 300 || report.Failed+report.Ambiguous+report.Lost+report.FailedKept != 0 {
		t.Errorf("undisturbed writer: %+v", report)
	}
	until(t, "the standby has every entry", func() bool {
		return ask(t, l.Nodes[1].OrdersDSN, "SELECT count(*) FROM entries") == strconv.Itoa(report.Acknowledged)
	})
	// The count must be able to find a loss.
	ask(t, l.Nodes[0].OrdersDSN, "DELETE FROM entries WHERE client = 3 AND seq = 2")
	report, err = w.Verify(t.Context(), l.Nodes[0].OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"3/2"}, report.LostRows); diff != "" || report.Lost != 1 {
		t.Errorf("after one row was deleted: lost %d (-want +got):\n%s", report.Lost, diff)
	}
}

func probeAnswers(t *testing.T, address string) {
	t.Helper()
	var p lab.Probe
	if status := call(t, http.MethodGet, address+"/probe", &p); status != http.StatusOK || !p.OK || p.Acknowledged < 300 {
		t.Errorf("probe: status %d, %+v", status, p)
	}
	var body struct{ Token string }
	if status := call(t, http.MethodPost, address+"/token", &body); status != http.StatusCreated {
		t.Fatalf("write a token: status %d", status)
	}
	if status := call(t, http.MethodGet, address+"/token/"+body.Token, &body); status != http.StatusOK {
		t.Errorf("read the token back: status %d", status)
	}
	if status := call(t, http.MethodGet, address+"/token/unknown", &body); status != http.StatusNotFound {
		t.Errorf("read a token that nobody wrote: status %d", status)
	}
}

func call(t *testing.T, method, url string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

func TestAStoppedPrimaryIsNoticed(t *testing.T) {
	l := start(t)
	w := write(t, l, lab.WriterOptions{Timeout: 500 * time.Millisecond})
	until(t, "100 acknowledgements", acknowledged(w, 100))
	run(t, l, "node-stop", "n1")
	until(t, "failures", func() bool { return w.Probe().Failed >= 8 })
	until(t, "the probe says no", func() bool { return !w.Probe().OK })
	run(t, l, "node-start", "n1")
	before := w.Probe().Acknowledged
	until(t, "it writes again", acknowledged(w, before+100))
	w.Stop()
	report, err := w.Verify(t.Context(), l.Nodes[0].OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed < 8 || report.Lost != 0 || report.FailedKept != 0 || len(report.Errors) == 0 {
		t.Errorf("after a stop in the middle: %+v", report)
	}
	if report.LongestStall < 500*time.Millisecond || report.LongestGap < 500*time.Millisecond {
		t.Errorf("stall %v and gap %v: both must be at least the time that a client waited, 500ms", report.LongestStall, report.LongestGap)
	}
}
