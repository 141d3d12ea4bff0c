package schedule_test

import (
	"archive/zip"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changectl/changectl/internal/schedule"
)

// database is the time zone database that the recorded local times were made with.
func database(t *testing.T) map[string]*time.Location {
	t.Helper()
	archive, err := zip.OpenReader("testdata/zoneinfo.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	zones := map[string]*time.Location{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if zones[f.Name], err = time.LoadLocationFromTZData(f.Name, data); err != nil {
			t.Fatal(err)
		}
	}
	return zones
}

// probe is a local time with its offset from UTC, as recorded.
type probe struct {
	wall   time.Time
	offset time.Duration
	gap    bool
}

// probes reads a line of the recorded file, which testdata/localtimes.py explains.
func probes(t *testing.T, line string) []probe {
	t.Helper()
	words := strings.Fields(line)
	start, err := time.Parse("2006-01-02T15:04:05", words[1])
	if err != nil {
		t.Fatal(err)
	}
	var lengths []time.Duration
	for _, word := range words[2:] {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		lengths = append(lengths, time.Duration(n)*time.Second)
	}
	length, offsets := lengths[0], lengths[1:]
	behind := []time.Duration{-time.Second, 0, (length / 2).Truncate(time.Second), length - time.Minute, length}
	if words[0] == "plain" {
		behind = []time.Duration{0}
	}
	if len(offsets) != len(behind) {
		t.Fatalf("%q has %d offsets, want %d", line, len(offsets), len(behind))
	}
	var all []probe
	for i, after := range behind {
		all = append(all, probe{start.Add(after), offsets[i], words[0] == "gap" && after >= 0 && after < length})
	}
	return all
}

// compare resolves the probes of a line in a zone.
func compare(t *testing.T, zone *time.Location, line string) {
	t.Helper()
	for _, p := range probes(t, line) {
		got, gap := resolve(t, p.wall, zone)
		if want := p.wall.Add(-p.offset); !got.Equal(want) || gap != p.gap {
			t.Errorf("%s %s is %s, gap %v; want %s, %v (%s)", zone, p.wall.Format(time.DateTime), got.UTC(), gap, want, p.gap, line)
		}
	}
}

// record is what the file says of zones that are alike.
type record struct {
	names, lines []string
}

func records(t *testing.T) []record {
	t.Helper()
	text, err := os.ReadFile("testdata/localtimes.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for line := range strings.Lines(string(text)) {
		if names, ok := strings.CutPrefix(line, "zones "); ok {
			all = append(all, record{names: strings.Fields(names)})
			continue
		}
		last := &all[len(all)-1]
		last.lines = append(last.lines, strings.TrimSpace(line))
	}
	return all
}

func TestLocalTimesAgreeWithZoneinfoInEveryZone(t *testing.T) {
	zones := database(t)
	counts, compared := map[string]int{}, 0
	for _, r := range records(t) {
		for _, name := range r.names {
			for _, line := range r.lines {
				kind, _, _ := strings.Cut(line, " ")
				counts[kind]++
				compare(t, zones[name], line)
			}
			compared++
		}
	}
	t.Logf("compared %d gaps, %d overlaps and %d other times in %d zones", counts["gap"], counts["overlap"], counts["plain"], compared)
}

// Factory is no place; the product refuses it.
func TestTheRecordLeavesOutNoZoneAndNoTurn(t *testing.T) {
	want, got := map[string]int{}, map[string]int{}
	for name, zone := range database(t) {
		if name != "Factory" {
			want[name] = len(turns(zone))
		}
	}
	for _, r := range records(t) {
		for _, name := range r.names {
			got[name] = len(slices.DeleteFunc(slices.Clone(r.lines), func(line string) bool { return strings.HasPrefix(line, "plain ") }))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("times that the clocks are set, by zone (-want +got):\n%s", diff)
	}
	if _, err := schedule.LoadZone("Factory"); err == nil {
		t.Error("Factory is taken for a zone")
	}
}
