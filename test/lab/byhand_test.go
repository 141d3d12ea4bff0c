package lab_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/test/lab"
)

func TestThePatchByHandLosesNothing(t *testing.T) {
	l := start(t)
	if l.OneVersionOnly {
		if _, err := l.Baseline(t.Context(), lab.AsTheyDo); err == nil {
			t.Error("the patch ran although there is one version only")
		}
		return
	}
	w := write(t, l, lab.WriterOptions{})
	until(t, "100 acknowledgements", acknowledged(w, 100))
	result, err := l.Baseline(t.Context(), lab.AsTheyDo)
	if err != nil {
		t.Fatalf("%v\n%s", err, result.Output)
	}
	until(t, "it writes after the patch", acknowledged(w, w.Probe().Acknowledged+50))
	w.Stop()
	serving, err := l.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if serving.Name != "n1" {
		t.Errorf("after failover and failback the pooler leads to %s", serving.Name)
	}
	report, err := w.Verify(t.Context(), serving.OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed+report.Ambiguous+report.Lost+report.FailedKept != 0 {
		t.Errorf("the patch by hand: %+v", report)
	}
	versions, err := l.ServerVersions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newer := l.Versions[1]
	if diff := cmp.Diff(map[string]string{"n1": newer, "n2": newer}, versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	t.Logf("total %v, longest stall %v, gap %v, acknowledged %d", result.Total, report.LongestStall, report.LongestGap, report.Acknowledged)
}

func TestTheNaivePromotionLosesCommitsWithoutAnError(t *testing.T) {
	l := start(t)
	w := write(t, l, lab.WriterOptions{})
	until(t, "100 acknowledgements", acknowledged(w, 100))
	result, err := l.NaivePromotion(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, result.Output)
	}
	until(t, "it writes to the new primary", acknowledged(w, w.Probe().Acknowledged+100))
	w.Stop()
	serving, err := l.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := w.Verify(t.Context(), serving.OrdersDSN)
	if err != nil {
		t.Fatal(err)
	}
	if serving.Name != "n2" || report.Lost == 0 || report.Failed != 0 {
		t.Errorf("serving %s, %+v: want n2, commits lost, and no failure", serving.Name, report)
	}
	t.Logf("total %v, lost %d, failed %d, longest stall %v", result.Total, report.Lost, report.Failed, report.LongestStall)
}
