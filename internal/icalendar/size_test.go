package icalendar_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/changectl/changectl/internal/icalendar"
)

// feed makes up a calendar of a given size while it is read, and looks at how much
// memory is in use meanwhile.
type feed struct {
	event   func(i int) string
	size    int
	made    int
	events  int
	pending strings.Reader
	ended   bool
	looked  int
	most    uint64
}

func (f *feed) Read(b []byte) (int, error) {
	if f.pending.Len() == 0 {
		switch {
		case f.ended:
			return 0, io.EOF
		case f.made == 0:
			f.put("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
		case f.made >= f.size:
			f.put("END:VCALENDAR\r\n")
			f.ended = true
		default:
			f.put(f.event(f.events))
			f.events++
		}
	}
	if f.made-f.looked > 4<<20 {
		f.looked = f.made
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		f.most = max(f.most, m.HeapAlloc)
	}
	return f.pending.Read(b)
}

func (f *feed) put(text string) {
	f.made += len(text)
	f.pending.Reset(text)
}

// crowded is an event with a long guest list, of which nothing is kept.
func crowded(i int) string {
	return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20270306T220000Z\r\nDTEND:20270307T000000Z\r\nSUMMARY:Meeting\r\n%sEND:VEVENT\r\n", i,
		strings.Repeat("ATTENDEE;CN=\"Somebody of the Company\";PARTSTAT=ACCEPTED:mailto:somebody@\r\n company.example\r\n", 60))
}

func TestAFeedOf50MegabytesIsReadAsAStream(t *testing.T) {
	f := &feed{event: crowded, size: 50 << 20}
	c, err := icalendar.Read(f, icalendar.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if f.made < 50<<20 || len(c.Events) != f.events {
		t.Errorf("of %d bytes with %d events, %d were read", f.made, f.events, len(c.Events))
	}
	if f.most > 24<<20 {
		t.Errorf("%d MB were in use for a feed of %d MB", f.most>>20, f.made>>20)
	}
	t.Logf("%d MB with %d events; %d MB in use at most", f.made>>20, f.events, f.most>>20)
}

func TestAFeedThatIsTooLargeIsRefused(t *testing.T) {
	f := &feed{event: crowded, size: 1 << 40}
	c, err := icalendar.Read(f, icalendar.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "larger than 67108864 bytes") || !strings.HasPrefix(err.Error(), "line ") {
		t.Errorf("got %v", err)
	}
	if len(c.Events) > 0 || f.made > 65<<20 {
		t.Errorf("%d events were returned, %d MB were read", len(c.Events), f.made>>20)
	}
	text := calendar(vevent("a", timed...))
	if _, err := icalendar.Read(strings.NewReader(text), icalendar.Options{Now: now, MaxBytes: int64(len(text))}); err != nil {
		t.Errorf("at the bound: %v", err)
	}
	if _, err := icalendar.Read(strings.NewReader(text), icalendar.Options{Now: now, MaxBytes: int64(len(text)) - 1}); err == nil {
		t.Error("one byte above the bound was read")
	}
}

func BenchmarkRead50MB(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		f := &feed{event: crowded, size: 50 << 20, looked: 1 << 60}
		if _, err := icalendar.Read(f, icalendar.Options{Now: now}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(50 << 20)
}

func BenchmarkRead20000Events(b *testing.B) {
	var parts []string
	for i := range 20_000 {
		parts = append(parts, vevent(fmt.Sprint(i), "DTSTART;TZID=Europe/Berlin:20270306T220000", "DTEND;TZID=Europe/Berlin:20270307T020000", "SUMMARY:Fibre work"))
	}
	text := calendar(append(parts, definition("Europe/Berlin", euForward, euBack))...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := read(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadSeries(b *testing.B) {
	var parts []string
	for i := range 1000 {
		parts = append(parts, vevent(fmt.Sprint(i), "DTSTART;TZID=Europe/Berlin:20100102T220000", "DURATION:PT4H", "RRULE:FREQ=MONTHLY;BYDAY=1SA"))
	}
	text := calendar(parts...)
	for b.Loop() {
		if _, err := read(text); err != nil {
			b.Fatal(err)
		}
	}
}
