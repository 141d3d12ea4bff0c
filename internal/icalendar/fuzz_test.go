package icalendar_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/icalendar"
)

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		f.Fatal("no samples", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, text := range []string{
		"", "<html>", calendar(berlin("20270313T220000", "RRULE:FREQ=MONTHLY;BYDAY=-1SU;UNTIL=20280101", "EXDATE;VALUE=DATE:20270328")),
		calendar(definition("Our Time", outlookForward, outlookBack), in("Our Time", "20270328T023000"), altered("20270328T023000", "20270328T033000")),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o := icalendar.Options{Now: now, MaxEvents: 500}
		c, err := icalendar.Read(strings.NewReader(string(b)), o)
		if err != nil {
			clean(t, err.Error())
			if change.KindOf(err) != change.KindInvalid || !strings.HasPrefix(err.Error(), "line ") || len(c.Events)+len(c.Notes) > 0 {
				t.Errorf("beside %v came %+v", err, c)
			}
			return
		}
		if len(c.Events) > o.MaxEvents {
			t.Errorf("%d events", len(c.Events))
		}
		for _, e := range c.Events {
			sound(t, e)
		}
		for _, note := range c.Notes {
			clean(t, note)
		}
	})
}

// sound asks of an event what everybody who takes it relies on.
func sound(t *testing.T, e icalendar.Event) {
	t.Helper()
	clean(t, e.UID+e.Summary+e.Organizer+e.Contact+e.Zone+e.Status)
	if e.UID == "" || e.Sequence < 0 || e.Line < 1 || e.Start.Location() != time.UTC || e.End.Location() != time.UTC {
		t.Errorf("%+v", e)
	}
	if e.Recurrence != "" {
		if _, err := time.Parse("20060102T150405Z", e.Recurrence); err != nil {
			t.Error(err)
		}
	}
	if e.State() == change.Withdrawn {
		if e.End.Before(e.Start) {
			t.Errorf("ends before it starts: %+v", e)
		}
		return
	}
	if length := e.End.Sub(e.Start); length <= 0 || length > icalendar.Longest+26*time.Hour || !e.End.After(now) {
		t.Errorf("%s long: %+v", length, e)
	}
}

func clean(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, unicode.IsControl) || strings.ToValidUTF8(text, "") != text {
		t.Errorf("%q would act on a terminal", text)
	}
}
